import Kernel
import Storage

extension StorageContract {
    static let records: [StorageContract] = [
        .init("a page goes by cursor, in order, to the end") { harness in
            let store = harness.store
            _ = try await store.write(.sample()) { transaction in
                for number in 0..<25 {
                    try transaction.insert(
                        Gadget(
                            id: .sample(UInt64(number)), name: "g\(number)",
                            colour: number < 20 ? "red" : "blue", weight: number / 2))
                }
                return true
            }
            var seen: [Int] = []
            var cursor: PageCursor?
            repeat {
                let after = cursor
                let page = try await store.read(.sample(1)) {
                    try $0.page(Gadget.byColour, equals: ["red"], after: after, limit: 6)
                }
                seen += page.items.map(\.weight)
                cursor = page.next.flatMap { PageCursor($0.description) }
            } while cursor != nil
            try require(seen == (0..<20).map { $0 / 2 }, "twenty, in order: \(seen)")
        },
        .init("a cursor of another list is refused") { harness in
            let cursor = PageCursor("e30")
            try require(cursor == nil, "text that is no cursor is none")
        },
        .init("find and search see what was changed, and only that") { harness in
            _ = try await harness.store.write(.sample()) {
                try $0.insert(Gadget(id: .sample(1), name: "old"))
                return true
            }
            _ = try await harness.store.write(.sample()) { transaction in
                var gadget = try transaction.require(Gadget.self, .sample(1))
                gadget.name = "new"
                try transaction.update(gadget)
                return true
            }
            let (old, new, tokens) = try await harness.store.read(.sample(1)) {
                (
                    try $0.find(Gadget.byName, "old"), try $0.find(Gadget.byName, "new"),
                    try $0.search(Gadget.self, prefix: "n:o", limit: 10)
                )
            }
            try require(old == nil && new?.id == .sample(1) && tokens.isEmpty, "the new name only")
        },
        .init("a tenant sees nothing of another") { harness in
            _ = try await harness.store.write(.sample()) {
                try $0.insert(Gadget(id: .sample(1), name: "a"))
                return true
            }
            let seen = try await harness.store.read(.sample(2)) { reader in
                try reader.get(Gadget.self, .sample(1)) != nil
                    || reader.find(Gadget.byName, "a") != nil
                    || !reader.page(Gadget.byColour, limit: 10).items.isEmpty
                    || !reader.search(Gadget.self, prefix: "n:", limit: 10).isEmpty
                    || !reader.timeline(Gadget.self, .sample(1)).isEmpty
                    || !reader.log(after: .start, limit: 10).events.isEmpty
            }
            try require(!seen, "nothing")
        },
        .init("a save leaves an event with what changed, and nothing else") { harness in
            _ = try await harness.store.write(.sample()) {
                try $0.insert(Gadget(id: .sample(1), name: "a", weight: 1))
                return true
            }
            _ = try await harness.store.write(.sample()) { transaction in
                var gadget = try transaction.require(Gadget.self, .sample(1))
                gadget.weight = 2
                try transaction.update(gadget)
                return true
            }
            let events = try await harness.store.read(.sample(1)) {
                try $0.timeline(Gadget.self, .sample(1))
            }
            let last = try BodyCoder.decode(JSONValue.self, from: events.last?.data ?? [])
            try require(events.count == 2, "two events")
            try require(last["changed"] == .object(["weight": .integer(2)]), "only the weight")
        },
        .init("insert-if-absent is a value, not a fault") { harness in
            let added = try await harness.store.write(.sample()) { transaction in
                [
                    try transaction.insertIfAbsent(Gadget(id: .sample(1), name: "a")),
                    try transaction.insertIfAbsent(Gadget(id: .sample(2), name: "a")),
                ]
            }
            try require(added == [true, false], "the second is told it is there")
        },
    ]

    static let log: [StorageContract] = [
        .init("sixty-four at once on one aggregate lose no update") { harness in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        _ = try await harness.store.write(.sample()) { transaction in
                            try transaction.execute(1, on: Counter.self, Counter.theID)
                            return true
                        }
                    }
                }
                try await group.waitForAll()
            }
            let (total, versions) = try await harness.store.read(.sample(1)) {
                (
                    try $0.get(Counter.self, Counter.theID)?.total,
                    try $0.timeline(Counter.self, Counter.theID).map(\.version)
                )
            }
            try require(total == 64 && versions == Array(1...64), "every update counts")
        },
        .init("as-of folds the stream, and its time never runs backwards") { harness in
            for (value, at) in [(1, 100), (2, 300), (4, 200)] {
                _ = try await harness.store.write(.sample(at: Int64(at))) { transaction in
                    try transaction.execute(value, on: Counter.self, Counter.theID)
                    return true
                }
            }
            let totals = try await harness.store.read(.sample(1)) { reader in
                try [50, 100, 299, 300].map {
                    try reader.state(
                        Counter.self, Counter.theID, asOf: Instant(microseconds: $0))?.total
                }
            }
            try require(totals == [nil, 1, 1, 7], "state at each moment: \(totals)")
        },
        .init("the log is read in order, from where reading stopped") { harness in
            for value in 1...30 {
                _ = try await harness.store.write(.sample()) { transaction in
                    try transaction.execute(value, on: Counter.self, Counter.theID)
                    return true
                }
            }
            var seen: [Int] = []
            var position = LogCursor.start
            for _ in 0..<40 {
                let after = position
                let (events, next) = try await harness.store.read(.sample(1)) {
                    try $0.log(after: after, types: [CounterRaised.type], limit: 7)
                }
                seen += try events.map { try $0.decode(CounterRaised.self).by }
                if next == position { break }
                position = next
            }
            try require(seen == Array(1...30), "all thirty once, in order")
        },
    ]
}
