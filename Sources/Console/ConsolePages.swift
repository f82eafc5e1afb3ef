import Contracts
import Foundation
import HTTPTypes
package import Hummingbird
package import Kernel
import NIOCore
import Storage
package import Web

/// The operator pages, rendered here; they ask the services only through the public API.
package struct ConsolePages: Sendable {
    private let source: any ConsoleSource
    private let timekeeper: any Timekeeper
    let views = ConsoleViews()

    package init(source: any ConsoleSource, timekeeper: any Timekeeper) {
        self.source = source
        self.timekeeper = timekeeper
    }

    package func addRoutes(to group: RouterGroup<APIContext>) {
        group.get("console.css") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/css"],
                body: .init(byteBuffer: ByteBuffer(string: ConsoleTemplates.style)))
        }
        group.get("/") { request, _ in try await shown { try await orders(request) } }
        group.get("orders/:id") { request, context in
            try await shown { try await order(request, context.parameters.get("id") ?? "") }
        }
        group.post("orders/:id/cancellations/:cancellation", use: answerWish)
        group.post("orders/:id/resolution", use: resolve)
        group.get("unmapped") { request, _ in try await shown { try await unmapped(request) } }
        group.post("unmapped", use: map)
        addIssueRoutes(to: group)
        group.get("trouble") { _, _ in try await shown { try await trouble() } }
        group.post("trouble/parked/:number", use: retryParked)
        group.post("trouble/jobs/:number", use: retryJob)
    }

    // MARK: - Pages

    private func orders(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let stage = String(query["stage"] ?? "")
        let number = String(query["number"] ?? "").prefix(60)
        let counts = try await fetch("/v1/orders/counts")
        var path = "/v1/orders?limit=50"
        if !number.isEmpty {
            path += "&number=" + Self.encoded(String(number))
        } else {
            if !stage.isEmpty { path += "&stage=" + Self.encoded(stage) }
            if let cursor = query["cursor"] { path += "&cursor=" + Self.encoded(String(cursor)) }
        }
        let list = try await fetch(path)
        let names = ["received", "released", "dispatched", "confirmed", "waiting", "failed"]
        let next = list["next"].flatMap { cursor -> String? in
            guard case .string(let text) = cursor else { return nil }
            return "/?cursor=\(text)" + (stage.isEmpty ? "" : "&stage=\(Self.encoded(stage))")
        }
        let page = OrdersPage(
            stages: [.init(name: "all", count: "", link: "/", mark: stage.isEmpty ? "on" : "")]
                + names.map {
                    .init(
                        name: $0, count: counts[$0].map(Shown.text) ?? "unknown",
                        link: "/?stage=\($0)", mark: stage == $0 ? "on" : "")
                }, number: String(number), rows: Shown.list(list["items"]).map(OrdersPage.Row.init),
            next: next)
        return html(views.render(page, "orders"))
    }

    private func order(_ request: Request, _ id: String) async throws -> Response {
        let path = "/v1/orders/" + Self.encoded(id)
        let detail = try await fetch(path)
        let timeline = try await fetch(path + "/timeline")
        let raw =
            request.uri.queryParameters["raw"] == nil ? nil : try await fetch(path + "/raw")
        let names = try await names("/v1/facilities")
        return html(
            views.render(
                OrderPage(detail, timeline: timeline, raw: raw, names: names), "order"))
    }

    private func unmapped(_ request: Request) async throws -> Response {
        let query = request.uri.queryParameters
        let cursor = query["cursor"].map { "&cursor=" + Self.encoded(String($0)) } ?? ""
        let list = try await fetch("/v1/listings/unmapped?limit=50" + cursor)
        let names = try await names("/v1/connections")
        let page = UnmappedPage(
            message: query["mapped"].map { "Mapped to \($0). Waiting orders are being released." },
            rows: Shown.list(list["items"]).map { UnmappedPage.Row($0, names) },
            next: list["next"].flatMap { value -> String? in
                guard case .string(let text) = value else { return nil }
                return "/unmapped?cursor=\(text)"
            })
        return html(views.render(page, "unmapped"))
    }

    private func trouble() async throws -> Response {
        let parked = try await fetch("/v1/parked?limit=100")
        let failed = try await fetch("/v1/jobs?state=discarded&limit=100")
        let retrying = try await fetch("/v1/jobs?state=retryable&limit=100")
        let page = TroublePage(
            parked: Shown.list(parked["items"]).map(TroublePage.Parked.init),
            failed: Shown.list(failed["items"]).map(TroublePage.Work.init),
            retrying: Shown.list(retrying["items"]).map(TroublePage.Work.init))
        return html(views.render(page, "trouble"))
    }

    // MARK: - Acting

    @Sendable private func map(_ request: Request, _ context: APIContext) async throws -> Response {
        let form = try await Self.form(request)
        let body = ["connection", "channelSKU", "sku"].reduce(into: [String: JSONValue]()) {
            $0[$1] = .string(form[$1] ?? "")
        }
        return try await act(
            "/v1/listings", .object(body),
            then: "/unmapped?mapped=" + Self.encoded(form["sku"] ?? ""))
    }

    @Sendable private func answerWish(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let form = try await Self.form(request)
        let order = Self.encoded(context.parameters.get("id") ?? "")
        let wish = Self.encoded(context.parameters.get("cancellation") ?? "")
        return try await act(
            "/v1/orders/\(order)/cancellations/\(wish)/answer",
            .object([
                "accept": .bool(form["answer"] == "accept"),
                "note": .string("answered in the console"),
            ]),
            then: "/orders/\(order)")
    }

    @Sendable private func resolve(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let form = try await Self.form(request)
        let order = Self.encoded(context.parameters.get("id") ?? "")
        return try await act(
            "/v1/orders/\(order)/resolution", .object(["note": .string(form["note"] ?? "")]),
            then: "/orders/\(order)")
    }

    @Sendable private func retryParked(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let number = Self.encoded(context.parameters.get("number") ?? "")
        return try await act("/v1/parked/\(number)/retry", .object([:]), then: "/trouble")
    }

    @Sendable private func retryJob(
        _ request: Request, _ context: APIContext
    ) async throws -> Response {
        let number = Self.encoded(context.parameters.get("number") ?? "")
        return try await act("/v1/jobs/\(number)/retry", .object([:]), then: "/trouble")
    }

    func act(_ path: String, _ body: JSONValue, then page: String) async throws -> Response {
        var generator = SystemRandomNumberGenerator()
        let key = "console-\(UInt64.random(in: .min ... .max, using: &generator))"
        let answer = try await source.post(path, body: BodyCoder.encode(body), key: key)
        guard (200..<300).contains(answer.status) else { return refusal(answer) }
        return Response(status: .seeOther, headers: [.location: page])
    }

    // MARK: - Parts

    /// The API's own refusal, carried to the page that shows it.
    private struct Refusal: Error {
        let answer: ConsoleAnswer
    }

    func shown(_ body: () async throws -> Response) async throws -> Response {
        do { return try await body() } catch let refusal as Refusal {
            return self.refusal(refusal.answer)
        }
    }

    private func refusal(_ answer: ConsoleAnswer) -> Response {
        let problem = try? BodyCoder.decode(JSONValue.self, from: answer.body)
        let page = ErrorPage(
            title: answer.status == 404 ? "Not found" : "That did not work",
            detail: Shown.text(problem?["detail"]))
        return html(views.render(page, "error"), status: .init(code: answer.status))
    }

    /// Names by identifier, for showing what people know a thing by.
    private func names(_ path: String) async throws -> [String: String] {
        let items = Shown.list(try await fetch(path)["items"])
        return Dictionary(items.map { (Shown.text($0["id"]), Shown.text($0["name"])) }) {
            first, _ in
            first
        }
    }

    func fetch(_ path: String) async throws -> JSONValue {
        let answer = try await source.get(path)
        guard answer.status == 200 else { throw Refusal(answer: answer) }
        return try BodyCoder.decode(JSONValue.self, from: answer.body)
    }

    func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: "text/html; charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(string: text)))
    }

    static func form(_ request: Request) async throws -> [String: String] {
        let body = String(decoding: try await request.wholeBody(upTo: 65_536), as: UTF8.self)
        return body.split(separator: "&").reduce(into: [:]) { form, pair in
            let parts = pair.split(separator: "=", maxSplits: 1).map { decoded($0) }
            if let name = parts.first { form[name] = parts.count > 1 ? parts[1] : "" }
        }
    }

    private static func decoded(_ text: Substring) -> String {
        text.replacing("+", with: " ").removingPercentEncoding ?? String(text)
    }

    static func encoded(_ text: String) -> String {
        text.utf8.map { byte -> String in
            let isPlain =
                (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
                || byte == 45 || byte == 95
            let digits = String(byte, radix: 16)
            return isPlain
                ? String(UnicodeScalar(byte)) : "%" + (digits.count < 2 ? "0" : "") + digits
        }.joined()
    }
}
