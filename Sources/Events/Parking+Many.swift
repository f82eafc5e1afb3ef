package import Kernel
package import Storage

/// Which of a tenant's events that were set aside are meant.
package struct ParkedFilter: Sendable {
    package let subscription: String?
    package let faultCode: String?
    /// Only the first of each key; the others wait behind it.
    package let isHead: Bool

    package init(subscription: String? = nil, faultCode: String? = nil, isHead: Bool = false) {
        self.subscription = subscription
        self.faultCode = faultCode
        self.isHead = isHead
    }

    func matches(_ row: ParkedRow) -> Bool {
        guard !isHead || row.state != .waiting else { return false }
        return subscription.map { $0 == row.subscription } ?? true
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
    package let number: Int64
    /// Why nothing was done.
    package let fault: RecordedFault?
}

extension Parking {
    /// Acted on in one go at most.
    package static let manyLimit = 500

    /// Those that match, oldest first; at most 500.
    /// - Returns: after which number to go on; `nil` at the end.
    package func list(
        _ filter: ParkedFilter, tenant: TenantID, after number: Int64, limit: Int
    ) async throws -> (rows: [ParkedRow], next: Int64?) {
        let limit = min(max(limit, 1), Self.manyLimit)
        var found: [ParkedRow] = []
        var last = number
        while true {
            let rows = try await list(tenant: tenant, after: last, limit: Self.manyLimit)
            for row in rows {
                if filter.matches(row) { found.append(row) }
                last = row.number
                if found.count == limit { return (found, last) }
            }
            if rows.count < Self.manyLimit { return (found, nil) }
        }
    }

    /// Does the same to those named and to no other: what comes to stand first meanwhile has not
    /// been looked at. One that cannot be helped stops none behind it.
    /// - Returns: what became of each, in the order they were named.
    /// - Throws: `EventsError`: `.reasonMissing`, `.selectionMalformed`.
    package func apply(
        _ action: ParkedAction, to numbers: [Int64], call: Call
    ) async throws -> [ParkedOutcome] {
        if case .skip(let reason) = action { try Self.check(reason) }
        guard (1...Self.manyLimit).contains(numbers.count) else {
            throw EventsError(
                .selectionMalformed, "must name 1 to \(Self.manyLimit)", field: "numbers")
        }
        var outcomes: [ParkedOutcome] = []
        for number in numbers {
            do {
                // A repeat does what is left: there is no answer to keep.
                try await store.writeUnrepeated(call) { transaction in
                    switch action {
                    case .retry: try self.retry(number, in: transaction)
                    case .skip(let reason):
                        try self.skip(number, reason: reason, in: transaction)
                    }
                }
                outcomes.append(ParkedOutcome(number: number, fault: nil))
            } catch {
                if let breakage = store.breakage { throw breakage }
                outcomes.append(ParkedOutcome(number: number, fault: RecordedFault(error)))
            }
        }
        return outcomes
    }
}
