import HTTPTypes
package import Hummingbird
import Kernel

/// Lets requests in by API key.
package struct KeyMiddleware: RouterMiddleware {
    private let authenticate: @Sendable (String) async throws -> Identity?

    /// - Parameter authenticate: who a key's text belongs to; `nil` for an unknown or revoked one.
    package init(authenticate: @escaping @Sendable (String) async throws -> Identity?) {
        self.authenticate = authenticate
    }

    package func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        guard let header = request.headers[.authorization] else {
            throw WebError(.keyMissing, "send an API key as “Authorization: Bearer lsh_live_…”")
        }
        let parts = header.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bearer",
            let identity = try await authenticate(String(parts[1]))
        else { throw WebError(.keyUnknown, "this API key is unknown or revoked") }
        var context = context
        context.identity = identity
        return try await next(request, context)
    }
}

/// Lets in what comes over a socket that only its owner can open, or from this machine alone.
package struct TrustedMiddleware: RouterMiddleware {
    private let identify: @Sendable (Request) async throws -> Identity

    package init(identify: @escaping @Sendable (Request) async throws -> Identity) {
        self.identify = identify
    }

    package func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        context.identity = try await identify(request)
        return try await next(request, context)
    }
}

/// Refuses requests for another host than this machine: a web page elsewhere cannot reach the
/// console by a name that resolves here. Writes must also come from the console's own origin.
package struct LoopbackHostMiddleware: RouterMiddleware {
    package typealias Context = APIContext
    private static let hosts: Set<String> = ["127.0.0.1", "localhost", "[::1]"]

    package init() {}

    package func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        let authority = request.head.authority ?? ""
        guard Self.hosts.contains(Self.host(authority)) else {
            throw WebError(.hostRefused, "the console answers on this machine's own address only")
        }
        if request.method != .get, let origin = request.headers[.origin] {
            guard origin == "http://" + authority else {
                throw WebError(.originRefused, "this form was not sent by the console")
            }
        }
        var response = try await next(request, context)
        response.headers[.contentSecurityPolicy] =
            "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
            + "frame-ancestors 'none'; base-uri 'none'"
        response.headers[.xContentTypeOptions] = "nosniff"
        return response
    }

    private static func host(_ authority: String) -> String {
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else {
            return authority
        }
        return String(authority[..<colon])
    }
}
