import Kernel
import Storage
import Synchronization

/// The transaction contract as cases that every engine must pass.
package struct StorageContract: Sendable, CustomStringConvertible {
    package let description: String
    package let run: @Sendable (any StorageHarness) async throws -> Void

    package static let cases: [StorageContract] =
        transactions + faults + records + log + jobs

    static let transactions: [StorageContract] = [
        .init("a committed write is there after a restart") { harness in
            try await harness.store.write(.sample()) {
                try $0.insert(Gadget(id: .sample(1), name: "a"))
                return true
            }.expectTrue()
            let store = try await harness.reopened()
            let found = try await store.read(.sample(1)) { try $0.get(Gadget.self, .sample(1)) }
            try require(found?.name == "a", "the record survived")
        },
        .init("a thrown error takes everything back") { harness in
            struct Refused: Error {}
            do {
                _ = try await harness.store.write(.sample()) { transaction -> Bool in
                    try transaction.insert(Gadget(id: .sample(1), name: "a"))
                    throw Refused()
                }
            } catch is Refused {}
            let (found, events) = try await harness.store.read(.sample(1)) {
                (try $0.get(Gadget.self, .sample(1)), try $0.timeline(Gadget.self, .sample(1)))
            }
            try require(found == nil && events.isEmpty, "neither record nor event is there")
        },
        .init("an operation repeated returns its first result and does nothing") { harness in
            let runs = Mutex(0)
            for _ in 0..<3 {
                let value = try await harness.store.write(.sample(operation: "op")) { transaction in
                    runs.withLock { $0 += 1 }
                    try transaction.execute(5, on: Counter.self, Counter.theID)
                    return "first \(transaction.decision.newID(GadgetTag.self))"
                }
                try require(value.hasPrefix("first"), "the stored result comes back")
            }
            let total = try await harness.store.read(.sample(1)) {
                try $0.get(Counter.self, Counter.theID)?.total
            }
            try require(total == 5 && runs.withLock { $0 } == 1, "it ran once")
        },
        .init("an operation id used for another request is refused") { harness in
            _ = try await harness.store.write(.sample(operation: "op")) { _ in 1 }
            try await requireFault(.operationReused) {
                _ = try await harness.store.write(.sample(operation: "op", fingerprint: "g")) { _ in
                    2
                }
            }
        },
        .init("one operation id of two tenants is two operations") { harness in
            let one = try await harness.store.write(.sample(operation: "op")) { _ in 1 }
            let two = try await harness.store.write(
                .sample(tenant: .sample(2), operation: "op", fingerprint: "g")
            ) { _ in 2 }
            try require(one == 1 && two == 2, "each has its own result")
        },
        .init("two writes of one moment make different identifiers") { harness in
            var seen: Set<String> = []
            for _ in 0..<50 {
                seen.insert(
                    try await harness.store.write(.sample()) {
                        $0.decision.newID(GadgetTag.self).rawValue
                    })
            }
            try require(seen.count == 50, "all fifty differ")
        },
        .init("after-commit hooks run once, and not for what was taken back") { harness in
            struct Refused: Error {}
            let hooks = Mutex(0)
            _ = try await harness.store.write(.sample()) { transaction in
                transaction.afterCommit { hooks.withLock { $0 += 1 } }
                return 1
            }
            do {
                _ = try await harness.store.write(.sample()) { transaction -> Int in
                    transaction.afterCommit { hooks.withLock { $0 += 100 } }
                    throw Refused()
                }
            } catch is Refused {}
            try require(hooks.withLock { $0 } == 1, "one hook ran")
        },
        .init("a storage fault dooms its closure even if caught") { harness in
            try await harness.store.write(.sample()) {
                try $0.insert(Gadget(id: .sample(1), name: "taken"))
                return true
            }.expectTrue()
            try await requireFault(.duplicate) {
                _ = try await harness.store.write(.sample()) { transaction in
                    try transaction.insert(Gadget(id: .sample(3), name: "other"))
                    do {
                        try transaction.insert(Gadget(id: .sample(2), name: "taken"))
                    } catch is StorageError {}
                    return true
                }
            }
            let other = try await harness.store.read(.sample(1)) {
                try $0.get(Gadget.self, .sample(3))
            }
            try require(other == nil, "nothing of the doomed closure is there")
        },
    ]

    static let faults: [StorageContract] =
        [0, 1, 5, 9].map { place in
            .init("a full disk at closure \(place) of ten spares the others") { harness in
                try await failing(
                    at: place, harness, expecting: .full,
                    arm: { try await harness.exhaustSpace() },
                    body: { transaction in
                        for number in 0..<400 {
                            let id = Identifier<GadgetTag>.sample(UInt64(10_000 + number))
                            let filler = String(repeating: "x", count: 4000)
                            try transaction.insert(
                                Gadget(id: id, name: "big \(number)", colour: filler))
                        }
                    }, disarm: { try await harness.restoreSpace() })
            }
        }
        + [0, 4].map { place in
            .init("a broken constraint at closure \(place) of ten spares the others") { harness in
                try await failing(
                    at: place, harness, expecting: nil, arm: {},
                    body: { try harness.breakConstraint(in: $0) }, disarm: {})
            }
        }
        + [
            .init("an interrupted closure fails, and the next one does not") { harness in
                try await harness.interruptNext()
                try await requireFault(.interrupted) {
                    _ = try await harness.store.write(.sample()) { transaction in
                        try transaction.insert(Gadget(id: .sample(1), name: "a"))
                        return true
                    }
                }
                try await harness.stopInterrupting()
                try await harness.store.write(.sample()) {
                    try $0.insert(Gadget(id: .sample(1), name: "a"))
                    return true
                }.expectTrue()
            }
        ]

    /// Ten closures at once, one of them bad: nine are there, acknowledged and whole.
    private static func failing(
        at place: Int, _ harness: any StorageHarness, expecting code: StorageFaultCode?,
        arm: () async throws -> Void, body: @escaping @Sendable (Transaction) throws -> Void,
        disarm: () async throws -> Void
    ) async throws {
        // Room for small writes, so that only the big one fails.
        try await arm()
        let failures = await withTaskGroup(of: (Int, (any Error)?).self) { group in
            for number in 0..<10 {
                group.addTask {
                    do {
                        _ = try await harness.store.write(.sample()) { transaction in
                            if number == place { try body(transaction) }
                            let id = Identifier<GadgetTag>.sample(UInt64(number))
                            try transaction.insert(Gadget(id: id, name: "small \(number)"))
                            return true
                        }
                        return (number, nil)
                    } catch { return (number, error) }
                }
            }
            return await group.reduce(into: [Int: any Error]()) { $0[$1.0] = $1.1 }
        }
        try await disarm()
        try require(Set(failures.keys) == [place], "only closure \(place) failed: \(failures)")
        if let code {
            let fault = failures[place] as? StorageError
            try require(fault?.reason == code, "it failed as \(code.rawValue)")
        }
        let there = try await harness.store.read(.sample(1)) { reader in
            try (0..<10).filter { try reader.get(Gadget.self, .sample(UInt64($0))) != nil }
        }
        try require(there == (0..<10).filter { $0 != place }, "the nine are there: \(there)")
    }

    init(
        _ description: String, _ run: @escaping @Sendable (any StorageHarness) async throws -> Void
    ) {
        self.description = description
        self.run = run
    }
}

extension Bool {
    /// For closures whose result carries nothing else.
    package func expectTrue() throws { try require(self, "the write said so") }
}
