import Kernel
import Synchronization

/// What happened, in order: a hash of it all, its last lines, and the places that were reached.
final class Trace: Sendable {
    private static let kept = 60

    private struct State {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        var lines: [String] = []
        var all: [String]?
        var reached: Set<String> = []

        mutating func fold(_ line: String) {
            for byte in line.utf8 {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3
            }
        }
    }

    private let state: Mutex<State>
    private let time: SimulatedTime

    init(_ time: SimulatedTime, keepsAll: Bool) {
        self.time = time
        state = Mutex(State(all: keepsAll ? [] : nil))
    }

    /// Counts towards the hash alone: what happens too often to be read, such as a commit.
    func fold(_ text: String) {
        let line = "\(time.steady) \(text)"
        state.withLock { $0.fold(line) }
    }

    func note(_ text: String) {
        let line = "\(time.steady) \(text)"
        state.withLock { state in
            state.fold(line)
            state.lines.append(line)
            if state.lines.count > Self.kept { state.lines.removeFirst() }
            state.all?.append(line)
        }
    }

    func reach(_ point: String) { state.withLock { _ = $0.reached.insert(point) } }

    var hash: String {
        let hex = String(state.withLock { $0.hash }, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    var lines: [String] { state.withLock { $0.all ?? $0.lines } }
    var reached: Set<String> { state.withLock { $0.reached } }
}

/// What goes wrong by chance in one run; drawn from its seed.
struct WeatherPlan: Sendable {
    let orders: Int
    let marketPerMille: Int
    let webhookPerMille: Int
    let unreachablePerMille: Int
    /// Of ten thousand commits, so many the process dies with.
    let deathsPerTenThousand: Int
    let fullPerMille: Int
    let clockSteps: Bool

    init(seed: UInt64) {
        var random = SplitMix64(seed: seed &* 31 &+ 7)
        orders = Int.random(in: 3...6, using: &random)
        marketPerMille = [0, 40, 150].randomElement(using: &random) ?? 0
        webhookPerMille = [0, 100, 400].randomElement(using: &random) ?? 0
        unreachablePerMille = [0, 20, 120].randomElement(using: &random) ?? 0
        deathsPerTenThousand = [0, 60, 250].randomElement(using: &random) ?? 0
        fullPerMille = [0, 0, 10].randomElement(using: &random) ?? 0
        clockSteps = Int.random(in: 0..<4, using: &random) == 0
    }
}

/// Whether things go wrong at present.
final class Weather: Sendable {
    private struct State {
        var isOn = true
        var deaths = 0
    }

    /// More deaths than this make no worse a day.
    private static let deathLimit = 12

    let plan: WeatherPlan
    private let state = Mutex(State())

    init(_ plan: WeatherPlan) { self.plan = plan }

    var isOn: Bool { state.withLock { $0.isOn } }
    var deaths: Int { state.withLock { $0.deaths } }
    func clear() { state.withLock { $0.isOn = false } }

    func mayDie() -> Bool { state.withLock { $0.isOn && $0.deaths < Self.deathLimit } }
    func die() { state.withLock { $0.deaths += 1 } }
}
