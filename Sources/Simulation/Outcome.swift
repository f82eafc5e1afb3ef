import Synchronization

/// What a task came to, for the loop that runs it.
final class Outcome<Value: Sendable>: Sendable {
    private let held = Mutex<Result<Value, any Error>?>(nil)

    var isSet: Bool { held.withLock { $0 != nil } }
    func set(_ result: Result<Value, any Error>) { held.withLock { $0 = result } }

    func get() throws -> Value {
        guard let result = held.withLock({ $0 }) else {
            throw SimulationError("the run neither ended nor failed: everything waits for ever")
        }
        return try result.get()
    }
}
