import Foundation
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

/// The marketplace's own calls, as its documents describe them.
struct MarketplaceRoutes: Sendable {
    typealias Context = SandboxContext

    let world: SharedWorld
    let timekeeper: any Timekeeper

    private var now: Int64 { timekeeper.now.microseconds / 1000 }

    func add(to router: Router<Context>) {
        router.post("v3/token", use: token)
        router.get("v3/orders/released") { request, _ in
            await guarded("listReleased", "", "", request) { seller in
                list(request, seller, path: "/v3/orders/released") { $0.isReleased }
            }
        }
        router.get("v3/orders") { request, _ in
            await guarded("listOrders", "", "", request) { seller in
                let since = moment(request, "lastModifiedStartDate") ?? .min
                return list(request, seller, path: "/v3/orders") { $0.changedAt >= since }
            }
        }
        router.get("v3/orders/:id") { request, context in
            let id = context.parameters.get("id") ?? ""
            return await guarded("getOrder", id, "", request) { seller in show(id, seller) }
        }
        router.post("v3/orders/:id/acknowledge") { request, context in
            let id = context.parameters.get("id") ?? ""
            return await guarded("acknowledge", id, "", request) { seller in
                let now = now
                return answer(id, world.with { $0.acknowledge(id, seller: seller, at: now) })
            }
        }
        router.post("v3/orders/:id/shipping", use: ship)
        router.post("v3/orders/:id/cancel", use: cancel)
    }

    // MARK: - Token

    @Sendable private func token(_ request: Request, _ context: Context) async throws -> Response {
        let sent = request.headers[.authorization]?.replacing("Basic ", with: "") ?? ""
        let pair = Data(base64Encoded: sent).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = pair.split(separator: ":", maxSplits: 1).map(String.init)
        let now = now
        let issued = world.with { world -> String? in
            guard parts.count == 2, let seller = world.sellers[parts[0]],
                seller.clientSecret == parts[1]
            else { return nil }
            return world.issueToken(to: parts[0], at: now)
        }
        guard let issued else {
            return error(401, "UNAUTHORIZED.GMP_GATEWAY_API", "client id or secret is wrong")
        }
        let seconds = world.with { $0.tokenSeconds }
        return reply(
            .object([
                ("access_token", .text(issued)), ("token_type", .text("Bearer")),
                ("expires_in", .integer(seconds)),
            ]))
    }

    // MARK: - Reading

    private func moment(_ request: Request, _ name: String) -> Int64? {
        request.uri.queryParameters[Substring(name)].flatMap { Instant(String($0)) }
            .map { $0.microseconds / 1000 }
    }

    private func list(
        _ request: Request, _ seller: String, path: String,
        where matches: @escaping @Sendable (SandboxOrder) -> Bool
    ) -> Response {
        let query = request.uri.queryParameters
        let limit = min(query["limit"].flatMap { Int($0) } ?? 100, 200)
        let position = query["poIndex"].flatMap { Int($0) } ?? 0
        let since = moment(request, "createdStartDate") ?? now - 7 * 86_400_000
        let now = now
        let page = world.with {
            $0.page(seller: seller, after: position, limit: limit, at: now) {
                $0.createdAt >= since && matches($0)
            }
        }
        guard !page.orders.isEmpty || position > 0 else {
            return error(404, "CONTENT_NOT_FOUND.GMP_ORDER_API", "no orders found")
        }
        let filters = ["createdStartDate", "lastModifiedStartDate"].compactMap { name in
            query[Substring(name)].map { "&\(name)=\($0)" }
        }.joined()
        let next = page.next.map {
            SandboxJSON.text("?limit=\(limit)&hasMoreElements=true&poIndex=\($0)\(filters)")
        }
        return reply(
            .object([
                (
                    "list",
                    .object([
                        (
                            "meta",
                            .object([
                                ("totalCount", .integer(page.total)), ("limit", .integer(limit)),
                                ("nextCursor", next ?? .null),
                            ])
                        ),
                        ("elements", .object([("order", .list(page.orders.map(\.json)))])),
                    ])
                )
            ]))
    }

    private func show(_ id: String, _ seller: String) -> Response {
        guard let order = world.with({ $0.orders[id] }), order.seller == seller else {
            return error(404, "CONTENT_NOT_FOUND.GMP_ORDER_API", "no such order")
        }
        return reply(.object([("order", order.json)]))
    }

    // MARK: - Writing

    private struct ShipBody: Decodable {
        struct Shipment: Decodable { let orderLines: Lines }
        struct Lines: Decodable { let orderLine: [Line] }
        struct Line: Decodable {
            let lineNumber: String
            let orderLineStatuses: Statuses
        }
        struct Statuses: Decodable { let orderLineStatus: [Status] }
        struct Status: Decodable {
            let status: String
            let statusQuantity: Amount
            let trackingInfo: Tracking
        }
        struct Amount: Decodable { let amount: String }
        struct Tracking: Decodable {
            struct Carrier: Decodable { let carrier: String? }
            let shipDateTime: Int64
            let carrierName: Carrier
            let trackingNumber: String
        }
        let orderShipment: Shipment
    }

    @Sendable private func ship(_ request: Request, _ context: Context) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        let bytes = try await request.body.collect(upTo: 1_048_576)
        guard
            let body = try? JSONDecoder().decode(ShipBody.self, from: Data(bytes.readableBytesView))
        else { return error(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", "unreadable shipment") }
        let parts = body.orderShipment.orderLines.orderLine.flatMap { line in
            line.orderLineStatuses.orderLineStatus.map { status in
                ShipPart(
                    line: line.lineNumber, quantity: Int(status.statusQuantity.amount) ?? 0,
                    carrier: status.trackingInfo.carrierName.carrier ?? "",
                    tracking: status.trackingInfo.trackingNumber,
                    shippedAt: status.trackingInfo.shipDateTime)
            }
        }
        return await guarded("ship", id, parts.first?.tracking ?? "", request) { seller in
            let now = now
            return answer(id, world.with { $0.ship(id, seller: seller, parts, at: now) })
        }
    }

    private struct CancelBody: Decodable {
        struct Cancellation: Decodable { let orderLines: Lines }
        struct Lines: Decodable { let orderLine: [Line] }
        struct Line: Decodable {
            let lineNumber: String
            let orderLineStatuses: Statuses
        }
        struct Statuses: Decodable { let orderLineStatus: [Status] }
        struct Status: Decodable {
            let cancellationReason: String
            let statusQuantity: Amount
        }
        struct Amount: Decodable { let amount: String }
        let orderCancellation: Cancellation
    }

    @Sendable private func cancel(_ request: Request, _ context: Context) async throws -> Response {
        let id = context.parameters.get("id") ?? ""
        let bytes = try await request.body.collect(upTo: 1_048_576)
        guard
            let body = try? JSONDecoder().decode(
                CancelBody.self, from: Data(bytes.readableBytesView))
        else {
            return error(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", "unreadable cancellation")
        }
        let parts = body.orderCancellation.orderLines.orderLine.flatMap { line in
            line.orderLineStatuses.orderLineStatus.map {
                (line: line.lineNumber, quantity: Int($0.statusQuantity.amount) ?? 0)
            }
        }
        return await guarded("cancel", id, "", request) { seller in
            let now = now
            return answer(id, world.with { $0.cancel(id, by: seller, parts, at: now) })
        }
    }

    private func answer(_ id: String, _ trouble: String?) -> Response {
        if let trouble {
            return trouble == "not found"
                ? error(404, "CONTENT_NOT_FOUND.GMP_ORDER_API", "no such order")
                : error(400, "INVALID_REQUEST_CONTENT.GMP_ORDER_API", trouble)
        }
        guard let order = world.with({ $0.orders[id] }) else { return Response(status: .ok) }
        return reply(.object([("order", order.json)]))
    }
}

// MARK: - Guarding

extension MarketplaceRoutes {
    private struct Cut: Error {}

    /// Token, limit and trouble on demand around one call; everything goes into the ledger.
    private func guarded(
        _ operation: String, _ order: String, _ subject: String, _ request: Request,
        _ body: @Sendable (String) -> Response
    ) async -> Response {
        let now = now
        let sent = HTTPField.Name("WM_SEC.ACCESS_TOKEN").flatMap { request.headers[$0] } ?? ""
        guard let seller = world.with({ $0.seller(ofToken: sent, at: now) }) else {
            return error(401, "UNAUTHORIZED.GMP_GATEWAY_API", "token expired", isBare: true)
        }
        let trace = HTTPField.Name("traceparent").flatMap { request.headers[$0] } ?? ""
        let (place, trouble, full) = world.with {
            (
                $0.ledger.call(
                    seller: seller, operation: operation, order: order, subject: subject,
                    trace: trace, at: now),
                $0.faults.next(for: operation), $0.admit(operation, of: seller, at: now)
            )
        }
        var response: Response
        if full != nil {
            response = throttled(full)
        } else {
            switch trouble {
            case .throttled: response = throttled(now + 500)
            case .throttledBare: response = throttled(nil)
            case .error500: response = error(500, "SYSTEM_ERROR.GMP_ORDER_API", "try again")
            case .html503: response = html()
            case .expireToken:
                world.with { $0.expireTokens(of: seller) }
                response = error(401, "UNAUTHORIZED.GMP_GATEWAY_API", "token expired", isBare: true)
            case .cutBefore: response = Response(status: .ok)
            case .slow:
                response = body(seller)
                // Who hangs up meanwhile waits no longer.
                try? await timekeeper.sleep(for: SandboxFault.delay)
            case .cutAfter, nil: response = body(seller)
            }
        }
        let isCut = full == nil && (trouble == .cutBefore || trouble == .cutAfter)
        let status = isCut ? 0 : response.status.code
        world.with { $0.ledger.answered(place, status: status, isCut: isCut) }
        if isCut { response.body = .init(contentLength: 512) { _ in throw Cut() } }
        return response
    }

    private func throttled(_ until: Int64?) -> Response {
        var response = error(
            429, "REQUEST_THRESHOLD_VIOLATED.GMP_GATEWAY_API", "Too many requests")
        guard let until else { return response }
        for (name, value) in [
            ("X-Current-Token-Count", "0"), ("X-Next-Replenishment-Time", String(until)),
        ] {
            if let name = HTTPField.Name(name) { response.headers[name] = value }
        }
        return response
    }

    private func html() -> Response {
        Response(
            status: .serviceUnavailable, headers: [.contentType: "text/html"],
            body: .init(
                byteBuffer: ByteBuffer(string: "<html><body>Service unavailable</body></html>")))
    }

    private func reply(_ json: SandboxJSON) -> Response {
        Response(
            status: .ok, headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: json.rendered)))
    }

    /// An error in one of the two documented shapes.
    private func error(
        _ status: Int, _ code: String, _ description: String, isBare: Bool = false
    ) -> Response {
        let entry = SandboxJSON.object([
            ("code", .text(code)), ("description", .text(description)),
            ("info", .text(description)), ("severity", .text("ERROR")),
            ("category", .text("DATA")), ("causes", .list([])), ("errorIdentifiers", .object([])),
        ])
        let list = SandboxJSON.object([("error", .list([entry]))])
        let body = isBare ? list : .object([("errors", list)])
        return Response(
            status: .init(code: status), headers: [.contentType: "application/json"],
            body: .init(byteBuffer: ByteBuffer(string: body.rendered)))
    }
}
