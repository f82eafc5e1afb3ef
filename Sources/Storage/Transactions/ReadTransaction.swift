package import Kernel

/// A page of records in an index's order.
package struct Page<R: Sendable>: Sendable {
    package let items: [R]
    /// Where the next page begins; `nil` after the last.
    package let next: PageCursor?
}

/// One consistent view of one tenant's records and events. Not `Sendable`: it ends with its closure.
package class ReadTransaction {
    package let tenant: TenantID
    let session: any EngineSession
    let upcasters: Upcasters
    /// The first storage fault met: it dooms the transaction even if the closure caught it.
    var doom: (any Error)?
    private var sides: [String: ProjectionRow.Side] = [:]

    init(tenant: TenantID, session: any EngineSession, upcasters: Upcasters) {
        self.tenant = tenant
        self.session = session
        self.upcasters = upcasters
    }

    /// Runs one engine call and remembers its fault.
    func perform<T>(_ body: (any EngineSession) throws -> T) throws -> T {
        // After a fault the engine may have rolled everything back: nothing more may be written.
        if let doom { throw doom }
        do { return try body(session) } catch {
            if doom == nil { doom = error }
            throw error
        }
    }

    /// Where records of a type are kept: of what a projection computes, the side that is shown.
    func shape<R: Record>(of type: R.Type) throws -> CollectionShape {
        guard let projection = R.projection else { return R.shape }
        return try side(of: projection) == .first ? R.shape : R.secondShape
    }

    func side(of projection: String) throws -> ProjectionRow.Side {
        if let known = sides[projection] { return known }
        let side = try perform { try $0.projection(projection)?.side } ?? .first
        sides[projection] = side
        return side
    }

    /// The record with this identifier, if there is one.
    package func get<R: Record>(_ type: R.Type = R.self, _ id: Identifier<R.Tag>) throws -> R? {
        try perform { try $0.record(shape(of: R.self), tenant: tenant, id: id.rawValue) }
            .map { try decode(R.self, $0) }
    }

    /// - Throws: `StorageError.unknownRecord`.
    package func require<R: Record>(_ type: R.Type, _ id: Identifier<R.Tag>) throws -> R {
        guard let record = try get(type, id) else {
            throw StorageError(.unknownRecord, "no \(R.collection) with id \(id)")
        }
        return record
    }

    /// The one record with these values in a unique index.
    package func find<R: Record>(_ index: Index<R>, _ values: any Indexable...) throws -> R? {
        precondition(index.isUnique, "find needs a unique index; use page")
        let row = try perform {
            try $0.find(
                shape(of: R.self), tenant: tenant, index: index.shape,
                values: values.map(\.indexValue))
        }
        return try row.map { try decode(R.self, $0) }
    }

    /// Records whose leading index columns equal `values`, in the order of the rest.
    /// - Parameter limit: 1...1,000; more is cut.
    package func page<R: Record>(
        _ index: Index<R>, equals values: [any Indexable] = [], prefix: String? = nil,
        order: PageRequest.Order = .ascending, after cursor: PageCursor? = nil, limit: Int
    ) throws -> Page<R> {
        let size = min(max(limit, 1), 1000)
        let request = PageRequest(
            index: index.shape, equals: values.map(\.indexValue), prefix: prefix, order: order,
            after: try cursor?.values(for: index.shape, equals: values.count), limit: size + 1)
        let rows = try perform { try $0.page(shape(of: R.self), tenant: tenant, request) }
        let items = try rows.prefix(size).map { try decode(R.self, $0.record) }
        guard rows.count > size, let last = rows.prefix(size).last else {
            return Page(items: items, next: nil)
        }
        return Page(
            items: items,
            next: PageCursor(
                index: index.name, values: last.ordering + [.text(last.record.id)]))
    }

    /// Records with a search token that begins with `prefix`; at most `limit`.
    package func search<R: Record>(
        _ type: R.Type, prefix: String, after: String? = nil, limit: Int
    ) throws -> [R] {
        let ids = try perform {
            try $0.search(
                shape(of: R.self), tenant: tenant, prefix: prefix, after: after,
                limit: min(limit, 1000))
        }
        return try ids.compactMap { id in
            try perform { try $0.record(shape(of: R.self), tenant: tenant, id: id) }
                .map { try decode(R.self, $0) }
        }
    }

    /// The events of one record, oldest first; at most 10,000.
    package func timeline<R: Record>(_ type: R.Type, _ id: Identifier<R.Tag>) throws -> [Envelope] {
        try events(ofStream: R.stream(id))
    }

    /// The events of a stream, oldest first; at most 10,000.
    package func events(ofStream stream: String) throws -> [Envelope] {
        try perform { try $0.stream(tenant: tenant, stream: stream, after: 0, limit: 10_000) }
            .map(upcasters.envelope)
    }

    /// An aggregate as it was at a moment, folded from its events.
    package func state<A: Aggregate>(
        _ type: A.Type, _ id: Identifier<A.Tag>, asOf instant: Instant
    ) throws -> A? {
        var state: A?
        for envelope in try timeline(type, id) where envelope.at <= instant {
            guard
                let event = try A.Event(
                    type: envelope.type, from: EventData(bytes: envelope.data))
            else { throw StorageError(.unknownEvent, "\(A.collection) has no \(envelope.type)") }
            state = try A.apply(event, to: state, at: envelope.at)
        }
        return state
    }

    /// This tenant's events after a cursor. `next` is where to go on, also when none came.
    /// - Throws: `StorageError.cursorMalformed`.
    package func log(
        after cursor: LogCursor, types: Set<EventType>? = nil, limit: Int
    ) throws -> (events: [Envelope], next: LogCursor) {
        let wanted = types.map { Set(upcasters.ancestors(of: $0).map(\.rawValue)) }
        let page = try perform {
            try $0.log(tenant: tenant, after: cursor, types: wanted, limit: limit)
        }
        return (try page.events.map(upcasters.envelope), page.next)
    }

    /// A job of the queue or its history, whoever's it is.
    package func queueRow(_ number: Int64) throws -> JobRow? {
        try perform { try $0.job(number) }
    }

    func decode<R: Record>(_ type: R.Type, _ row: StoredRecord) throws -> R {
        do { return try BodyCoder.decode(type, from: row.body) } catch {
            doom = doom ?? error
            throw error
        }
    }
}

extension ReadTransaction {
    /// How many records have these leading values; counting stops at `limit`, so that no page
    /// waits for a count of millions.
    package func count<R: Record>(
        _ index: Index<R>, equals values: [any Indexable], limit: Int
    ) throws -> Int {
        try perform {
            try $0.count(
                shape(of: R.self), tenant: tenant, index: index.shape,
                equals: values.map(\.indexValue),
                limit: limit)
        }
    }
}
