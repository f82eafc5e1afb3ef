import Connectors
package import Contracts
package import Jobs
import Kernel
import Logging
import Storage

/// Reads one page of one of Walmart's lists; runs for ever, a page at a time.
package struct PollOrders: Job {
    package static let kind: JobKind = "walmart.pollOrders"
    package let connection: ConnectionID
    package let kind: PollStream.Kind
}

/// The net under the webhooks: every order is seen again by time window, with an overlap.
struct PollOrdersWorker: JobWorker {
    let walmart: WalmartAccess
    let intake: WalmartIntake
    let pacing: WalmartPacing
    let logger: Logger

    /// A window with more pages than this is an endless list, not orders.
    private static let pageLimit = 400

    func work(_ job: PollOrders, in context: JobContext) async throws -> JobOutcome {
        let known = try await context.store.read(context.call.tenant) {
            try $0.get(KnownConnection.self, job.connection)
        }
        guard let known, known.isEnabled else { return Self.ended(job) }
        do {
            let isWhole = try await readPage(job, context)
            return .snooze(isWhole ? pacing.interval : .milliseconds(1))
        } catch let fault as ChannelError where fault.reason == .switchedOff {
            // Settings know it already, this service in a moment: then the reading ends.
            return .snooze(.seconds(1))
        } catch let fault as any Fault where fault.kind == .limited {
            throw fault
        } catch is CancellationError {
            throw CancellationError()
        } catch {
            // A list is read for ever: what went wrong is shown, and the next try comes.
            try await note(RecordedFault(error), job, context)
            return .snooze(max(pacing.interval, .seconds(1)))
        }
    }

    /// Switched on again, it is enqueued again; where that came while this attempt ran, it was not,
    /// and this one goes on.
    private static func ended(_ job: PollOrders) -> JobOutcome {
        .commit { transaction in
            guard try transaction.get(KnownConnection.self, job.connection)?.isEnabled != true
            else {
                throw StorageError(.stale, "\(job.connection) was switched on meanwhile")
            }
        }
    }

    /// - Returns: whether the window is finished.
    private func readPage(_ job: PollOrders, _ context: JobContext) async throws -> Bool {
        let stream = try await stream(job, context)
        let api = try await walmart.api(for: job.connection, in: context)
        let now = context.timekeeper.now
        let windowStart = stream.nextCursor == nil ? now : stream.windowStart ?? now
        let query = stream.nextCursor ?? firstQuery(job.kind, stream, now)
        let page =
            switch job.kind {
            case .released:
                try await api.releasedOrders(query: query, isFirst: stream.nextCursor == nil)
            case .changed: try await api.orders(query: query, isFirst: stream.nextCursor == nil)
            }
        let seenTo = seen(by: page, from: windowStart, stream)
        let isLast = page.nextCursor == nil
        guard stream.pagesInWindow < Self.pageLimit || isLast else {
            throw ChannelError(
                .contentMalformed, "the list has no end: \(Self.pageLimit) pages and another")
        }
        let intake = intake
        FailurePoint.pass("poll.midPage")
        let wasFailing = stream.failingSince != nil
        try await context.store.writeUnrepeated(context.call) { transaction in
            try intake.keepOrders(page.orders, of: job.connection, in: transaction)
            var next = try transaction.require(PollStream.self, stream.id)
            next.nextCursor = isLast ? nil : page.nextCursor
            next.windowStart = seenTo
            next.pagesInWindow = isLast ? 0 : next.pagesInWindow + 1
            if isLast { next.watermark = seenTo }
            next.lastSuccess = context.timekeeper.now
            next.lastFault = nil
            next.failingSince = nil
            try transaction.update(next)
        }
        if wasFailing { logger.notice("a list is read again", metadata: Self.facts(job)) }
        return isLast
    }

    private static func facts(_ job: PollOrders) -> Logger.Metadata {
        ["connection": "\(job.connection)", "list": "\(job.kind.rawValue)"]
    }

    /// Up to when the list has been read, by the channel's time: a clock of ours that runs ahead
    /// must not step over what the channel has yet to list.
    private func seen(
        by page: WalmartPage, from windowStart: Instant, _ stream: PollStream
    ) -> Instant {
        guard let date = page.date, date < windowStart else { return windowStart }
        let isFarAhead = windowStart.duration(since: date) > pacing.overlap
        // The first reach back was asked for by our clock: ask once more by theirs.
        guard let watermark = stream.watermark else {
            return isFarAhead ? date - pacing.firstReach : date
        }
        // What was read stays read, whatever a proxy takes the time to be.
        return max(date, watermark)
    }

    private func firstQuery(_ kind: PollStream.Kind, _ stream: PollStream, _ now: Instant) -> String
    {
        let from = (stream.watermark ?? now - pacing.firstReach) - pacing.overlap
        return switch kind {
        case .released: "?limit=100&createdStartDate=\(from)"
        case .changed:
            // The default looks at orders of the last seven days only.
            "?limit=100&createdStartDate=\(now - .seconds(180 * 86_400 - 3600))"
                + "&lastModifiedStartDate=\(from)"
        }
    }

    private func stream(_ job: PollOrders, _ context: JobContext) async throws -> PollStream {
        try await context.store.writeUnrepeated(context.call) { transaction in
            let known = try transaction.find(PollStream.byKind, job.connection, job.kind)
            if let known { return known }
            let stream = PollStream(
                id: transaction.decision.newID(), connection: job.connection, kind: job.kind)
            try transaction.insert(stream)
            return stream
        }
    }

    private func note(
        _ fault: RecordedFault, _ job: PollOrders, _ context: JobContext
    ) async throws {
        let isNew = try await context.store.writeUnrepeated(context.call) { transaction in
            guard var stream = try transaction.find(PollStream.byKind, job.connection, job.kind)
            else { return false }
            let isNew = stream.failingSince == nil
            stream.lastFault = fault
            stream.failingSince = stream.failingSince ?? transaction.decision.now
            // A cursor the channel no longer takes would stop the list for good.
            if fault.kind != .unavailable {
                stream.nextCursor = nil
                stream.pagesInWindow = 0
            }
            try transaction.update(stream)
            return isNew
        }
        // Said once: a list is read for ever, and would fill the log.
        if isNew {
            logger.warning(
                "a list cannot be read",
                metadata: Self.facts(job).merging(["error": "\(fault)"]) { first, _ in first })
        }
    }
}

/// How often lists are read, and how far back.
package struct WalmartPacing: Sendable {
    package let interval: Duration
    /// Each window begins this much before the last one ended: orders appear late.
    package let overlap: Duration
    package let firstReach: Duration

    package init(interval: Duration, overlap: Duration, firstReach: Duration) {
        self.interval = interval
        self.overlap = overlap
        self.firstReach = firstReach
    }

    package static let standard = WalmartPacing(
        interval: .seconds(60), overlap: .seconds(600), firstReach: .seconds(7 * 86_400))
}
