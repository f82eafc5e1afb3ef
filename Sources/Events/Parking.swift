package import Kernel
package import Storage

package enum EventsFaultCode: String, FaultCode {
    case unknownParked, notHead, reasonMissing, replacementMalformed

    package static let service = "events"

    package var kind: FaultKind {
        switch self {
        case .unknownParked: .notFound
        case .notHead: .refused
        case .reasonMissing, .replacementMalformed: .invalid
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

/// What people do with events that were set aside.
package struct Parking: Sendable {
    private let store: Store

    package init(store: Store) { self.store = store }

    /// Set aside events of a tenant, oldest first; at most 500.
    package func list(
        tenant: TenantID, after number: Int64, limit: Int
    ) async throws -> [ParkedRow] {
        try await store.bookkeeping {
            try $0.parkedList(tenant: tenant, after: number, limit: min(limit, 500))
        }
    }

    /// Makes the key's head due at once.
    /// - Throws: `EventsError.unknownParked`, `.notHead`.
    package func retry(_ number: Int64, call: Call) async throws {
        try await change(number, call) { transaction, row in
            var row = row
            row.retryAt = call.at.microseconds
            let update = row
            try transaction.bookkeeping { try $0.updateParked(update) }
        }
    }

    /// Leaves the event unhandled for ever and goes on with the key's next.
    /// - Throws: `EventsError.unknownParked`, `.notHead`, `.reasonMissing`.
    package func skip(_ number: Int64, reason: String, call: Call) async throws {
        guard !reason.isEmpty else {
            throw EventsError(.reasonMissing, "say why the event is skipped", field: "reason")
        }
        try await change(number, call) { transaction, row in
            try transaction.bookkeeping { try $0.removeHead(row, now: call.at.microseconds) }
            try transaction.emit(
                ParkedEventSkipped(
                    subscription: row.subscription, position: row.position, reason: reason),
                to: "parked/\(row.subscription)/\(row.key.key)")
        }
    }

    /// Handles other data in the event's place; the log keeps what happened.
    /// - Throws: `EventsError.unknownParked`, `.notHead`.
    package func replace(_ number: Int64, data: [UInt8], call: Call) async throws {
        try await change(number, call) { transaction, row in
            var row = row
            row.replacement = data
            row.retryAt = call.at.microseconds
            let update = row
            try transaction.bookkeeping { try $0.updateParked(update) }
        }
    }

    private func change(
        _ number: Int64, _ call: Call,
        _ body: @escaping @Sendable (Transaction, ParkedRow) throws -> Void
    ) async throws {
        let signal = store.signals.log
        _ = try await store.write(call) { transaction in
            let row = try transaction.bookkeeping {
                try $0.parkedRow(tenant: call.tenant, number: number)
            }
            guard let row else {
                throw EventsError(.unknownParked, "nothing is parked under \(number)")
            }
            guard row.state != .waiting else {
                throw EventsError(.notHead, "\(number) waits behind an earlier event of its key")
            }
            try body(transaction, row)
            transaction.afterCommit { signal.raise() }
            return true
        }
    }
}
