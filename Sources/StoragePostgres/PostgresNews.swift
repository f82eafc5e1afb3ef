import CPostgres
import Dispatch
import Storage
import Synchronization

/// Words between the processes of one database: what one announces, the others hear within about a
/// millisecond. A connection that ends is opened anew; what was said meanwhile is lost.
final class PostgresNews: Sendable {
    private struct State {
        var connection: PostgresConnection?
        var source: (any DispatchSourceRead)?
        var number = 0
        /// Closed once nobody waits for their sockets any more.
        var ending: [Int: PostgresConnection] = [:]
        var heard: (@Sendable (EngineNews) -> Void)?
        var isClosed = false
    }

    private static let channel = "longshore"

    private let address: String
    private let state = Mutex(State())
    /// Apart from the connection: who announces must not wait for a server that does not answer.
    private let pending = Mutex<EngineNews>([])
    private let queue = DispatchQueue(label: "longshore.storage.postgres.news")

    init(address: String) { self.address = address }

    func listen(_ heard: @escaping @Sendable (EngineNews) -> Void) {
        state.withLock { $0.heard = heard }
        queue.async { self.open() }
    }

    func announce(_ news: EngineNews) {
        let isFirst = pending.withLock { pending in
            defer { pending.formUnion(news) }
            return pending.isEmpty
        }
        if isFirst { queue.async { self.send() } }
    }

    func close() {
        queue.sync {
            state.withLock { state in
                state.isClosed = true
                Self.end(&state)
            }
        }
    }

    private func open() {
        let isOpen = state.withLock { state -> Bool in
            guard !state.isClosed, state.connection == nil else { return true }
            do {
                let connection = try PostgresConnection(address)
                try connection.execute("LISTEN \(Self.channel)")
                let source = DispatchSource.makeReadSource(
                    fileDescriptor: connection.socket, queue: queue)
                source.setEventHandler { self.receive() }
                state.number += 1
                let number = state.number
                source.setCancelHandler {
                    _ = self.state.withLock { $0.ending.removeValue(forKey: number) }
                }
                source.resume()
                (state.connection, state.source) = (connection, source)
                return true
            } catch { return false }
        }
        guard !isOpen else {
            // What was said while nobody listened is to be looked for.
            state.withLock { $0.heard }?([.events, .jobs, .controls])
            return
        }
        queue.asyncAfter(deadline: .now() + .seconds(1)) { self.open() }
    }

    private func receive() {
        let (news, heard) = state.withLock {
            state -> (EngineNews, (@Sendable (EngineNews) -> Void)?) in
            guard let connection = state.connection else { return ([], nil) }
            let words = connection.notifications()
            if !connection.isAlive { drop(&state) }
            let others = words.filter { $0.sender != connection.backendID }
            let news = others.compactMap { Int($0.text) }.map(EngineNews.init(rawValue:))
            return (news.reduce(into: []) { $0.formUnion($1) }, state.heard)
        }
        if !news.isEmpty { heard?(news) }
    }

    private func send() {
        let news = pending.withLock { pending in
            defer { pending = [] }
            return pending
        }
        state.withLock { state in
            guard let connection = state.connection, !news.isEmpty else { return }
            do {
                _ = try connection.run(
                    "SELECT pg_notify('\(Self.channel)', ?)",
                    PostgresValues().with(String(news.rawValue)))
            } catch { drop(&state) }
        }
        // What came in with the answer does not make the socket readable again.
        receive()
    }

    private static func end(_ state: inout State) {
        if let connection = state.connection { state.ending[state.number] = connection }
        state.source?.cancel()
        state.source = nil
        state.connection = nil
    }

    private func drop(_ state: inout State) {
        Self.end(&state)
        queue.asyncAfter(deadline: .now() + .seconds(1)) { self.open() }
    }
}
