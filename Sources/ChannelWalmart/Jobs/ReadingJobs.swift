package import Connectors
package import Contracts
package import Jobs
package import Kernel
package import Storage

/// Reads one order of Walmart's and puts it into the inbox.
package struct FetchOrder: Job {
    package static let kind: JobKind = "walmart.fetchOrder"
    package static let givesUp = false
    package let connection: ConnectionID
    package let reference: ChannelReference

    static func options(_ connection: ConnectionID, _ reference: ChannelReference) -> JobOptions {
        // Until it starts: news that comes while it reads needs another reading.
        JobOptions(
            priority: 1, uniqueness: .untilStarted("\(connection)/\(reference)"),
            connection: connection.rawValue, key: WalmartOperation.getOrder.limit(connection))
    }
}

struct FetchOrderWorker: JobWorker {
    private static let patience = 12

    let walmart: WalmartAccess
    let intake: WalmartIntake

    func work(_ job: FetchOrder, in context: JobContext) async throws -> JobOutcome {
        let api = try await walmart.api(for: job.connection, in: context)
        let raw: [UInt8]
        do { raw = try await api.order(job.reference) } catch let fault as ChannelError
            where fault.reason == .notFound && context.attempt < Self.patience
        {
            // An order may be announced before it can be read.
            throw ChannelError(
                .notYetThere, "the order cannot be read yet: \(fault.detail)",
                retryAfter: Backoff.ceiling(attempt: context.attempt))
        }
        let intake = intake
        return .commit { transaction in
            try intake.keepOrders([raw], of: job.connection, in: transaction)
        }
    }
}

/// Reads an inbox item, hands its contact to Orders and tells what was seen.
package struct ImportOrder: Job {
    package static let kind: JobKind = "walmart.importOrder"
    package let item: Identifier<InboxTag>
}

struct ImportOrderWorker: JobWorker {
    let inbox: Inbox
    let contacts: any ContactDirectory

    func work(_ job: ImportOrder, in context: JobContext) async throws -> JobOutcome {
        let tenant = context.call.tenant
        let found = try await context.store.read(tenant) { try $0.get(InboxItem.self, job.item) }
        guard let item = found else { return .discard(reason: "the raw order is gone") }
        let raw = try inbox.open(item, tenant: tenant)
        let reading = try WalmartMapping.read(raw)
        PlantedFaults.trap(at: reading.order.reference)
        var contact: ContactID?
        if let details = reading.contact {
            contact = try await contacts.register(
                details, key: "\(item.connection)/\(reading.order.reference)",
                version: reading.version, call: context.call)
        }
        let seen = OrderObserved(
            connection: item.connection, channel: WalmartModule.channel, inbox: item.id,
            observedVersion: reading.version, contact: contact, order: reading.order)
        let inbox = inbox
        return .commit { transaction in
            try transaction.emit(
                seen, to: "walmart/\(item.connection)/\(reading.order.reference)")
            try inbox.mark(item.id, .processed, in: transaction)
        }
    }

    /// The raw order shows why nothing came of it.
    func gaveUp(
        _ job: ImportOrder, because fault: RecordedFault, in transaction: Transaction
    ) throws {
        try inbox.mark(job.item, .failed, note: "\(fault.code): \(fault.detail)", in: transaction)
    }
}

/// Puts read orders into the inbox with the jobs that take them in.
package struct WalmartIntake: Sendable {
    let inbox: Inbox

    package init(inbox: Inbox) { self.inbox = inbox }

    /// - Returns: how many were new.
    @discardableResult
    package func keepOrders(
        _ orders: [[UInt8]], of connection: ConnectionID, in transaction: Transaction
    ) throws -> Int {
        var fresh = 0
        for raw in orders {
            // What cannot even be told apart is kept under its digest, and fails where it is seen.
            let reference =
                WalmartMapping.reference(of: raw) ?? ChannelReference(unchecked: "unreadable")
            if FailurePoint.isPlanted("dropOrder"), reference.rawValue.hasSuffix("003") { continue }
            let arrival = Inbox.Arrival.order(raw, reference: reference, connection: connection)
            guard let item = try inbox.keep(arrival, in: transaction) else { continue }
            fresh += 1
            if FailurePoint.isPlanted("jobAfterCommit") {
                PlantedFaults.enqueueLater(item.id, transaction)
                continue
            }
            try transaction.enqueue(ImportOrder(item: item.id))
        }
        return fresh
    }
}

/// Sets a connection's limits from its settings.
package struct ConfigureConnection: Job {
    package static let kind: JobKind = "walmart.configureConnection"
    package let connection: ConnectionID
}

struct ConfigureConnectionWorker: JobWorker {
    let walmart: WalmartAccess

    func work(_ job: ConfigureConnection, in context: JobContext) async throws -> JobOutcome {
        try await walmart.configure(job.connection, tenant: context.call.tenant)
        return .completed
    }
}
