import Foundation
import Glibc
import Jobs
import Kernel
import Logging
import Storage
import StorageSQLite
import Synchronization

/// The process that is tortured: the store and the dispatcher as `serve` uses them, with work whose
/// every acknowledgement and effect is written down outside the disk that is made to fail.
package struct TortureWorker: Sendable {
    package struct Options: Sendable {
        package var data = ""
        /// The record nobody tampers with: what was tried, acknowledged and done.
        package var outside = ""
        /// Numbers begin here.
        package var from: Int64 = 0
        /// Nothing new: what is there is seen through, then listed.
        package var onlySettles = false
        /// A fault on purpose, which must lose work.
        package var control: Control?
        /// A file may not grow beyond this; 0 for no limit.
        package var fileLimit = 0

        package init() {}
    }

    package enum Control: String, Sendable, CaseIterable {
        /// Acknowledges before the write is done.
        case answersEarly
        /// Does not wait for the disk.
        case doesNotSync
        /// Waits for the disk now and then only, as SQLite's `synchronous=NORMAL`.
        case syncsRarely
    }

    private static let callers = 16
    /// How it exits once nothing more can be acknowledged, and where its record cannot be written.
    static let brokenStore: Int32 = 74
    static let brokenNotebook: Int32 = 73

    let options: Options

    package init(_ options: Options) { self.options = options }

    /// Works until it is killed, or until nothing is left to do.
    package func run() async throws {
        signal(SIGXFSZ, SIG_IGN)
        if options.fileLimit > 0 {
            var limit = rlimit(
                rlim_cur: rlim_t(options.fileLimit), rlim_max: rlim_t(options.fileLimit))
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
        }
        let notebook = try Notebook(options.outside)
        notebook.write("pid \(getpid())")
        let engine = try SQLiteEngine(folder: DataFolder(path: options.data)) {
            FileHandle.standardError.write(Data("\($0.detail)\n".utf8))
            exit(Self.brokenStore)
        }
        let store = Store(engine: engine)
        _ = try await store.open([TortureRecord.self] + JobsModule.collections)
        if options.control == .doesNotSync { try engine.stopSyncing() }
        if options.control == .syncsRarely { try engine.syncRarely() }
        var registry = JobRegistry()
        registry.add(TortureJobWorker(notebook: notebook))
        let jobs = JobsModule(
            store: store, budgets: Budgets(timekeeper: SystemTimekeeper()), registry: registry,
            schedules: [], timekeeper: SystemTimekeeper())
        let dispatcher = jobs.dispatcher(
            .init(), logger: Logger(label: "torture") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await dispatcher.run() }
            if options.onlySettles {
                try await settle(store, jobs.desk, notebook)
                dispatcher.drain()
            } else {
                let next = Atomic<Int64>(options.from)
                let numbers = Numbers(next: { next.add(1, ordering: .relaxed).newValue })
                for _ in 0..<Self.callers {
                    group.addTask { await self.call(store, notebook, numbers) }
                }
            }
            try await group.waitForAll()
        }
        await store.close()
    }

    private struct Numbers: Sendable { let next: @Sendable () -> Int64 }

    private func call(_ store: Store, _ notebook: Notebook, _ numbers: Numbers) async {
        if options.control == .answersEarly {
            return await callUnheard(store, notebook, numbers)
        }
        while !Task.isCancelled {
            let number = numbers.next()
            notebook.write("t \(number)")
            if await write(number, store, notebook) { notebook.write("a \(number)") }
        }
    }

    /// The control: says yes to each at once, with some of its writes always under way.
    private func callUnheard(_ store: Store, _ notebook: Notebook, _ numbers: Numbers) async {
        await withTaskGroup(of: Bool.self) { group in
            var underWay = 0
            while !Task.isCancelled {
                underWay += 1
                let number = numbers.next()
                notebook.write("t \(number)\na \(number)")
                if underWay > 4 { _ = await group.next() }
                group.addTask { await self.write(number, store, notebook) }
            }
        }
    }

    /// - Returns: whether it is written; where it was refused, as on a full disk, after a moment.
    private func write(_ number: Int64, _ store: Store, _ notebook: Notebook) async -> Bool {
        let clock = SystemTimekeeper()
        let call = Call(
            tenant: .platform, actor: .platform, at: clock.now, correlation: "torture")
        do {
            try await store.writeUnrepeated(call) { transaction in
                try transaction.insert(
                    TortureRecord(id: transaction.decision.newID(), number: number))
                try transaction.enqueue(TortureJob(number: number))
            }
            return true
        } catch {
            notebook.write("f \(number)")
            // Only stopping cuts the moment short.
            try? await clock.sleep(for: .milliseconds(20))
            return false
        }
    }

    /// A job that was alone at two of the kills is set aside, as it should be; a person, who knows
    /// that it was only bad luck, has it done. - Returns: whether there was any.
    private func mendQuarantined(
        _ store: Store, _ desk: JobDesk, _ notebook: Notebook
    ) async throws -> Bool {
        let set = try await store.bookkeeping {
            try $0.jobs(
                JobFilter(
                    tenant: .platform, states: [.discarded], faultCode: "jobs.quarantined"),
                before: nil, limit: 100)
        }
        for job in set {
            notebook.write("q \(job.number)")
            let call = Call(
                tenant: .platform, actor: .platform, at: SystemTimekeeper().now,
                correlation: "torture")
            try await store.writeUnrepeated(call) { try desk.retry(job.number, in: $0) }
        }
        return !set.isEmpty
    }

    /// Waits until every job is done, then lists what is in the store.
    private func settle(_ store: Store, _ desk: JobDesk, _ notebook: Notebook) async throws {
        let clock = SystemTimekeeper()
        while true {
            let counts = try await store.bookkeeping { try $0.jobCounts(tenant: .platform) }
            let live = JobState.allCases.filter { !$0.isFinal }.compactMap { counts[$0] }
            let isMended = try await mendQuarantined(store, desk, notebook)
            if live.reduce(0, +) == 0, !isMended { break }
            try await clock.sleep(for: .milliseconds(50))
        }
        var cursor: PageCursor?
        repeat {
            let after = cursor
            let page = try await store.read(.platform) {
                try $0.page(TortureRecord.byNumber, after: after, limit: 1000)
            }
            for record in page.items { notebook.write("p \(record.number)") }
            cursor = page.next
        } while cursor != nil
        notebook.write("end")
    }
}

enum TortureTag: IdentifierTag { static let prefix = "tor" }

struct TortureRecord: Record {
    static let collection = "torture_records"
    static let byNumber = Index<TortureRecord>.unique("by_number", Column("number", \.number))
    static let indexes = [byNumber]

    let id: Identifier<TortureTag>
    let number: Int64
}

struct TortureJob: Job {
    static let kind: JobKind = "torture.effect"
    let number: Int64
}

/// Has an effect on the outside, once, whatever happens to the process around it.
struct TortureJobWorker: JobWorker {
    let notebook: Notebook
    private let ledger = EffectLedger()

    init(notebook: Notebook) { self.notebook = notebook }

    func work(_ job: TortureJob, in context: JobContext) async throws -> JobOutcome {
        let line = "e \(job.number)"
        let notebook = notebook
        _ = try await ledger.perform(
            scope: "torture", key: String(job.number), in: context,
            look: { try notebook.holds(line) ? .happened : .absent },
            call: { notebook.write(line) }, settle: { _, _ in })
        return .completed
    }
}

/// A file that only grows, a line at a time, by one system call each.
final class Notebook: Sendable {
    private let path: String
    private let handle: Int32

    init(_ path: String) throws {
        self.path = path
        handle = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard handle >= 0 else {
            throw StorageError(.engine, "cannot open \(path): \(String(cString: strerror(errno)))")
        }
    }

    deinit { close(handle) }

    func write(_ line: String) {
        var text = line + "\n"
        let written = text.withUTF8 { Glibc.write(handle, $0.baseAddress, $0.count) }
        // What is not written down has not happened: nobody may go on as if it had.
        if written != text.utf8.count { exit(TortureWorker.brokenNotebook) }
    }

    func holds(_ line: String) throws -> Bool {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        return text.hasPrefix(line + "\n") || text.contains("\n" + line + "\n")
    }
}
