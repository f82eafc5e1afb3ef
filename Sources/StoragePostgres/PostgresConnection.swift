import CPostgres
import Glibc
import Kernel
import Storage

/// One open connection with its prepared statements. Confined to its owner's queue.
final class PostgresConnection {
    private let handle: OpaquePointer
    private var names: [String: String] = [:]
    /// The driver failed without a word from the server: what comes next cannot be told.
    private var isLost = false

    /// - Parameter address: a libpq connection string or URI.
    /// - Throws: `StorageError`: `.addressMalformed`, `.unreachable`.
    init(_ address: String) throws {
        try Self.check(address)
        guard let opened = Self.connect(address) else {
            throw StorageError(.unreachable, "no memory for a connection")
        }
        guard PQstatus(opened) == CONNECTION_OK else {
            let reason = String(cString: PQerrorMessage(opened))
            PQfinish(opened)
            throw StorageError(.unreachable, "no connection to PostgreSQL: \(reason.firstLine)")
        }
        handle = opened
        // Notices are for people at a prompt.
        PQsetNoticeProcessor(opened, { _, _ in }, nil)
        // Every question of ours has its index. A table that has just filled up is still taken for
        // empty by the planner, and would be read from end to end.
        // A process that froze inside a transaction gives back what it has locked; long enough for
        // any closure that only thinks, which would be cut off again and again.
        try execute(
            "SET enable_seqscan = off; SET enable_bitmapscan = off; SET jit = off; "
                + "SET idle_in_transaction_session_timeout = '20s'")
    }

    /// The driver would quote what it cannot read, and a password may be what it quotes.
    private static func check(_ address: String) throws {
        guard let settings = PQconninfoParse(address, nil) else {
            throw StorageError(
                .addressMalformed,
                "the database's address cannot be read; write postgresql://user@host/name, with "
                    + "what is special in it percent-encoded, or host=… dbname=… user=…")
        }
        PQconninfoFree(settings)
    }

    /// Nobody waits for minutes for a server that is gone; what the address itself says goes first.
    private static func connect(_ address: String) -> OpaquePointer? {
        let settings = [
            ("connect_timeout", "5"), ("keepalives_idle", "5"), ("keepalives_interval", "2"),
            ("keepalives_count", "3"), ("tcp_user_timeout", "10000"), ("dbname", address),
        ]
        let texts = settings.map { (strdup($0.0), strdup($0.1)) }
        defer {
            for (name, value) in texts {
                free(name)
                free(value)
            }
        }
        let names = texts.map { UnsafePointer<CChar>($0.0) } + [nil]
        let values = texts.map { UnsafePointer<CChar>($0.1) } + [nil]
        return PQconnectdbParams(names, values, 1)
    }

    deinit { PQfinish(handle) }

    var isAlive: Bool { !isLost && PQstatus(handle) == CONNECTION_OK }
    var serverVersion: Int { Int(PQserverVersion(handle)) }

    /// Runs several statements without values, in one round trip.
    func execute(_ sql: String) throws {
        guard let result = PQexec(handle, sql) else { throw lost() }
        defer { PQclear(result) }
        try check(result)
    }

    /// Runs several statements without values, in one round trip.
    /// - Returns: what the last one answers in its first column.
    func ask(_ sql: String) throws -> String? {
        guard let result = PQexec(handle, sql) else { throw lost() }
        defer { PQclear(result) }
        try check(result)
        return PQntuples(result) > 0 ? String(cString: PQgetvalue(result, 0, 0)) : nil
    }

    /// Runs one statement, prepared at its first use. Question marks stand for the values in order.
    func run(_ sql: String, _ values: PostgresValues = PostgresValues()) throws -> PostgresRows {
        let name = try prepared(sql, values)
        let result = values.withArrays { pointers, lengths, formats in
            PQexecPrepared(
                handle, name, Int32(values.count), pointers, lengths, formats, 1)
        }
        guard let result else { throw lost() }
        do { try check(result) } catch {
            PQclear(result)
            throw error
        }
        return PostgresRows(result)
    }

    /// A word from a connection that called `NOTIFY`.
    struct Notification {
        let sender: Int32
        let text: String
    }

    var socket: Int32 { PQsocket(handle) }
    var backendID: Int32 { PQbackendPID(handle) }

    /// What has come in on the channels this connection listens to.
    func notifications() -> [Notification] {
        guard PQconsumeInput(handle) == 1 else { return [] }
        var all: [Notification] = []
        while let next = PQnotifies(handle) {
            all.append(
                Notification(
                    sender: next.pointee.be_pid, text: String(cString: next.pointee.extra)))
            PQfreemem(next)
        }
        return all
    }

    private func prepared(_ sql: String, _ values: PostgresValues) throws -> String {
        if let known = names[sql] { return known }
        let name = "s\(names.count)"
        guard
            let result = PQprepare(
                handle, name, Self.numbered(sql), Int32(values.count), values.types)
        else { throw lost() }
        defer { PQclear(result) }
        try check(result)
        names[sql] = name
        return name
    }

    /// `?` becomes `$1`, `$2` …; none of our texts holds one otherwise.
    private static func numbered(_ sql: String) -> String {
        var number = 0
        var text = ""
        for part in sql {
            if part == "?" {
                number += 1
                text += "$\(number)"
            } else {
                text.append(part)
            }
        }
        return text
    }

    private func check(_ result: OpaquePointer) throws {
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return
        default:
            guard isAlive else { throw lost() }
            let state = PQresultErrorField(result, Int32(UInt8(ascii: "C")))
            guard let state else {
                isLost = true
                throw lost()
            }
            let message = PQresultErrorField(result, Int32(UInt8(ascii: "M")))
            throw PostgresFault(
                state: String(cString: state),
                message: message.map { String(cString: $0) } ?? "")
        }
    }

    private func lost() -> PostgresFault {
        PostgresFault(
            state: PostgresFault.connectionLost,
            message: String(cString: PQerrorMessage(handle)).firstLine)
    }
}

/// A PostgreSQL error on its way to becoming a `StorageError`.
struct PostgresFault: Error {
    /// Ours, for a connection that ended: the class of connection exceptions.
    static let connectionLost = "08006"

    /// The five-character SQLSTATE.
    let state: String
    let message: String

    var isConnectionLost: Bool { state.hasPrefix("08") || state.hasPrefix("57P") }

    /// Whether another transaction was in the way: the same closure may succeed when run again.
    var isCollision: Bool { state == "40001" || state == "40P01" }

    var storageError: StorageError {
        switch state {
        case "23505": StorageError(.duplicate, message)
        case "22021":
            StorageError(.textUnstorable, "holds a character that PostgreSQL cannot keep, U+0000")
        case "25006": StorageError(.readOnly, "the database may not be written")
        case "53100": StorageError(.full, "the database's disk is full")
        case "55P03": StorageError(.interrupted, "the table is being read, perhaps by a backup")
        case "57014": StorageError(.interrupted, "the statement was cancelled")
        case _ where isConnectionLost:
            StorageError(.unreachable, "the connection to PostgreSQL ended: \(message)")
        case _ where isCollision: StorageError(.stale, "another transaction was in the way")
        case _ where state.hasPrefix("53"):
            StorageError(.full, "PostgreSQL is out of a resource: \(message)")
        default: StorageError(.engine, "PostgreSQL \(state): \(message)")
        }
    }
}

extension String {
    /// Errors of the driver come with hints on further lines.
    fileprivate var firstLine: String { split(separator: "\n").first.map(String.init) ?? self }
}
