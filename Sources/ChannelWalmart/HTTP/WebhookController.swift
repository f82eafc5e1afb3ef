import Connectors
import Contracts
import Foundation
import HTTPTypes
import Hummingbird
import Jobs
import Kernel
import Security
import Storage
import Web

/// Takes Walmart's webhooks in: verified on the raw bytes, durable, then answered.
struct WebhookController: Sendable {
    let store: Store
    let inbox: Inbox
    let directory: any ConnectionDirectory
    let timekeeper: any Timekeeper

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.post("walmart/:tenant/:connection", use: receive)
        group.post("walmart/:tenant/:connection/token", use: token)
    }

    /// `POST /hooks/walmart/{tenant}/{connection}` → 200 once it is on disk; 401 for a forgery or an
    /// old signature; 404 for an unknown connection; 422 names what cannot be read.
    @Sendable private func receive(
        _ request: Request, _ context: APIContext
    ) async throws -> JSONReply<[String: String]> {
        let access = try await access(context)
        guard let webhook = access.webhook else {
            throw ChannelError(.connectionUnknown, "this connection takes no webhooks")
        }
        let body = try await request.wholeBody(upTo: context.maxUploadSize, within: .seconds(10))
        let headers = request.headers
        try WebhookVerifier(webhook).verify(
            .init(
                method: request.method.rawValue, pathAndQuery: request.uri.string,
                header: { name in HTTPField.Name(name).flatMap { headers[$0] } }, body: body),
            at: timekeeper.now)
        let event = try WalmartWebhook(json: body)
        let isNew = try await keep(event, body, access, context)
        if !isNew { FailurePoint.reach("webhook.duplicate") }
        return JSONReply(["status": isNew ? "accepted" : "duplicate"])
    }

    private func keep(
        _ event: WalmartWebhook, _ body: [UInt8], _ access: ConnectionAccess,
        _ context: APIContext
    ) async throws -> Bool {
        let call = Call(
            tenant: access.tenant, actor: Actor(.channel, access.id.rawValue), at: timekeeper.now,
            correlation: context.correlation)
        let inbox = inbox
        let write: @Sendable () async throws -> Bool = { [store] in
            try await store.writeUnrepeated(call, lane: .acknowledgement) { transaction in
                guard
                    let item = try inbox.keep(
                        .init(
                            connection: access.id, kind: "webhook." + event.type,
                            dedupeKey: "event:" + event.id,
                            subject: event.reference?.rawValue ?? "", raw: body),
                        in: transaction)
                else { return false }
                FailurePoint.pass("inbox.beforeCommit")
                let isOfUse = try event.enqueue(item, access.id, in: transaction)
                // What it causes is durable with it: nothing of it is still to be done.
                try inbox.mark(item.id, isOfUse ? .processed : .ignored, in: transaction)
                return true
            }
        }
        if FailurePoint.isPlanted("answerBeforeFsync") {
            // Wrong on purpose: answered while nothing is on disk yet.
            Task {
                try await Task.sleep(for: .milliseconds(200))
                _ = try await write()
            }
            return true
        }
        let isNew = try await write()
        FailurePoint.pass("inbox.afterCommit")
        return isNew
    }

    /// `POST …/token` → the bearer token for a connection whose webhooks use OAuth.
    @Sendable private func token(
        _ request: Request, _ context: APIContext
    ) async throws -> JSONReply<TokenReply> {
        let access = try await access(context)
        let sent = request.headers[.authorization]?.replacing("Basic ", with: "") ?? ""
        let pair = Data(base64Encoded: sent).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let parts = pair.split(separator: ":", maxSplits: 1).map(String.init)
        guard let webhook = access.webhook, webhook.method == .oauth, parts.count == 2,
            WebhookVerifier(webhook).mayFetchToken(user: parts[0], secret: parts[1])
        else { throw SecurityError(.signatureWrong, "client id or secret is wrong") }
        let (text, seconds) = WebhookVerifier(webhook).issueToken(at: timekeeper.now)
        return JSONReply(TokenReply(access_token: text, token_type: "Bearer", expires_in: seconds))
    }

    private func access(_ context: APIContext) async throws -> ConnectionAccess {
        let tenant: TenantID = try context.identifier("tenant")
        let connection: ConnectionID = try context.identifier("connection")
        guard let access = try await directory.access(to: connection, tenant: tenant),
            access.channel == WalmartModule.channel
        else { throw ChannelError(.connectionUnknown, "there is no such connection") }
        return access
    }
}

struct TokenReply: Encodable, Sendable {
    let access_token: String
    let token_type: String
    let expires_in: Int64
}

/// The envelope of a webhook, and what follows from its type.
struct WalmartWebhook: Sendable {
    private struct Body: Decodable {
        struct Source: Decodable {
            let eventType: LooseText?
            let eventId: LooseText?
        }

        struct Line: Decodable, Sendable {
            struct Measure: Decodable, Sendable {
                let measurementValue: LooseInteger?
                let amount: LooseInteger?
            }

            let lineNumber: LooseText?
            let quantity: Measure?
        }

        struct Payload: Decodable {
            let purchaseOrderId: LooseText?
            let orderLines: LooseList<Line>?
        }

        let source: Source?
        let payload: Payload?
    }

    let type: String
    let id: String
    let reference: ChannelReference?
    let lines: [LineQuantity]

    /// - Throws: `ChannelError.webhookMalformed` with the field.
    init(json: [UInt8]) throws {
        guard let body = try? JSONDecoder().decode(Body.self, from: Data(json)) else {
            throw ChannelError(
                .webhookMalformed, "the body is not a Walmart event", field: "(body)")
        }
        guard let type = body.source?.eventType?.value, (1...60).contains(type.utf8.count) else {
            throw ChannelError(.webhookMalformed, "is missing", field: "source.eventType")
        }
        guard let id = body.source?.eventId?.value, (1...200).contains(id.utf8.count) else {
            throw ChannelError(.webhookMalformed, "is missing", field: "source.eventId")
        }
        self.type = type
        self.id = id
        reference = body.payload?.purchaseOrderId?.value
            .flatMap(ChannelReference.init(rawValue:))
        lines = (body.payload?.orderLines?.elements ?? []).compactMap { line in
            let amount = line.quantity?.measurementValue?.value ?? line.quantity?.amount?.value
            guard let number = line.lineNumber?.value.flatMap(LineNumber.init(rawValue:)),
                let units = amount.flatMap({ Int(exactly: $0) }),
                let quantity = try? Quantity(units), !quantity.isZero
            else { return nil }
            return LineQuantity(line: number, quantity: quantity)
        }
        let needsOrder = ["PO_CREATED", "PO_LINE_AUTOCANCELLED", "INTENT_TO_CANCEL"].contains(type)
        guard !needsOrder || reference != nil else {
            throw ChannelError(.webhookMalformed, "is missing", field: "payload.purchaseOrderId")
        }
    }

    /// The event's body is a hint; the order itself is read from Walmart. Only a buyer's wish is
    /// nowhere else. - Returns: whether anything follows from it.
    func enqueue(
        _ item: InboxItem, _ connection: ConnectionID, in transaction: Transaction
    ) throws -> Bool {
        guard let reference else { return false }
        if type == "INTENT_TO_CANCEL" {
            try transaction.emit(
                CancellationAsked(
                    connection: connection, reference: reference, inbox: item.id, lines: lines),
                to: "walmart/\(connection)/\(reference)")
        }
        try transaction.enqueue(
            FetchOrder(connection: connection, reference: reference),
            FetchOrder.options(connection, reference))
        return true
    }
}
