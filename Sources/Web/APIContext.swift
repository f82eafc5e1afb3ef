package import Hummingbird
package import Kernel
package import Logging
import Security

/// Who a request is from, once a key, a socket or the loopback rule has said so.
package struct Identity: Sendable {
    package let tenant: TenantID
    package let actor: Actor

    package init(tenant: TenantID, actor: Actor) {
        self.tenant = tenant
        self.actor = actor
    }
}

/// What a request carries through its middleware.
package struct APIContext: RequestContext {
    package var coreContext: CoreRequestContextStorage
    package var identity: Identity?
    /// Ties together all that this request causes.
    package var correlation: String

    package init(source: ApplicationRequestContextSource) {
        coreContext = .init(source: source)
        // Our own: the framework's request id lives in log metadata, and a log handler without
        // metadata would take the process down with it.
        var generator = SystemRandomNumberGenerator()
        correlation = Hex.encode((0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) })
    }

    /// For a request that came by no socket.
    package init(logger: Logger, correlation: String) {
        coreContext = .init(source: SocketlessSource(logger: logger))
        self.correlation = correlation
    }

    /// Bodies above this are refused before they are read whole.
    package var maxUploadSize: Int { 1_048_576 }

    /// - Throws: `WebError.keyMissing`.
    package func requireIdentity() throws -> Identity {
        guard let identity else {
            throw WebError(.keyMissing, "send an API key as “Authorization: Bearer lsh_live_…”")
        }
        return identity
    }

    /// An identifier from the path. Another form is no such thing, like one that does not exist.
    package func identifier<T: IdentifierTag>(
        _ name: String, as tag: T.Type = T.self
    ) throws -> Identifier<T> {
        let text = parameters.get(name) ?? ""
        guard let id = Identifier<T>(text) else {
            throw WebError(.notFound, "there is nothing under “\(text.prefix(60))”")
        }
        return id
    }
}
