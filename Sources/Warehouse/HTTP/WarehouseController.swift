import Contracts
import Hummingbird
import Kernel
import Storage
import Web

/// The warehouse over HTTP.
struct WarehouseController: Sendable {
    let warehouse: WarehouseService
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get(
            "warehouse/work",
            use: Endpoint.route(timekeeper, reads: ["state", "cursor", "limit"], list))
        group.get("warehouse/work/:id", use: Endpoint.route(timekeeper, show))
        group.post("warehouse/work/:id/picking", use: Endpoint.route(timekeeper, pick))
        group.post("warehouse/work/:id/shortage", use: Endpoint.route(timekeeper, fallShort))
        group.post("warehouse/work/:id/packing", use: Endpoint.route(timekeeper, pack))
        group.post("warehouse/work/:id/dispatch", use: Endpoint.route(timekeeper, dispatch))
    }

    /// `GET /warehouse/work?state=&cursor=&limit=` → what is to do, longest waiting first; finished
    /// work only with its state.
    @Sendable private func list(_ call: Endpoint) async throws -> ListReply<WorkOrder> {
        let page = try await warehouse.page(
            state: call.choice("state"), after: call.cursor(), limit: call.limit(),
            tenant: call.tenant)
        return ListReply(items: page.items, next: page.next?.description)
    }

    /// `GET /warehouse/work/{id}` → 200; 404 `warehouse.unknownWork`.
    @Sendable private func show(_ call: Endpoint) async throws -> WorkOrder {
        try await warehouse.work(try call.context.identifier("id"), tenant: call.tenant)
    }

    /// `POST /warehouse/work/{id}/picking` → 200; 409 `warehouse.illegalTransition`.
    @Sendable private func pick(_ call: Endpoint) async throws -> WorkOrder {
        let _: NoMembers = try call.decode()
        return try await warehouse.pick(try call.context.identifier("id"), call: call.call)
    }

    /// `POST /warehouse/work/{id}/shortage` `{lines: [{line, quantity}], reason}` → 200 with what is
    /// left to pack; 409 once packed; 422 `warehouse.quantityTooLarge`.
    @Sendable private func fallShort(_ call: Endpoint) async throws -> WorkOrder {
        let request: ShortageRequest = try call.decode()
        return try await warehouse.fallShort(
            try call.context.identifier("id"), by: request.lines, reason: request.reason,
            call: call.creatingCall())
    }

    /// `POST /warehouse/work/{id}/packing` `{carrier?, trackingNumbers?}` → 200 with its boxes; 409;
    /// 422 where there are other boxes than numbers. Without numbers the boxes get made-up ones.
    @Sendable private func pack(_ call: Endpoint) async throws -> WorkOrder {
        let request: PackingRequest = try call.decode()
        return try await warehouse.pack(
            try call.context.identifier("id"),
            labels: request.trackingNumbers.map {
                .init(carrier: request.carrier ?? "", trackingNumbers: $0)
            }, call: call.call)
    }

    /// `POST /warehouse/work/{id}/dispatch` → 200; 409 `warehouse.blocked` with the reason.
    @Sendable private func dispatch(_ call: Endpoint) async throws -> WorkOrder {
        let _: NoMembers = try call.decode()
        return try await warehouse.dispatch(
            try call.context.identifier("id"), call: call.creatingCall())
    }
}

struct ShortageRequest: Decodable, Sendable {
    let lines: [LineQuantity]
    let reason: String
}

struct PackingRequest: Decodable, Sendable {
    let carrier: String?
    let trackingNumbers: [String]?
}

/// A body that says nothing.
struct NoMembers: Decodable, Sendable {}
