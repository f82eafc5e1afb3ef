import Connectors
package import Contracts
import Foundation
import Jobs
import Kernel

/// What is called on Walmart; each has a published limit of its own.
package enum WalmartOperation: String, Sendable, CaseIterable {
    case listReleased, listOrders, getOrder, acknowledge, ship, cancel

    /// Calls a minute. Source: Walmart's rate limiting page, read 2026; where it names no figure
    /// for a call, the lowest it names for orders.
    package var publishedPerMinute: Int {
        switch self {
        case .listReleased, .listOrders, .getOrder: 5000
        case .acknowledge, .ship, .cancel: 1000
        }
    }

    package func limit(_ connection: ConnectionID) -> String {
        "walmart:\(connection):\(rawValue)"
    }
}

/// One page of orders, each as it came.
struct WalmartPage: Sendable {
    let orders: [[UInt8]]
    /// A ready-made query that begins with `?`, to be appended as it is; `nil` after the last page.
    let nextCursor: String?
    /// The channel's own time; `nil` where it does not tell.
    var date: Instant?
}

/// Walmart's order calls: limits kept, tokens renewed, errors told apart.
struct WalmartAPI: Sendable {
    let access: ConnectionAccess
    let http: any HTTPExchange
    let tokens: WalmartTokens
    let allowance: Allowance
    /// Throws where the attempt may begin no call any more.
    let confirm: @Sendable () throws -> Void
    let timekeeper: any Timekeeper
    /// What the call belongs to; passed on where it is a trace's identifier.
    let trace: String

    func releasedOrders(query: String, isFirst: Bool) async throws -> WalmartPage {
        try await page(.listReleased, "/v3/orders/released" + query, isFirst)
    }

    func orders(query: String, isFirst: Bool) async throws -> WalmartPage {
        try await page(.listOrders, "/v3/orders" + query, isFirst)
    }

    /// - Throws: `ChannelError.notFound`.
    func order(_ reference: ChannelReference) async throws -> [UInt8] {
        let body = try await call(.getOrder, "GET", "/v3/orders/\(Self.segment(reference))")
        return JSONSlices.value(of: ["order"], in: body) ?? body
    }

    func acknowledge(_ reference: ChannelReference) async throws {
        _ = try await call(
            .acknowledge, "POST", "/v3/orders/\(Self.segment(reference))/acknowledge", [])
    }

    func ship(_ reference: ChannelReference, _ body: [UInt8]) async throws {
        _ = try await call(.ship, "POST", "/v3/orders/\(Self.segment(reference))/shipping", body)
    }

    func cancel(_ reference: ChannelReference, _ body: [UInt8]) async throws {
        _ = try await call(.cancel, "POST", "/v3/orders/\(Self.segment(reference))/cancel", body)
    }

    private static func segment(_ reference: ChannelReference) -> String {
        reference.rawValue.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? "_"
    }

    private func page(
        _ operation: WalmartOperation, _ path: String, _ isFirst: Bool
    ) async throws -> WalmartPage {
        let (answered, date) = try await answer(operation, "GET", path, mayBeNothing: isFirst)
        guard let body = answered else {
            return WalmartPage(orders: [], nextCursor: nil, date: date)
        }
        guard let orders = JSONSlices.elements(of: ["list", "elements", "order"], in: body) else {
            guard JSONSlices.value(of: ["list"], in: body) != nil else {
                throw ChannelError(.answerMalformed, "the page is not a list of orders")
            }
            return WalmartPage(orders: [], nextCursor: nil, date: date)
        }
        let raw = JSONSlices.value(of: ["list", "meta", "nextCursor"], in: body) ?? []
        let cursor = try? JSONDecoder().decode(String.self, from: Data(raw))
        guard let cursor, !cursor.isEmpty else {
            return WalmartPage(orders: orders, nextCursor: nil, date: date)
        }
        guard cursor.hasPrefix("?") else {
            throw ChannelError(.answerMalformed, "the next page's cursor is no query")
        }
        return WalmartPage(orders: orders, nextCursor: cursor, date: date)
    }

    private func call(
        _ operation: WalmartOperation, _ method: String, _ path: String, _ body: [UInt8] = []
    ) async throws -> [UInt8] {
        let answered = try await answer(operation, method, path, body).body
        return answered ?? []
    }

    /// - Parameter mayBeNothing: no orders is said to be an error on some calls; then it is no body.
    private func answer(
        _ operation: WalmartOperation, _ method: String, _ path: String, _ body: [UInt8] = [],
        mayBeNothing: Bool = false
    ) async throws -> (body: [UInt8]?, date: Instant?) {
        var isFirst = true
        while true {
            let limit = operation.limit(access.id)
            try allowance.spend(on: limit)
            let token = try await tokens.token(for: access)
            // After all that was waited for, and once more as it leaves: what is sent cannot be
            // taken back.
            try confirm()
            let response = try await http.send(request(method, path, token, body))
            let date = response.header("date").flatMap(HTTPDate.instant)
            if (200..<300).contains(response.status) { return (response.body, date) }
            let fault = WalmartErrors.fault(response, now: timekeeper.now)
            let isNothing =
                fault.reason == .notFound && fault.detail.hasPrefix("CONTENT_NOT_FOUND")
            if mayBeNothing, isNothing { return (nil, date) }
            if fault.reason == .throttled, let wait = fault.retryAfter {
                allowance.pause(limit, for: wait)
            }
            guard fault.reason == .unauthorised, isFirst else { throw fault }
            // A token may run out between two pages: once more with a new one.
            await tokens.drop(token, of: access.id)
            isFirst = false
        }
    }

    private func request(
        _ method: String, _ path: String, _ token: String, _ body: [UInt8]
    ) -> OutboundRequest {
        var headers = [
            ("WM_SEC.ACCESS_TOKEN", token), ("WM_QOS.CORRELATION_ID", UUID().uuidString),
            ("WM_SVC.NAME", "Walmart Marketplace"), ("Accept", "application/json"),
        ]
        if let trace = TraceContext(traceID: trace) {
            headers.append(("traceparent", trace.traceparent(span: .random(in: 1 ... .max))))
        }
        if method == "POST" { headers.append(("Content-Type", "application/json")) }
        return OutboundRequest(
            method: method, url: access.baseURL + path, headers: headers, body: body,
            mayLeave: confirm)
    }
}
