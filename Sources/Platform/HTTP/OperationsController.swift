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

/// Events, parked work and raw arrivals over HTTP.
struct OperationsController: Sendable {
    let platform: Platform
    private var timekeeper: any Timekeeper { platform.timekeeper }
    private var parking: Parking { platform.parking }

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
        group.get("events", use: Endpoint.route(timekeeper, reads: ["after", "limit"], events))
        group.get("polls", use: Endpoint.route(timekeeper, polls))
        group.get(
            "parked",
            use: Endpoint.route(
                timekeeper, reads: ["subscription", "code", "heads", "after", "limit"], parked))
        group.post("parked/retry", use: Endpoint.route(timekeeper, retryMany))
        group.post("parked/skip", use: Endpoint.route(timekeeper, skipMany))
        group.post("parked/:number/retry", use: Endpoint.route(timekeeper, retryParked))
        group.post("parked/:number/skip", use: Endpoint.route(timekeeper, skipParked))
        group.post("parked/:number/replacement", use: Endpoint.route(timekeeper, replaceParked))
        group.get("orders/:id/raw", use: Endpoint.route(timekeeper, raw))
        group.get("arrivals/:id", use: Endpoint.route(timekeeper, arrival))
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

    /// `GET /polls` → how reading of each connection's lists goes, with what is wrong since when.
    @Sendable private func polls(_ call: Endpoint) async throws -> ListReply<PollReply> {
        ListReply(
            items: try await platform.walmart.polls(tenant: call.tenant).map(PollReply.init),
            next: nil)
    }

    /// `GET /parked?subscription=&code=&heads=true&after=&limit=` → events set aside, with why; with
    /// `heads` only the first of each key.
    @Sendable private func parked(_ call: Endpoint) async throws -> ListReply<ParkedReply> {
        let filter = ParkedFilter(
            subscription: call.query("subscription"), faultCode: call.query("code"),
            isHead: try call.flag("heads"))
        let (rows, next) = try await parking.list(
            filter, tenant: call.tenant, after: try call.place("after") ?? 0,
            limit: try call.limit())
        return ListReply(items: rows.map(ParkedReply.init), next: next.map(String.init))
    }

    /// `POST /parked/retry` `{numbers}` → those, up to 500, are tried at once; what became of each.
    @Sendable private func retryMany(
        _ call: Endpoint
    ) async throws -> ListReply<ParkedOutcomeReply> {
        let request: ParkedManyRequest = try call.decode()
        return try await many(.retry, request, "trying", call)
    }

    /// `POST /parked/skip` `{numbers, reason}` → none of those, up to 500, is ever handled, and the
    /// next of each key goes on; what became of each.
    @Sendable private func skipMany(_ call: Endpoint) async throws -> ListReply<ParkedOutcomeReply>
    {
        let request: ParkedManyRequest = try call.decode()
        return try await many(.skip(reason: request.reason ?? ""), request, "skipped", call)
    }

    private func many(
        _ action: ParkedAction, _ request: ParkedManyRequest, _ done: String, _ call: Endpoint
    ) async throws -> ListReply<ParkedOutcomeReply> {
        let outcomes = try await parking.apply(action, to: request.numbers, call: call.call)
        return ListReply(items: outcomes.map { ParkedOutcomeReply($0, done) }, next: nil)
    }

    /// `POST /parked/{number}/retry` → tried at once; 404; 409 behind an earlier one.
    @Sendable private func retryParked(_ call: Endpoint) async throws -> [String: String] {
        try await parking.retry(try call.number(), call: call.call)
        return ["status": "trying"]
    }

    /// `POST /parked/{number}/skip` `{reason}` → never handled; the key's next goes on.
    @Sendable private func skipParked(_ call: Endpoint) async throws -> [String: String] {
        let request: SkipRequest = try call.decode()
        try await parking.skip(try call.number(), reason: request.reason, call: call.call)
        return ["status": "skipped"]
    }

    /// `POST /parked/{number}/replacement` → the body is handled in the event's place.
    @Sendable private func replaceParked(_ call: Endpoint) async throws -> [String: String] {
        let _: [String: JSONValue] = try call.decode()
        try await parking.replace(try call.number(), data: call.body, call: call.call)
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

    /// `GET /arrivals/{id}` → one arrival as it came, such as a job's payload names it; 404. The
    /// reading is written down.
    @Sendable private func arrival(_ call: Endpoint) async throws -> RawReply {
        let id: Identifier<InboxTag> = try call.context.identifier("id")
        let found = try await platform.walmart.raw(id, tenant: call.tenant)
        try await platform.store.writeUnrepeated(call.call.withoutOperation) { transaction in
            try transaction.emit(ArrivalRead(arrival: id), to: "rawReadings/\(id)")
        }
        return RawReply(found.item, found.body)
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

}

extension Call {
    /// For reads that leave only an audit record: a repeat is another reading.
    var withoutOperation: Call {
        Call(tenant: tenant, actor: actor, at: at, correlation: correlation, cause: cause)
    }
}
