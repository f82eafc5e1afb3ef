package import Kernel
package import Storage

/// A projection is being computed anew.
package struct ProjectionRebuildBegun: EventPayload {
    package static let type: EventType = "events.projectionRebuildBegun.1"
    package let projection: String
    /// Of the code that computes it now.
    package let version: Int64
}

/// What was computed anew is shown from here on.
package struct ProjectionRebuilt: EventPayload {
    package static let type: EventType = "events.projectionRebuilt.1"
    package let projection: String
    package let since: Instant
}

/// The new computation was given up; what is shown stays.
package struct ProjectionRebuildCancelled: EventPayload {
    package static let type: EventType = "events.projectionRebuildCancelled.1"
    package let projection: String
}

/// Has projections computed anew from the first event, beside what is shown meanwhile.
package struct ProjectionRebuilds: Sendable {
    private let store: Store
    private let subscriptions: [Subscription]

    package init(store: Store, subscriptions: [Subscription]) {
        self.store = store
        self.subscriptions = subscriptions
    }

    /// - Throws: `EventsError.unknownSubscription`, `.notProjection`, `.rebuilding`,
    ///   `.olderCode`; `StorageError.interrupted` while others read the tables.
    package func begin(_ name: String, call: Call) async throws {
        let projection = try projection(name)
        try await change(projection, call) { row, transaction in
            if let since = row.rebuildingSince {
                throw EventsError(
                    .rebuilding,
                    "\(name) has been computed anew since \(Instant(microseconds: since)); "
                        + "cancel that first")
            }
            try self.begin(projection, &row, in: transaction)
        }
    }

    /// - Throws: `EventsError.unknownSubscription`, `.notProjection`, `.notRebuilding`.
    package func cancel(_ name: String, call: Call) async throws {
        let projection = try projection(name)
        try await change(projection, call) { row, transaction in
            guard row.rebuildingSince != nil else {
                throw EventsError(.notRebuilding, "\(name) is not being computed anew")
            }
            try self.giveUp(projection, &row, in: transaction)
            try transaction.emit(
                ProjectionRebuildCancelled(projection: name), to: "projections/\(name)")
        }
    }

    /// Begins with those whose code is newer than what they were computed with.
    /// - Returns: their names.
    package func renew(call: Call) async throws -> [String] {
        var begun: [String] = []
        for projection in subscriptions where projection.kind == .projection {
            let name = projection.name
            let (known, floor) = try await store.bookkeeping { session in
                (try session.projection(name), try session.floor(subscription: name))
            }
            let version = max(known?.version ?? 0, known?.rebuildingVersion ?? 0)
            guard version < projection.version else { continue }
            // What was computed before versions were kept was computed with the first.
            let isFirst = version == 0 && (projection.version == 1 || floor == nil)
            try await change(projection, call) { row, transaction in
                guard max(row.version, row.rebuildingVersion ?? 0) < projection.version else {
                    return
                }
                guard !isFirst else { return row.version = projection.version }
                // What older code has begun is not gone on with.
                if row.rebuildingSince != nil {
                    try self.giveUp(projection, &row, in: transaction)
                }
                try self.begin(projection, &row, in: transaction)
            }
            if !isFirst { begun.append(name) }
        }
        return begun
    }

    private func begin(
        _ projection: Subscription, _ row: inout ProjectionRow, in transaction: Transaction
    ) throws {
        guard row.version <= projection.version else {
            throw EventsError(
                .olderCode,
                "\(projection.name) was computed by a newer release; that one can compute it anew")
        }
        row.rebuildingSince = transaction.call.at.microseconds
        row.rebuildingVersion = projection.version
        row.generation += 1
        try transaction.bookkeeping { try $0.forget(subscription: projection.aside.name) }
        try transaction.clearAside(row, store.shapes(ofProjection: projection.name))
        try transaction.emit(
            ProjectionRebuildBegun(projection: projection.name, version: projection.version),
            to: "projections/\(projection.name)")
    }

    /// What it has set aside is taken away by who computes.
    private func giveUp(
        _ projection: Subscription, _ row: inout ProjectionRow, in transaction: Transaction
    ) throws {
        row.rebuildingSince = nil
        row.rebuildingVersion = nil
        row.generation += 1
        let left = projection.left(row.generation)
        try transaction.bookkeeping {
            try $0.replace(subscription: left, by: projection.aside.name)
        }
    }

    private func projection(_ name: String) throws -> Subscription {
        guard let found = subscriptions.first(where: { $0.name == name }) else {
            throw EventsError(
                .unknownSubscription, "there is no subscription \(name)", field: "name")
        }
        guard found.kind == .projection else {
            throw EventsError(
                .notProjection,
                "\(name) is a reaction: doing again what it did would do it twice", field: "name")
        }
        return found
    }

    private func change(
        _ projection: Subscription, _ call: Call,
        _ body: @escaping @Sendable (inout ProjectionRow, Transaction) throws -> Void
    ) async throws {
        let name = projection.name
        _ = try await store.write(call) { transaction in
            let held = try transaction.bookkeeping {
                try $0.holdProjection(name, exclusively: true)
            }
            var row = held
            try body(&row, transaction)
            if row != held { try transaction.bookkeeping { try $0.saveProjection(row) } }
            transaction.afterCommitSignal { $0.announceControls() }
            return true
        }
    }
}
