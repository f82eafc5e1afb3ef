import FoundationEssentials
import HTTPTypes
package import Hummingbird
package import Kernel
import Security
package import Storage

/// What a handler has at hand: the request's words, who asks, and the call it makes.
package struct Endpoint: Sendable {
    package let request: Request
    package let context: APIContext
    package let identity: Identity
    package let body: [UInt8]
    private let now: Instant

    package var tenant: TenantID { identity.tenant }

    /// A call that may be repeated with its `Idempotency-Key`, where it has one.
    package var call: Call {
        let key = request.headers[HTTPField.Name.idempotencyKey]
        let path = request.uri.path
        return Call(
            tenant: identity.tenant, actor: identity.actor, at: now,
            correlation: context.correlation,
            operation: key.map { OperationID("key:\(request.method.rawValue) \(path):\($0)") },
            fingerprint: key == nil ? "" : Digest.sha256Hex(body))
    }

    /// - Throws: `WebError.idempotencyKeyMissing`: what creates must be safe to repeat.
    package func creatingCall() throws -> Call {
        let key = request.headers[HTTPField.Name.idempotencyKey] ?? ""
        guard (1...200).contains(key.utf8.count) else {
            throw WebError(
                .idempotencyKeyMissing,
                "send an Idempotency-Key header of 1 to 200 characters, new for each new request",
                field: "Idempotency-Key")
        }
        return call
    }

    /// The body as JSON; no body at all says nothing, as `{}` does.
    package func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
        try JSONBody.decode(type, from: body.isEmpty ? Array("{}".utf8) : body)
    }

    package func query(_ name: String) -> String? {
        request.uri.queryParameters[Substring(name)].map(String.init)
    }

    /// - Throws: `WebError.parameterMalformed` outside 1...500.
    package func limit(default standard: Int = 50) throws -> Int {
        guard let text = query("limit") else { return standard }
        guard let limit = Int(text), (1...500).contains(limit) else {
            throw WebError(.parameterMalformed, "must be 1 to 500", field: "limit")
        }
        return limit
    }

    /// Wraps a handler as a route: reads the body, makes the call, encodes the answer.
    /// - Parameter reads: the query parameters it knows. Any other is refused, and so is one given
    ///   twice: a filter that is misspelt must not show everything.
    package static func route<Reply: Encodable & Sendable>(
        _ timekeeper: any Timekeeper, status: HTTPResponse.Status = .ok,
        reads known: Set<String> = [], bodyLimit: Int = 1_048_576,
        _ handler: @escaping @Sendable (Endpoint) async throws -> Reply
    ) -> @Sendable (Request, APIContext) async throws -> JSONReply<Reply> {
        { request, context in
            let identity = try context.requireIdentity()
            try refuseUnknown(request, known)
            let body = try await request.wholeBody(upTo: bodyLimit)
            let endpoint = Endpoint(
                request: request, context: context, identity: identity, body: body,
                now: timekeeper.now)
            return JSONReply(try await handler(endpoint), status: status)
        }
    }
}

extension Endpoint {
    private static func refuseUnknown(_ request: Request, _ known: Set<String>) throws {
        var seen: Set<String> = []
        for (key, _) in request.uri.queryParameters {
            let name = String(key)
            guard known.contains(name) else {
                let names = known.sorted().joined(separator: ", ")
                throw WebError(
                    .parameterUnknown,
                    known.isEmpty
                        ? "is not known here: nothing is asked in the address"
                        : "is not known here; known are \(names)", field: String(name.prefix(40)))
            }
            guard seen.insert(name).inserted else {
                throw WebError(.parameterMalformed, "is given twice", field: name)
            }
        }
    }
}

extension HTTPField.Name {
    static var idempotencyKey: HTTPField.Name {
        guard let name = HTTPField.Name("Idempotency-Key") else {
            preconditionFailure("a literal header name is well formed")
        }
        return name
    }
}

extension Endpoint {
    /// A query parameter that must be one of a type's values; empty counts as absent.
    /// - Throws: `WebError.parameterMalformed` with the values it may have.
    package func choice<T: RawRepresentable<String> & CaseIterable>(
        _ name: String, as type: T.Type = T.self
    ) throws -> T? {
        guard let text = query(name), !text.isEmpty else { return nil }
        guard let value = T(rawValue: text) else {
            let known = T.allCases.map(\.rawValue).joined(separator: ", ")
            throw WebError(.parameterMalformed, "must be one of \(known)", field: name)
        }
        return value
    }

    /// A query parameter that says `true` or `false`; `false` where it is absent or empty.
    /// - Throws: `WebError.parameterMalformed`.
    package func flag(_ name: String) throws -> Bool {
        switch query(name) {
        case nil, "", "false": false
        case "true": true
        default: throw WebError(.parameterMalformed, "must be true or false", field: name)
        }
    }

    /// A query parameter that is the number of what the page before ended with.
    /// - Throws: `WebError.parameterMalformed` where it is no positive number.
    package func place(_ name: String) throws -> Int64? {
        guard let text = query(name), !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else {
            throw WebError(.parameterMalformed, "must be a number", field: name)
        }
        return number
    }

    /// - Throws: `WebError.parameterMalformed`.
    package func cursor() throws -> PageCursor? {
        guard let text = query("cursor"), !text.isEmpty else { return nil }
        guard let cursor = PageCursor(text) else {
            throw WebError(.parameterMalformed, "this is no cursor of ours", field: "cursor")
        }
        return cursor
    }
}
