import Contracts
import Hummingbird
import Kernel
import Storage
import Web

/// Orders over HTTP. Handlers decode, call and encode; the business is elsewhere.
struct OrdersController: Sendable {
    let orders: OrdersService
    let contacts: ContactsService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get(
            "orders",
            use: Endpoint.route(
                timekeeper, reads: ["status", "stage", "number", "exact", "cursor", "limit"], list))
        group.get("orders/counts", use: Endpoint.route(timekeeper, counts))
        group.get("orders/:id", use: Endpoint.route(timekeeper, reads: ["asOf"], show))
        group.get("orders/:id/timeline", use: Endpoint.route(timekeeper, timeline))
        group.post("orders/:id/cancellation", use: Endpoint.route(timekeeper, cancel))
        group.post(
            "orders/:id/cancellations/:cancellation/answer",
            use: Endpoint.route(timekeeper, answer))
        group.post("orders/:id/holds", use: Endpoint.route(timekeeper, status: .created, hold))
        group.post("orders/:id/holds/:hold/lift", use: Endpoint.route(timekeeper, lift))
        group.post("orders/:id/abandonment", use: Endpoint.route(timekeeper, abandon))
        group.post("orders/:id/resolution", use: Endpoint.route(timekeeper, resolve))
        group.post("contacts/:id/erasure", use: Endpoint.route(timekeeper, eraseContact))
        group.post("contacts/:id/reading", use: Endpoint.route(timekeeper, readContact))
    }

    /// `GET /orders?status=&stage=&number=&exact=&cursor=&limit=` → newest first; 422 for an unknown filter.
    @Sendable private func list(_ call: Endpoint) async throws -> ListReply<OrderResponse> {
        let now = timekeeper.now
        if let number = call.query("number"), !number.isEmpty {
            let status: OrderStatus? = try call.choice("status")
            let stage: OrderStage? = try call.choice("stage")
            let isWhole = try call.flag("exact")
            let found = try await orders.search(
                number: number + (isWhole ? "/" : ""), limit: call.limit(), tenant: call.tenant
            ).filter { (status ?? $0.status) == $0.status && (stage ?? $0.stage) == $0.stage }
                .sorted { $0.placedAt > $1.placedAt }
            return ListReply(items: found.map { OrderResponse($0, at: now) }, next: nil)
        }
        let page = try await orders.page(
            status: call.choice("status"), stage: call.choice("stage"), after: call.cursor(),
            limit: call.limit(), tenant: call.tenant)
        return ListReply(
            items: page.items.map { OrderResponse($0, at: now) }, next: page.next?.description)
    }

    /// `GET /orders/counts` → orders by stage; each counted up to 100,000.
    @Sendable private func counts(_ call: Endpoint) async throws -> [String: Int] {
        let counts = try await orders.stageCounts(tenant: call.tenant, limit: 100_000)
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.rawValue, $0.value) })
    }

    /// `GET /orders/{id}?asOf=` → 200 order with its work; 404 `orders.unknownOrder`.
    @Sendable private func show(_ call: Endpoint) async throws -> OrderDetailResponse {
        let id: OrderID = try call.context.identifier("id")
        if let text = call.query("asOf") {
            guard let instant = Instant(text) else {
                throw WebError(.parameterMalformed, "expected a time", field: "asOf")
            }
            guard let order = try await orders.order(id, asOf: instant, tenant: call.tenant) else {
                throw OrdersError(.unknownOrder, "there was no order \(id) then")
            }
            return OrderDetailResponse(
                OrderView(order: order, fulfilmentOrders: []), at: instant)
        }
        return OrderDetailResponse(
            try await orders.order(id, tenant: call.tenant), at: timekeeper.now)
    }

    /// `GET /orders/{id}/timeline` → everything that happened, oldest first.
    @Sendable private func timeline(_ call: Endpoint) async throws -> ListReply<TimelineEntry> {
        let events = try await orders.timeline(
            try call.context.identifier("id"), tenant: call.tenant)
        return ListReply(items: try events.map(TimelineEntry.init), next: nil)
    }

    /// `POST /orders/{id}/cancellation` `{lines?, reason, note?}` → 200; 409
    /// `orders.illegalTransition`; 422 `orders.quantityTooLarge`.
    @Sendable private func cancel(_ call: Endpoint) async throws -> OrderResponse {
        let request: CancelRequest = try call.decode()
        if request.lines?.isEmpty == true {
            throw WebError(
                .parameterMalformed, "is empty; leave it out to cancel all that has not left",
                field: "lines")
        }
        let order = try await orders.cancel(
            try call.context.identifier("id"), lines: request.lines ?? [],
            cause: request.reason.cause, note: request.note ?? "", call: call.creatingCall())
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /orders/{id}/cancellations/{id}/answer` `{accept, note?}` → 200; 409 when answered.
    @Sendable private func answer(_ call: Endpoint) async throws -> OrderResponse {
        let request: CancellationAnswerRequest = try call.decode()
        let order = try await orders.answerCancellation(
            try call.context.identifier("cancellation"), of: try call.context.identifier("id"),
            isAccepted: request.accept, note: request.note ?? "", call: call.call)
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /orders/{id}/holds` `{kind, note, until?, atDeadline?}` → 201.
    @Sendable private func hold(_ call: Endpoint) async throws -> OrderResponse {
        let request: HoldRequest = try call.decode()
        guard request.note.contains(where: { !$0.isWhitespace }) else {
            throw OrdersError(.reasonMissing, "say why it is held", field: "note")
        }
        if request.atDeadline != nil, request.until == nil {
            throw WebError(.parameterMalformed, "needs a time: say until", field: "atDeadline")
        }
        if let until = request.until, until <= timekeeper.now {
            throw WebError(.parameterMalformed, "must lie ahead", field: "until")
        }
        let order = try await orders.hold(
            try call.context.identifier("id"), kind: request.kind, note: request.note,
            until: request.until, atDeadline: request.atDeadline ?? .report,
            call: call.creatingCall())
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /orders/{id}/holds/{id}/lift` `{note?}` → 200; 404 `orders.unknownHold`.
    @Sendable private func lift(_ call: Endpoint) async throws -> OrderResponse {
        let request: NoteRequest = try call.decode()
        let order = try await orders.lift(
            try call.context.identifier("hold"), of: try call.context.identifier("id"),
            note: request.note ?? "", call: call.call)
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /orders/{id}/abandonment` `{note}` → 200; 409 unless quarantined.
    @Sendable private func abandon(_ call: Endpoint) async throws -> OrderResponse {
        let request: NoteRequest = try call.decode()
        let order = try await orders.abandon(
            try call.context.identifier("id"), note: request.note ?? "", call: call.call)
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /orders/{id}/resolution` `{note}` → 200, its troubles dealt with; 409 when it has none.
    @Sendable private func resolve(_ call: Endpoint) async throws -> OrderResponse {
        let request: NoteRequest = try call.decode()
        let order = try await orders.resolve(
            try call.context.identifier("id"), note: request.note ?? "", call: call.call)
        return OrderResponse(order, at: timekeeper.now)
    }

    /// `POST /contacts/{id}/erasure` `{reason: request | other}` → 200, the person's data gone for ever, here and in
    /// what arrived about the order; 404 `orders.unknownContact`.
    @Sendable private func eraseContact(_ call: Endpoint) async throws -> [String: String] {
        let request: ErasureRequest = try call.decode()
        let id: ContactID = try call.context.identifier("id")
        try await contacts.erase(id, reason: request.reason, call: call.call)
        return ["contact": id.rawValue, "state": "erased"]
    }

    /// `POST /contacts/{id}/reading` `{purpose}` → 200 the details; the reading is written down.
    @Sendable private func readContact(_ call: Endpoint) async throws -> ContactDetails {
        let request: ReadingRequest = try call.decode()
        guard !request.purpose.isEmpty else {
            throw OrdersError(.reasonMissing, "say what it is read for", field: "purpose")
        }
        return try await contacts.read(
            try call.context.identifier("id"), purpose: request.purpose, call: call.call)
    }
}
