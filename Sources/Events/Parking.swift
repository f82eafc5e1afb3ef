package import Kernel
package import Storage

package enum EventsFaultCode: String, FaultCode {
    case unknownParked, notHead, reasonMissing, replacementMalformed
    case unknownSubscription
    case selectionMalformed
    /// Only what is computed can be computed again.
    case notProjection
    case rebuilding, notRebuilding
    /// Handled alone, an event ended the process more than once.
    case quarantined
    /// A newer release computed what is shown.
    case olderCode

    package static let service = "events"

    package var kind: FaultKind {
        switch self {
        case .unknownParked, .unknownSubscription: .notFound
        case .notHead, .notProjection, .rebuilding, .notRebuilding, .olderCode: .refused
        case .reasonMissing, .replacementMalformed, .selectionMalformed: .invalid
        case .quarantined: .defect
        }
    }
}

package typealias EventsError = CodedFault<EventsFaultCode>

/// A person stepped over an event that a subscription could not handle.
package struct ParkedEventSkipped: EventPayload {
    package static let type: EventType = "events.parkedSkipped.1"
    package let subscription: String
    package let position: Int64
    package let reason: String
}

/// A person had an event that was set aside tried again.
package struct ParkedEventRetried: EventPayload {
    package static let type: EventType = "events.parkedRetried.1"
    package let subscription: String
    package let position: Int64
}

/// A person gave a subscription other data to handle in an event's place.
package struct ParkedEventReplaced: EventPayload {
    package static let type: EventType = "events.parkedReplaced.1"
    package let subscription: String
    package let position: Int64
    /// JSON; like every event it holds nothing personal.
    package let data: String
}

/// What people do with events that were set aside.
package struct Parking: Sendable {
    let store: Store
    private let observers: [any ParkingObserver]

    package init(store: Store, observers: [any ParkingObserver] = []) {
        self.store = store
        self.observers = observers
    }

    /// Set aside events of a tenant, oldest first; at most 500.
    package func list(
        tenant: TenantID, after number: Int64, limit: Int
    ) async throws -> [ParkedRow] {
        try await store.survey {
            try $0.parkedList(tenant: tenant, after: number, limit: min(limit, 500))
        }
    }

    /// Makes the key's head due at once.
    /// - Throws: `EventsError.unknownParked`, `.notHead`.
    package func retry(_ number: Int64, call: Call) async throws {
        try await change(call) { try self.retry(number, in: $0) }
    }

    package func retry(_ number: Int64, in transaction: Transaction) throws {
        var row = try head(number, in: transaction)
        row.retryAt = transaction.call.at.microseconds
        let update = row
        try transaction.bookkeeping {
            try $0.updateParked(update)
            try $0.endTrials(of: update)
        }
        try transaction.emit(
            ParkedEventRetried(subscription: row.subscription, position: row.position),
            to: "parked/\(row.subscription)/\(row.key.key)")
        transaction.afterCommitSignal { $0.log.raise() }
    }

    /// Leaves the event unhandled for ever and goes on with the key's next.
    /// - Throws: `EventsError.unknownParked`, `.notHead`, `.reasonMissing`.
    package func skip(_ number: Int64, reason: String, call: Call) async throws {
        try await change(call) { try self.skip(number, reason: reason, in: $0) }
    }

    package func skip(_ number: Int64, reason: String, in transaction: Transaction) throws {
        try Self.check(reason)
        let row = try head(number, in: transaction)
        let now = transaction.call.at.microseconds
        try transaction.bookkeeping { try $0.removeHead(row, now: now) }
        try transaction.emit(
            ParkedEventSkipped(
                subscription: row.subscription, position: row.position, reason: reason),
            to: "parked/\(row.subscription)/\(row.key.key)")
        for observer in observers {
            try observer.released(row, isHandled: false, in: transaction)
        }
        transaction.afterCommitSignal { $0.log.raise() }
    }

    static func check(_ reason: String) throws {
        guard !reason.isEmpty else {
            throw EventsError(.reasonMissing, "say why the event is skipped", field: "reason")
        }
    }

    /// Handles other data in the event's place; the log keeps what happened.
    /// - Throws: `EventsError.unknownParked`, `.notHead`.
    package func replace(_ number: Int64, data: [UInt8], call: Call) async throws {
        try await change(call) { try self.replace(number, data: data, in: $0) }
    }

    package func replace(_ number: Int64, data: [UInt8], in transaction: Transaction) throws {
        var row = try head(number, in: transaction)
        row.replacement = data
        row.retryAt = transaction.call.at.microseconds
        let update = row
        try transaction.bookkeeping {
            try $0.updateParked(update)
            try $0.endTrials(of: update)
        }
        try transaction.emit(
            ParkedEventReplaced(
                subscription: row.subscription, position: row.position,
                data: String(decoding: data, as: UTF8.self)),
            to: "parked/\(row.subscription)/\(row.key.key)")
        transaction.afterCommitSignal { $0.log.raise() }
    }

    /// The head of a key. - Throws: `EventsError.unknownParked`, `.notHead`.
    package func head(_ number: Int64, in transaction: Transaction) throws -> ParkedRow {
        let tenant = transaction.tenant
        let row = try transaction.bookkeeping {
            try $0.parkedRow(tenant: tenant, number: number)
        }
        guard let row else {
            throw EventsError(.unknownParked, "nothing is parked under \(number)")
        }
        guard row.state != .waiting else {
            throw EventsError(.notHead, "\(number) waits behind an earlier event of its key")
        }
        return row
    }

    private func change(
        _ call: Call, _ body: @escaping @Sendable (Transaction) throws -> Void
    ) async throws {
        _ = try await store.write(call) { transaction in
            try body(transaction)
            return true
        }
    }
}

/// Hears, in the same transaction, of events that need a person or no longer do.
package protocol ParkingObserver: Sendable {
    /// A key's head was set aside, or goes on failing.
    func parked(
        _ row: ParkedRow, _ event: Envelope, _ fault: RecordedFault, in transaction: Transaction
    ) throws
    /// - Parameter isHandled: whether it was done after all, or skipped.
    func released(_ row: ParkedRow, isHandled: Bool, in transaction: Transaction) throws
}
