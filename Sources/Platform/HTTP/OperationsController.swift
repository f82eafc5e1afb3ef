import ChannelWalmart
import Contracts
import Events
import FoundationEssentials
import Hummingbird
import Jobs
import Kernel
import Orders
import Storage
import Web

/// Events, jobs, parked work and raw arrivals over HTTP.
struct OperationsController: Sendable {
    let platform: Platform
    private var timekeeper: any Timekeeper { platform.timekeeper }
    private var parking: Parking { Parking(store: platform.store) }

    /// What other programs may build on; the rest of the log is a service's own.
    private static let publicTypes: Set<EventType> = [
        OrderAccepted.type, OrderQuarantined.type, OrderUnitsCancelled.type, CancellationOwed.type,
        FulfilmentRequested.type, FulfilmentReleased.type, FulfilmentReduced.type,
        UnitsReturned.type, ProductSaved.type, WorkFellShort.type, ContactErased.type,
        ParcelDispatched.type, StockReserved.type, StockReceived.type, ListingMapped.type,
        FacilitySaved.type, ConnectionSaved.type, WorkProgressed.type, OrderObserved.type,
        CancellationAsked.type, ObligationAnswered.type,
    ]

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get("events", use: Endpoint.route(timekeeper, events))
        group.get("jobs", use: Endpoint.route(timekeeper, jobs))
        group.get("jobs/counts", use: Endpoint.route(timekeeper, jobCounts))
        group.get("jobs/:number", use: Endpoint.route(timekeeper, job))
        group.post("jobs/:number/retry", use: Endpoint.route(timekeeper, retryJob))
        group.post("jobs/:number/dismissal", use: Endpoint.route(timekeeper, dismissJob))
        group.get("polls", use: Endpoint.route(timekeeper, polls))
        group.get("parked", use: Endpoint.route(timekeeper, parked))
        group.post("parked/:number/retry", use: Endpoint.route(timekeeper, retryParked))
        group.post("parked/:number/skip", use: Endpoint.route(timekeeper, skipParked))
        group.post("parked/:number/replacement", use: Endpoint.route(timekeeper, replaceParked))
        group.get("orders/:id/raw", use: Endpoint.route(timekeeper, raw))
        group.post(
            "connections/:id/imports",
            use: Endpoint.route(timekeeper, bodyLimit: 64 * 1_048_576, importOrders))
        group.get("verification", use: Endpoint.route(timekeeper, verify))
    }

    /// `GET /events?after=&limit=` → public events in log order, and where to go on.
    @Sendable private func events(_ call: Endpoint) async throws -> ListReply<TimelineEntry> {
        guard let start = LogCursor(call.query("after") ?? "") else {
            throw WebError(.parameterMalformed, "is no position of ours", field: "after")
        }
        let limit = try call.limit(default: 100)
        let (events, next) = try await platform.store.read(call.tenant) {
            try $0.log(after: start, types: Self.publicTypes, limit: limit)
        }
        return ListReply(items: try events.map(TimelineEntry.init), next: next.description)
    }

    /// `GET /jobs?state=&before=&limit=` → newest first.
    @Sendable private func jobs(_ call: Endpoint) async throws -> ListReply<JobReply> {
        let states = try stateFilter(call.query("state"))
        let before = call.query("before").flatMap { Int64($0) }
        let limit = try call.limit()
        let tenant = call.tenant
        let rows = try await platform.store.bookkeeping {
            try $0.jobs(JobFilter(tenant: tenant, states: states), before: before, limit: limit)
        }
        return ListReply(
            items: rows.map { JobReply($0) },
            next: rows.count == limit ? rows.last.map { String($0.number) } : nil)
    }

    private func stateFilter(_ text: String?) throws -> Set<JobState> {
        guard let text, !text.isEmpty else { return Set(JobState.allCases) }
        guard let state = JobState.allCases.first(where: { $0.name == text }) else {
            let known = JobState.allCases.map(\.name).joined(separator: ", ")
            throw WebError(.parameterMalformed, "must be one of \(known)", field: "state")
        }
        return [state]
    }

    /// `GET /jobs/counts` → jobs by state, history included.
    @Sendable private func jobCounts(_ call: Endpoint) async throws -> [String: Int] {
        let tenant = call.tenant
        let counts = try await platform.store.bookkeeping { try $0.jobCounts(tenant: tenant) }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.name, $0.value) })
    }

    /// `GET /jobs/{number}` → with its payload; 404 `jobs.unknownJob`.
    @Sendable private func job(_ call: Endpoint) async throws -> JobReply {
        let number = try self.number(call)
        let row = try await platform.store.bookkeeping { try $0.job(number) }
        guard let row, row.tenant == call.tenant else { throw Self.unknownJob(number) }
        return JobReply(row, withPayload: true)
    }

    /// `POST /jobs/{number}/retry` → a finished job runs again from its first attempt; 409 while
    /// it is not finished.
    @Sendable private func retryJob(_ call: Endpoint) async throws -> JobReply {
        let number = try self.number(call)
        let desk = platform.jobs.desk
        _ = try await platform.store.write(call.call) { transaction in
            try desk.retry(number, in: transaction)
            return true
        }
        return try await job(call)
    }

    /// `POST /jobs/{number}/dismissal` → a failed job counts as dealt with; 409 unless discarded.
    @Sendable private func dismissJob(_ call: Endpoint) async throws -> JobReply {
        let number = try self.number(call)
        let desk = platform.jobs.desk
        _ = try await platform.store.write(call.call) { transaction in
            try desk.dismiss(number, in: transaction)
            return true
        }
        return try await job(call)
    }

    /// `GET /polls` → how reading of each connection's lists goes, with what is wrong since when.
    @Sendable private func polls(_ call: Endpoint) async throws -> ListReply<PollReply> {
        ListReply(
            items: try await platform.walmart.polls(tenant: call.tenant).map(PollReply.init),
            next: nil)
    }

    /// `GET /parked?after=&limit=` → events set aside, with why.
    @Sendable private func parked(_ call: Endpoint) async throws -> ListReply<ParkedReply> {
        let limit = try call.limit()
        let rows = try await parking.list(
            tenant: call.tenant, after: call.query("after").flatMap { Int64($0) } ?? 0,
            limit: limit)
        return ListReply(
            items: rows.map(ParkedReply.init),
            next: rows.count == limit ? rows.last.map { String($0.number) } : nil)
    }

    /// `POST /parked/{number}/retry` → tried at once; 404; 409 behind an earlier one.
    @Sendable private func retryParked(_ call: Endpoint) async throws -> [String: String] {
        try await parking.retry(try number(call), call: call.call)
        return ["status": "trying"]
    }

    /// `POST /parked/{number}/skip` `{reason}` → never handled; the key's next goes on.
    @Sendable private func skipParked(_ call: Endpoint) async throws -> [String: String] {
        let request: SkipRequest = try call.decode()
        try await parking.skip(try number(call), reason: request.reason, call: call.call)
        return ["status": "skipped"]
    }

    /// `POST /parked/{number}/replacement` → the body is handled in the event's place.
    @Sendable private func replaceParked(_ call: Endpoint) async throws -> [String: String] {
        let _: [String: JSONValue] = try call.decode()
        try await parking.replace(try number(call), data: call.body, call: call.call)
        return ["status": "trying"]
    }

    /// `GET /orders/{id}/raw` → what arrived about it, newest first, as it came. It holds personal
    /// data: the reading is written down.
    @Sendable private func raw(_ call: Endpoint) async throws -> ListReply<RawReply> {
        let id: OrderID = try call.context.identifier("id")
        let order = try await platform.orders.service.order(id, tenant: call.tenant).order
        try await platform.store.writeUnrepeated(call.call.withoutOperation) { transaction in
            try transaction.emit(RawRead(order: id), to: "rawReadings/\(id)")
        }
        let items = try await platform.walmart.raw(
            connection: order.connection, reference: order.reference, tenant: call.tenant,
            limit: 20)
        return ListReply(items: items.map { RawReply($0.item, $0.body) }, next: nil)
    }

    /// `POST /connections/{id}/imports` with an orders answer as JSON → how many were new.
    @Sendable private func importOrders(_ call: Endpoint) async throws -> [String: Int] {
        let (found, fresh) = try await platform.walmart.importOrders(
            call.body, into: try call.context.identifier("id"), call: call.call.withoutOperation)
        return ["found": found, "new": fresh]
    }

    /// `GET /verification` → invariants I1 to I6 over everything the tenant has.
    @Sendable private func verify(_ call: Endpoint) async throws -> VerificationReport {
        try await Verification(platform: platform, tenant: call.tenant).run()
    }

    private func number(_ call: Endpoint) throws -> Int64 {
        let text = call.context.parameters.get("number") ?? ""
        guard let number = Int64(text), number > 0 else {
            throw WebError(.notFound, "there is nothing under “\(text.prefix(40))”")
        }
        return number
    }

    private static func unknownJob(_ number: Int64) -> JobsError {
        JobsError(.unknownJob, "there is no job \(number)")
    }
}

extension Call {
    /// For reads that leave only an audit record: a repeat is another reading.
    var withoutOperation: Call {
        Call(tenant: tenant, actor: actor, at: at, correlation: correlation, cause: cause)
    }
}
