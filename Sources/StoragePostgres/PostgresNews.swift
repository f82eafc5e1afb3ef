import CPostgres
import Dispatch
import Storage
import Synchronization

/// Words between the processes of one database: what one announces, the others hear within about a
/// millisecond. A connection that ends is opened anew; what others said meanwhile is lost, what is to be
/// said is said then.
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
                source.setEventHandler { self.receive(isWoken: true) }
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
            return send()
        }
        queue.asyncAfter(deadline: .now() + .seconds(1)) { self.open() }
    }

    /// - Parameter isWoken: the socket said that there is something.
    private func receive(isWoken: Bool) {
        let (news, heard) = state.withLock {
            state -> (EngineNews, (@Sendable (EngineNews) -> Void)?) in
            guard let connection = state.connection else { return ([], nil) }
            var words = connection.notifications()
            if isWoken, words.isEmpty {
                if !answers(connection) { drop(&state) }
                // What came in with the answer does not make the socket readable again.
                words = connection.notifications()
            }
            if state.connection != nil, !connection.isAlive { drop(&state) }
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
            guard !news.isEmpty else { return }
            guard let connection = state.connection else { return keep(news) }
            do {
                _ = try connection.run(
                    "SELECT pg_notify('\(Self.channel)', ?)",
                    PostgresValues().with(String(news.rawValue)))
            } catch {
                keep(news)
                drop(&state)
            }
        }
        // What came in with the answer does not make the socket readable again.
        receive(isWoken: false)
    }

    /// For when there is a connection again.
    private func keep(_ news: EngineNews) { pending.withLock { $0.formUnion(news) } }

    /// A server that ends a connection says so in a message, and not always a second time by closing it:
    /// who only listens would never know.
    private func answers(_ connection: PostgresConnection) -> Bool {
        do { try connection.execute("SELECT 1") } catch { return false }
        return true
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
