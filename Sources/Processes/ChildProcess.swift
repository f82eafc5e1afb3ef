import Glibc
import Kernel
import Subprocess
import Synchronization
import SystemPackage

/// Another program that this one has started.
package final class ChildProcess: Sendable {
    package enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    /// Where its standard error goes.
    package enum Errors: Sendable { case withOutput, asOurs }

    /// What of its output is kept: the last so many bytes.
    private static let kept = 64 * 1_048_576

    private struct State {
        var said: [UInt8] = []
        var ending: Result<Ending, any Error>?
    }

    private final class Life: Sendable {
        let state = Mutex(State())
        let signal = Kernel.Signal()

        func end(_ ending: Result<Ending, any Error>) {
            state.withLock { $0.ending = ending }
            signal.raise()
        }

        func hear(_ bytes: [UInt8]) {
            state.withLock { state in
                state.said += bytes
                if state.said.count > ChildProcess.kept {
                    state.said.removeFirst(state.said.count - ChildProcess.kept / 2)
                }
            }
            signal.raise()
        }
    }

    package let processID: Int32
    private let life: Life

    private init(_ processID: Int32, _ life: Life) {
        (self.processID, self.life) = (processID, life)
    }

    /// Starts a program and returns while it runs. Its standard input stays open for as long as this
    /// process lives, unless `input` is given: then it is that, to its end.
    /// - Parameters:
    ///   - command: the program's path, then its arguments.
    ///   - environment: added to ours.
    /// - Throws: when it cannot be started.
    package static func start(
        _ command: [String], environment: [String: String] = [:], input: String? = nil,
        errors: Errors = .withOutput
    ) async throws -> ChildProcess {
        try await begin { life, begun in
            switch errors {
            case .withOutput:
                try await follow(command, environment, input, .combinedWithOutput, life, begun)
            case .asOurs:
                try await follow(command, environment, input, .currentStandardError, life, begun)
            }
        }
    }

    /// Runs `body` beside the caller, and returns once it says that the program runs.
    private static func begin(
        _ body:
            @escaping @Sendable (
                Life, @escaping @Sendable (ProcessIdentifier) -> Void
            ) async throws -> Ending
    ) async throws -> ChildProcess {
        let life = Life()
        return try await withCheckedThrowingContinuation { continuation in
            let isStarted = Atomic<Bool>(false)
            let begun: @Sendable (ProcessIdentifier) -> Void = { identifier in
                isStarted.store(true, ordering: .releasing)
                continuation.resume(returning: ChildProcess(identifier.value, life))
            }
            Task {
                do {
                    life.end(.success(try await body(life, begun)))
                } catch {
                    life.end(.failure(error))
                    if !isStarted.load(ordering: .acquiring) {
                        continuation.resume(throwing: error)
                    }
                }
            }
        }
    }

    /// Starts a program that may run for long: what it says goes into a file, so that it never waits
    /// for anybody to read it. Its standard input is empty.
    /// - Parameter path: is appended to, and made where it is not.
    /// - Throws: when it cannot be started or the file cannot be written.
    package static func start(
        _ command: [String], environment: [String: String] = [:], log path: String
    ) async throws -> ChildProcess {
        let file = try FileDescriptor.open(
            FilePath(path), .writeOnly, options: [.create, .append], permissions: .ownerReadWrite)
        return try await begin { life, begun in
            let result = try await Subprocess.run(
                .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
                environment: added(environment), input: .none,
                output: .fileDescriptor(file, closeAfterSpawningProcess: true),
                error: .combinedWithOutput
            ) { begun($0.processIdentifier) }
            return Ending(result.terminationStatus)
        }
    }

    /// Runs a program to its end.
    /// - Returns: how it ended and all it said.
    package static func run(
        _ command: [String], environment: [String: String] = [:], input: String? = nil,
        errors: Errors = .withOutput
    ) async throws -> (ending: Ending, said: String) {
        let child = try await start(
            command, environment: environment, input: input ?? "", errors: errors)
        return (try await child.ended(), child.said)
    }

    private static func follow(
        _ command: [String], _ environment: [String: String], _ input: String?,
        _ errors: some ErrorOutputProtocol, _ life: Life,
        _ begun: @escaping @Sendable (ProcessIdentifier) -> Void
    ) async throws -> Ending {
        let result = try await Subprocess.run(
            .path(FilePath(command[0])), arguments: Arguments(Array(command.dropFirst())),
            environment: added(environment), input: .inputWriter, output: .sequence,
            error: errors
        ) { execution in
            begun(execution.processIdentifier)
            // Beside the reading: neither side may wait for the other to empty its pipe.
            let writing = input.map { input in
                Task {
                    // A program that reads nothing of it has its reasons.
                    _ = try? await execution.standardInputWriter.write(input)
                    try? await execution.standardInputWriter.finish()
                }
            }
            defer { writing?.cancel() }
            for try await buffer in execution.standardOutput {
                life.hear(buffer.withUnsafeBytes { Array($0) })
            }
        }
        return Ending(result.terminationStatus)
    }

    private static func added(_ environment: [String: String]) -> Environment {
        var added: [Environment.Key: String?] = [:]
        for (name, value) in environment {
            if let key = Environment.Key(rawValue: name) { added[key] = value }
        }
        return .inherit.updating(added)
    }

    /// What it has said so far.
    package var said: String {
        String(decoding: life.state.withLock { $0.said }, as: UTF8.self)
    }

    package var isRunning: Bool { life.state.withLock { $0.ending == nil } }

    /// Sends a signal, while it is still this process that would get it.
    package func signal(_ number: Int32) {
        life.state.withLock { state in
            if state.ending == nil { kill(processID, number) }
        }
    }

    /// Waits for its end and for the end of its output.
    @discardableResult
    package func ended() async throws -> Ending {
        while true {
            let generation = life.signal.generation
            if let ending = life.state.withLock({ $0.ending }) { return try ending.get() }
            try Task.checkCancellation()
            await life.signal.wait(after: generation)
        }
    }

    /// The first line it says; `nil` when it ends without one.
    package func firstLine() async -> String? {
        while true {
            let generation = life.signal.generation
            let (said, isOver) = life.state.withLock { ($0.said, $0.ending != nil) }
            if let end = said.firstIndex(of: UInt8(ascii: "\n")) {
                return String(decoding: said[..<end], as: UTF8.self)
            }
            if isOver || Task.isCancelled { return nil }
            await life.signal.wait(after: generation)
        }
    }
}

extension ChildProcess.Ending {
    fileprivate init(_ status: TerminationStatus) {
        self =
            switch status {
            case .exited(let code): .exited(code)
            case .signaled(let number): .signalled(number)
            }
    }
}
