package import Kernel
package import Storage

/// Which of a tenant's events that were set aside are meant.
package struct ParkedFilter: Sendable {
    package let subscription: String?
    package let faultCode: String?

    package init(subscription: String? = nil, faultCode: String? = nil) {
        self.subscription = subscription
        self.faultCode = faultCode
    }

    func matches(_ row: ParkedRow) -> Bool {
        // What waits behind another follows it by itself.
        row.state != .waiting && subscription.map { $0 == row.subscription } ?? true
            && faultCode.map { $0 == row.fault?.code } ?? true
    }
}

/// What people do with many events at once.
package enum ParkedAction: Sendable {
    case retry
    case skip(reason: String)
}

/// What became of one of them.
package struct ParkedOutcome: Sendable {
    package let row: ParkedRow
    /// Why nothing was done.
    package let fault: RecordedFault?
}

extension Parking {
    /// Looked at in one go, and acted on at most.
    private static let manyLimit = 500

    /// Heads that match, oldest first.
    /// - Returns: at most 500, and after which number to go on; `nil` at the end.
    package func heads(
        _ filter: ParkedFilter, tenant: TenantID, after number: Int64
    ) async throws -> (rows: [ParkedRow], next: Int64?) {
        var found: [ParkedRow] = []
        var last = number
        while true {
            let rows = try await list(tenant: tenant, after: last, limit: Self.manyLimit)
            for row in rows {
                if filter.matches(row) { found.append(row) }
                last = row.number
                if found.count == Self.manyLimit { return (found, last) }
            }
            if rows.count < Self.manyLimit { return (found, nil) }
        }
    }

    /// Does the same to all that match, each for itself: one that cannot be helped stops no other.
    /// - Returns: what became of each, at most 500, and after which number to go on.
    /// - Throws: `EventsError.reasonMissing`.
    package func apply(
        _ action: ParkedAction, to filter: ParkedFilter, after number: Int64, call: Call
    ) async throws -> (outcomes: [ParkedOutcome], next: Int64?) {
        if case .skip(let reason) = action { try Self.check(reason) }
        let (rows, next) = try await heads(filter, tenant: call.tenant, after: number)
        var outcomes: [ParkedOutcome] = []
        for row in rows {
            do {
                // A repeat does what is left: there is no answer to keep.
                try await store.writeUnrepeated(call) { transaction in
                    switch action {
                    case .retry: try self.retry(row.number, in: transaction)
                    case .skip(let reason):
                        try self.skip(row.number, reason: reason, in: transaction)
                    }
                }
                outcomes.append(ParkedOutcome(row: row, fault: nil))
            } catch let error as EventsError {
                outcomes.append(ParkedOutcome(row: row, fault: RecordedFault(error)))
            }
        }
        return (outcomes, next)
    }
}
