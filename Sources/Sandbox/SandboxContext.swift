import Hummingbird
import Logging

/// What a request to the pretended marketplace carries: nothing of ours.
struct SandboxContext: RequestContext {
    private struct Bare: RequestContextSource {
        let logger: Logger
    }

    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

    /// For a request that came by no socket.
    init(logger: Logger) { coreContext = .init(source: Bare(logger: logger)) }
}
