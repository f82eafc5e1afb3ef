import Kernel
import NIOCore
import NIOHTTP1
import Synchronization

/// Asks once more when a request's first byte is about to leave this process.
///
/// Between the decision to send and the sending lie a thread's turn, a connection to open or one to
/// wait for: a process that stands still there must not send when it wakes up what is another's by then.
final class DepartureGate: Sendable {
    private struct Pass {
        let mayLeave: @Sendable () throws -> Void
        var refusal: (any Error)?
    }

    private struct State {
        var passes: [Int: Pass] = [:]
        var last = 0
    }

    /// Carries the pass to the gate, which takes it off.
    static let header = "longshore-pass"

    private let state = Mutex(State())

    func announce(_ mayLeave: @escaping @Sendable () throws -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.passes[state.last] = Pass(mayLeave: mayLeave)
            return state.last
        }
    }

    func forget(_ pass: Int) { state.withLock { $0.passes[pass] = nil } }

    /// Why a request was kept here; `nil` when it was not.
    func refusal(of pass: Int) -> (any Error)? { state.withLock { $0.passes[pass]?.refusal } }

    func install(on channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            let line = channel.pipeline.syncOperations
            try line.addHandler(
                Gatekeeper(self), position: .after(line.handler(type: HTTPRequestEncoder.self)))
        }
    }

    /// - Throws: why the request must not leave; one that nobody waits for any more must not either.
    fileprivate func open(for pass: Int) throws {
        let mayLeave = state.withLock { $0.passes[pass]?.mayLeave }
        guard let mayLeave else { throw CancellationError() }
        do { try mayLeave() } catch {
            state.withLock { $0.passes[pass]?.refusal = error }
            throw error
        }
    }
}

/// Stands right before the encoder of one connection.
private final class Gatekeeper: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    private let gate: DepartureGate
    private var isShut = false

    init(_ gate: DepartureGate) { self.gate = gate }

    func write(
        context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
    ) {
        var part = unwrapOutboundIn(data)
        if case .head(var head) = part, let pass = head.headers.first(name: DepartureGate.header) {
            head.headers.remove(name: DepartureGate.header)
            part = .head(head)
            do { try gate.open(for: Int(pass) ?? 0) } catch {
                isShut = true
                // Nothing of it was sent; the connection would wait for an answer for ever.
                context.close(promise: nil)
            }
        }
        guard !isShut else {
            promise?.fail(ChannelError(.unreachable, "it was not sent"))
            return
        }
        context.write(wrapOutboundOut(part), promise: promise)
    }
}
