import Connectors
import Kernel
import Platform
import Sandbox
import Synchronization

/// The ways between the installation and the marketplace. A dead process calls nobody.
final class SimulatedNetwork: HTTPExchange {
    private struct State {
        var market: SandboxMarket?
        var doors: PlatformDoors?
        var isAlive = false
        var requests = 0
    }

    private let time: SimulatedTime
    private let trace: Trace
    private let weather: Weather
    private let state = Mutex(State())

    init(_ time: SimulatedTime, _ weather: Weather, _ trace: Trace) {
        (self.time, self.weather, self.trace) = (time, weather, trace)
    }

    func connect(_ market: SandboxMarket) { state.withLock { $0.market = market } }

    func open(_ doors: PlatformDoors) {
        state.withLock { state in
            state.doors = doors
            state.isAlive = true
        }
    }

    func cut() {
        state.withLock { state in
            state.doors = nil
            state.isAlive = false
        }
    }

    // MARK: - Out

    func send(_ request: OutboundRequest) async throws -> OutboundResponse {
        try await time.sleep(for: .milliseconds(time.pick(2...80)))
        let (market, isAlive) = state.withLock { ($0.market, $0.isAlive) }
        guard let market, isAlive else { throw CancellationError() }
        let target = String(request.url.dropFirst(SimulatedShop.baseURL.count))
        let name = "\(request.method) \(target.prefix { $0 != "?" })"
        if weather.isOn, time.chance(weather.plan.unreachablePerMille) {
            trace.note("call \(name) not reached")
            trace.reach("network.notReached")
            throw ChannelError(.unreachable, "the simulated network is down")
        }
        do {
            let answer = try await market.respond(
                to: SandboxMessage(
                    method: request.method, target: target, headers: request.headers,
                    body: request.body))
            trace.note("call \(name) \(answer.status)")
            trace.reach("network.status\(answer.status)")
            try await time.sleep(for: .milliseconds(time.pick(2...80)))
            guard state.withLock({ $0.isAlive }) else { throw CancellationError() }
            return OutboundResponse(
                status: answer.status, headers: answer.headers, body: answer.body)
        } catch let error where !(error is CancellationError) {
            trace.note("call \(name) cut")
            trace.reach("network.answerLost")
            throw ChannelError(.unreachable, "the simulated answer was cut")
        }
    }

    // MARK: - In

    /// Takes a webhook to the installation; fails while none runs.
    func deliver(_ message: SandboxMessage) async throws -> Int {
        try await time.sleep(for: .milliseconds(time.pick(1...60)))
        let (doors, number) = state.withLock { state in
            state.requests += 1
            return (state.doors, state.requests)
        }
        guard let doors else {
            trace.note("webhook finds nobody")
            trace.reach("webhook.toNobody")
            throw ChannelError(.unreachable, "nobody listens")
        }
        let answer = try await doors.send(
            message.method, message.target, headers: message.headers, body: message.body,
            at: .everyone, correlation: "webhook-\(number)")
        guard state.withLock({ $0.doors != nil }) else {
            throw ChannelError(.unreachable, "the process died before it answered")
        }
        trace.note("webhook \(answer.status)")
        return answer.status
    }
}
