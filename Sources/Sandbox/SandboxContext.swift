import Hummingbird
import Logging
import Web

/// What a request to the pretended marketplace carries: nothing of ours.
struct SandboxContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

    /// For a request that came by no socket.
    init(logger: Logger) { coreContext = .init(source: SocketlessSource(logger: logger)) }
}
