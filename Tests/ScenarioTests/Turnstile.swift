/// Lets so many in at once; the others come in the order in which they asked.
actor Turnstile {
    /// For work in processes of its own. Each such test starts several, or one that takes a whole
    /// processor: more of them at once only make all of them slower than they may be.
    static let processes = Turnstile(places: 2)

    private var places: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(places: Int) { self.places = places }

    func enter() async {
        if places > 0 {
            places -= 1
        } else {
            await withCheckedContinuation { waiting.append($0) }
        }
    }

    func leave() {
        if waiting.isEmpty {
            places += 1
        } else {
            waiting.removeFirst().resume()
        }
    }

    /// Waits for a place and has it until the work is done.
    nonisolated func pass<T: Sendable>(_ work: () async throws -> T) async throws -> T {
        await enter()
        do {
            let result = try await work()
            await leave()
            return result
        } catch {
            await leave()
            throw error
        }
    }
}
