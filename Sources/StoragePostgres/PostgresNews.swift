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
        var heard: (@Sendable (EngineNews) -> Void)?
        var pending: EngineNews = []
        var isClosed = false
    }

    private static let channel = "longshore"

    private let address: String
    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "longshore.storage.postgres.news")

    init(address: String) { self.address = address }

    func listen(_ heard: @escaping @Sendable (EngineNews) -> Void) {
        state.withLock { $0.heard = heard }
        queue.async { self.open() }
    }

    func announce(_ news: EngineNews) {
        let isFirst = state.withLock { state in
            defer { state.pending.formUnion(news) }
            return state.pending.isEmpty
        }
        if isFirst { queue.async { self.send() } }
    }

    func close() {
        queue.sync {
            state.withLock { state in
                state.isClosed = true
                state.source?.cancel()
                state.source = nil
                state.connection = nil
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
                source.resume()
                (state.connection, state.source) = (connection, source)
                return true
            } catch { return false }
        }
        guard !isOpen else { return }
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
        state.withLock { state in
            let news = state.pending
            state.pending = []
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

    private func drop(_ state: inout State) {
        state.source?.cancel()
        state.source = nil
        state.connection = nil
        queue.asyncAfter(deadline: .now() + .seconds(1)) { self.open() }
    }
}
