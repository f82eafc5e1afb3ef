import Kernel
package import Storage

/// Largest payload of a job: it holds identifiers, not data.
private let payloadLimit = 65_536

extension JobKind {
    /// - Throws: `JobsError.payloadTooLarge`.
    func check(_ payload: [UInt8]) throws {
        guard payload.count > payloadLimit else { return }
        throw JobsError(
            .payloadTooLarge,
            "\(self) carries \(payload.count) bytes; \(payloadLimit) is the most",
            field: "payload")
    }
}

extension Transaction {
    /// Enqueues a job that exists if, and only if, this transaction commits.
    /// - Returns: its number, or `nil` where its unique key is taken.
    /// - Throws: `JobsError`: `.payloadTooLarge`, `.dueOutOfRange`.
    @discardableResult
    package func enqueue<J: Job>(_ job: J, _ options: JobOptions = JobOptions()) throws -> Int64? {
        guard case .added(let number) = try put(job, options, nil) else { return nil }
        return number
    }

    /// As ``enqueue(_:_:)``, and tells what became of it.
    @discardableResult
    package func put<J: Job>(
        _ job: J, _ options: JobOptions = JobOptions(), _ extras: JobExtras?
    ) throws -> JobInsertion {
        var row = try row(J.kind, try BodyCoder.encode(job), options)
        row.extras = extras ?? row.extras
        var window: JobWindow?
        if case .within(let time, _, let states) = options.uniqueness {
            window = JobWindow(since: (decision.now - time).microseconds, states: states)
        }
        return try insertJob(row, unlessSince: window)
    }

    /// Enqueues jobs that run one after the other, each once the one before has completed. One that
    /// is discarded holds the rest back until a person retries it.
    /// - Returns: the first one's number; `nil` for an empty chain.
    @discardableResult
    package func enqueue(chain steps: [ChainStep]) throws -> Int64? {
        guard let first = steps.first else { return nil }
        let links = steps.dropFirst().map(\.link)
        return try insert(first.link, chain: Array(links), batch: nil)
    }

    /// Puts one step of a chain into the queue.
    func insert(_ link: JobLink, chain: [JobLink], batch: String?) throws -> Int64 {
        var row = try row(
            JobKind(link.kind), Array(link.payload.utf8),
            JobOptions(
                priority: link.priority, connection: link.connection, queue: link.queue,
                key: link.key))
        if batch != nil || !chain.isEmpty {
            row.extras = JobExtras(batch: batch, chain: chain.isEmpty ? nil : chain)
        }
        return try insertJob(row, unlessSince: nil).number
    }

    private func row(
        _ kind: JobKind, _ payload: [UInt8], _ options: JobOptions
    ) throws -> JobRow {
        try kind.check(payload)
        let now = decision.now
        let due = now + max(options.delay, .zero)
        guard due <= JobRow.lastInstant else {
            throw JobsError(.dueOutOfRange, "must be before the year 10000", field: "due")
        }
        let partition = JobPartition(
            tenant: tenant, connection: options.connection, queue: options.queue,
            kind: kind.rawValue, key: options.key)
        var row = JobRow(
            tenant: tenant, kind: kind.rawValue, partition: partition.description,
            state: due > now ? .scheduled : .available,
            priority: min(max(options.priority, -100), 100), due: due.microseconds,
            payload: payload, correlation: call.correlation, cause: call.cause,
            enqueued: now.microseconds)
        row.lane = options.lane.map { "\(tenant)/\($0)" }
        row.deadline = options.within.map { (now + max($0, .zero)).microseconds }
        if !options.tags.isEmpty { row.extras = JobExtras(tags: options.tags) }
        switch options.uniqueness {
        case .none: break
        case .untilFinished(let key), .within(_, let key, _):
            (row.uniqueKey, row.uniqueness) = (key, .untilFinished)
        case .untilStarted(let key): (row.uniqueKey, row.uniqueness) = (key, .untilStarted)
        case .latest(let key):
            (row.uniqueKey, row.uniqueness) = (key, .latest)
            row.lane = row.lane ?? "latest:\(tenant)/\(kind)/\(key)"
        }
        return row
    }
}

/// One job of a chain.
package struct ChainStep: Sendable {
    let link: JobLink

    /// Of the options, priority, connection, queue and key hold; the rest is the chain's.
    package init<J: Job>(_ job: J, _ options: JobOptions = JobOptions()) throws {
        let payload = try BodyCoder.encode(job)
        try J.kind.check(payload)
        link = JobLink(
            kind: J.kind.rawValue, payload: String(decoding: payload, as: UTF8.self),
            connection: options.connection, queue: options.queue, key: options.key,
            priority: options.priority)
    }
}
