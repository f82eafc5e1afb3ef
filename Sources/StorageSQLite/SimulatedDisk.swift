import CSQLite
package import Kernel
package import Storage
import Synchronization

/// What outlives a simulated process: a database in memory. Committed is what a real disk would
/// still have after the process died; all else is gone with it.
package final class SimulatedDisk: Sendable {
    let writer: Mutex<SQLiteWriter>

    package init() throws {
        let writer = try SQLiteWriter(path: ":memory:", isTimed: false)
        try SQLiteUpgrade(connection: writer.connection).run()
        self.writer = Mutex(writer)
    }

    /// A disk with the same content: what every run of a simulation begins with.
    package init(copyOf other: SimulatedDisk) throws {
        let image = try other.image()
        let writer = try SQLiteWriter(path: ":memory:", isTimed: false)
        // SQLite frees the memory itself, so it has to be its own.
        guard let memory = sqlite3_malloc64(UInt64(image.count)) else {
            throw StorageError(.engine, "no memory for a simulated disk")
        }
        image.withUnsafeBytes { bytes in
            if let start = bytes.baseAddress {
                memory.copyMemory(from: start, byteCount: bytes.count)
            }
        }
        let flags = UInt32(SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE)
        let code = sqlite3_deserialize(
            writer.connection.handle, "main", memory.assumingMemoryBound(to: UInt8.self),
            Int64(image.count), Int64(image.count), flags)
        guard code == SQLITE_OK else {
            throw StorageError(.engine, "the disk could not be copied")
        }
        self.writer = Mutex(writer)
    }

    private func image() throws -> [UInt8] {
        try writer.withLock { writer in
            var size: Int64 = 0
            guard let bytes = sqlite3_serialize(writer.connection.handle, "main", &size, 0) else {
                throw StorageError(.engine, "the disk could not be read")
            }
            defer { sqlite3_free(bytes) }
            return Array(UnsafeBufferPointer(start: bytes, count: Int(size)))
        }
    }

    /// Changes the database behind the engine's back: how a fault below our own code is planted.
    package func plant(_ fault: DiskFault) throws {
        try writer.withLock { try $0.connection.execute(fault.sql) }
    }
}

/// The engine seam over a ``SimulatedDisk``: the same statements and the same batches as
/// ``SQLiteEngine``, without threads. When a batch is written, how many closures it takes, whether
/// it fails and whether the process dies with it is decided by who simulates.
package final class SimulatedEngine: StorageEngine {
    package enum Fate: Sendable {
        case well
        /// The disk is full: everything of the batch is refused.
        case full
        /// The process dies, and the batch with it.
        case diesBefore
        /// The batch is on disk and nobody hears of it.
        case diesAfter
        /// A planted fault: answered as done before it is on disk, and then lost.
        case answersEarly
    }

    /// The world around it.
    package struct Surroundings: Sendable {
        /// Runs a closure later, in simulated time.
        package let later: @Sendable (@escaping @Sendable () -> Void) -> Void
        package let fate: @Sendable () -> Fate
        /// Closures the next batch takes at most.
        package let batchSize: @Sendable () -> Int
        /// Told of each batch: its fate, and how many closures stood and were taken back.
        package let wrote: @Sendable (_ fate: Fate, _ stood: Int, _ failed: Int) -> Void
        package let died: @Sendable () -> Void

        package init(
            later: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void,
            fate: @escaping @Sendable () -> Fate, batchSize: @escaping @Sendable () -> Int,
            wrote: @escaping @Sendable (_ fate: Fate, _ stood: Int, _ failed: Int) -> Void = {
                _, _, _ in
            },
            died: @escaping @Sendable () -> Void
        ) {
            (self.later, self.fate, self.batchSize) = (later, fate, batchSize)
            (self.wrote, self.died) = (wrote, died)
        }
    }

    private struct State {
        var queue = FairQueue()
        var isScheduled = false
        var breakage: StorageError?
    }

    private let disk: SimulatedDisk
    private let around: Surroundings
    private let state = Mutex(State())

    package init(disk: SimulatedDisk, around: Surroundings) {
        (self.disk, self.around) = (disk, around)
    }

    package var isExclusive: Bool { true }
    package var breakage: StorageError? { state.withLock { $0.breakage } }

    package func submit(_ work: EngineWork) {
        let (refusal, mustSchedule) = state.withLock { state -> (StorageError?, Bool) in
            if let breakage = state.breakage { return (breakage, false) }
            state.queue.add(work)
            defer { state.isScheduled = true }
            return (nil, !state.isScheduled)
        }
        if let refusal { return work.finish(.failure(refusal)) }
        if mustSchedule { around.later { self.drain() } }
    }

    private func drain() {
        guard breakage == nil else { return }
        let size = around.batchSize()
        let fate = around.fate()
        let outcome: BatchOutcome
        switch fate {
        case .well, .diesAfter: outcome = run(size)
        case .full: outcome = refuse(size)
        case .answersEarly: outcome = answerEarly(size)
        case .diesBefore: outcome = BatchOutcome()
        }
        let stood = outcome.answers.count { answer in
            if case .success = answer.result { true } else { false }
        }
        around.wrote(fate, stood, outcome.answers.count - stood)
        if fate == .diesBefore || fate == .diesAfter { return die(with: outcome) }
        let isMore = state.withLock { state in
            state.queue.putBack(outcome.again)
            state.isScheduled = state.queue.count > 0
            return state.isScheduled
        }
        for (work, result) in outcome.answers { work.finish(result) }
        if isMore { around.later { self.drain() } }
    }

    private func run(_ size: Int) -> BatchOutcome {
        var taken = 0
        return disk.writer.withLock { writer in
            writer.runBatch {
                guard taken < size else { return nil }
                taken += 1
                return self.state.withLock { $0.queue.pop() }
            }
        }
    }

    private func refuse(_ size: Int) -> BatchOutcome {
        var outcome = BatchOutcome()
        for _ in 0..<size {
            guard let work = state.withLock({ $0.queue.pop() }) else { break }
            let full = StorageError(.full, "the simulated disk is full")
            outcome.answers.append((work, .failure(full)))
        }
        return outcome
    }

    /// Runs the batch for its answers, and takes it back.
    private func answerEarly(_ size: Int) -> BatchOutcome {
        do {
            try disk.writer.withLock { try $0.connection.execute("SAVEPOINT lost") }
            var outcome = BatchOutcome()
            for _ in 0..<size {
                guard let work = state.withLock({ $0.queue.pop() }) else { break }
                let result = disk.writer.withLock { writer in
                    Result { try work.run(writer.session) }
                }
                outcome.answers.append((work, result))
            }
            try disk.writer.withLock {
                try $0.connection.execute("ROLLBACK TO lost")
                try $0.connection.execute("RELEASE lost")
            }
            return outcome
        } catch { return BatchOutcome() }
    }

    private func die(with outcome: BatchOutcome) {
        let death = StorageError(.broken, "the simulated process died")
        var unheard = outcome.answers.map(\.work) + outcome.again
        state.withLock { state in
            state.breakage = death
            while let work = state.queue.pop() { unheard.append(work) }
        }
        around.died()
        for work in unheard { work.finish(.failure(death)) }
    }

    /// Ends the process from outside, between two batches.
    package func kill() {
        guard breakage == nil else { return }
        die(with: BatchOutcome())
    }

    package func read<T: Sendable>(
        _ tenant: TenantID?, lane: ReadLane,
        _ body: @escaping @Sendable (any EngineSession) throws -> T
    ) async throws -> T {
        if let breakage { throw breakage }
        return try disk.writer.withLock { writer in
            do { return try body(writer.session) } catch let fault as SQLiteFault {
                throw fault.storageError
            }
        }
    }

    package func migrate(_ shapes: [CollectionShape]) async throws -> [String] {
        try disk.writer.withLock { try SQLiteMigration($0.connection).run(shapes) }
    }

    package func facts() async throws -> [String: String] { ["engine": "simulated"] }

    package func copy(to path: String) async throws {
        throw StorageError(.copyUnsupported, "a simulated disk is not copied")
    }

    package func close() async {}
}
