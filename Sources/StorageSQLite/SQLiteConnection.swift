import CSQLite
import Glibc
import Kernel
import Storage

/// One open database handle with its prepared statements. Confined to its owner's lock.
final class SQLiteConnection {
    let handle: OpaquePointer
    private var statements: [String: SQLiteStatement] = [:]
    /// The few that stand around every closure, found without looking for them.
    private var brackets: [SQLiteStatement] = []

    /// Set once, before the first connection of the process; where another came first, it stays.
    private static let settings = longshore_sqlite_uncounted()

    init(path: String) throws {
        _ = Self.settings
        var opened: OpaquePointer?
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX
        let code = sqlite3_open_v2(path, &opened, flags, nil)
        guard code == SQLITE_OK, let opened else {
            let reason = opened.map { String(cString: sqlite3_errmsg($0)) } ?? "no memory"
            sqlite3_close(opened)
            throw StorageError(.engine, "cannot open \(path): \(reason)")
        }
        handle = opened
        sqlite3_extended_result_codes(handle, 1)
        sqlite3_busy_timeout(handle, 10_000)
    }

    deinit {
        statements.removeAll()
        brackets.removeAll()
        sqlite3_close_v2(handle)
    }

    /// Whether no transaction is open: after an error this tells that SQLite rolled all back.
    var isOutsideTransaction: Bool { sqlite3_get_autocommit(handle) != 0 }

    /// The prepared statement for this text, reset and ready to bind.
    func statement(_ sql: String) throws -> SQLiteStatement {
        if let known = statements[sql] {
            known.reset()
            return known
        }
        var prepared: OpaquePointer?
        let code = sqlite3_prepare_v3(
            handle, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
        guard code == SQLITE_OK, let prepared else { throw fault(code, sql) }
        let statement = SQLiteStatement(prepared, of: self)
        statements[sql] = statement
        return statement
    }

    enum Bracket: Int, CaseIterable {
        case open, close

        var sql: String {
            switch self {
            case .open: "SAVEPOINT closure"
            case .close: "RELEASE closure"
            }
        }
    }

    /// A closure's own savepoint, opened or released.
    func run(_ bracket: Bracket) throws {
        if brackets.isEmpty { brackets = try Bracket.allCases.map { try statement($0.sql) } }
        try brackets[bracket.rawValue].run()
    }

    func execute(_ sql: String) throws {
        let code = sqlite3_exec(handle, sql, nil, nil, nil)
        guard code == SQLITE_OK else { throw fault(code, sql) }
    }

    func text(_ sql: String) throws -> String? {
        let statement = try statement(sql)
        defer { statement.reset() }
        return try statement.step() ? statement.text(0) : nil
    }

    /// Translates a result code; the statement's own text stays out of what callers see.
    func fault(_ code: Int32, _ sql: String) -> SQLiteFault {
        // Before anything else is called; SQLite itself keeps none of what fails inside a COMMIT.
        let system = errno
        return SQLiteFault(
            code: code, message: String(cString: sqlite3_errmsg(handle)), system: system)
    }
}

/// An SQLite result code on its way to becoming a `StorageError`.
struct SQLiteFault: Error {
    let code: Int32
    let message: String
    /// The system's own number, where a call of it failed.
    let system: Int32

    // The extended codes are macros that do not reach Swift (sqlite3.h, result codes).
    private static let uniqueIndex = SQLITE_CONSTRAINT | (8 << 8)
    private static let primaryKey = SQLITE_CONSTRAINT | (6 << 8)
    private static let failedWrite = SQLITE_IOERR | (3 << 8)

    var primary: Int32 { code & 0xFF }

    var isConstraint: Bool { primary == SQLITE_CONSTRAINT }

    /// A quota or a limit on a file's size: SQLite itself takes only a disk without room for full.
    /// What was written is rolled back either way; a sync that fails is another matter.
    private var isOutOfRoom: Bool { code == Self.failedWrite && [EFBIG, EDQUOT].contains(system) }

    var storageError: StorageError {
        switch primary {
        case SQLITE_IOERR where isOutOfRoom:
            StorageError(.full, "no more may be written here: \(message)")
        case SQLITE_FULL: StorageError(.full, "the disk or the database's size limit is full")
        case SQLITE_READONLY, SQLITE_PERM, SQLITE_CANTOPEN:
            StorageError(.readOnly, "the database may not be written: \(message)")
        case SQLITE_INTERRUPT: StorageError(.interrupted, "the statement was interrupted")
        case SQLITE_CONSTRAINT
        where code == Self.uniqueIndex
            || code == Self.primaryKey:
            StorageError(.duplicate, message)
        case SQLITE_IOERR, SQLITE_CORRUPT, SQLITE_NOTADB: StorageError(.broken, message)
        default: StorageError(.engine, "SQLite \(code): \(message)")
        }
    }
}

/// A prepared statement: bind in order, step, read by column number.
final class SQLiteStatement {
    private let pointer: OpaquePointer
    private unowned let connection: SQLiteConnection
    private var bound: Int32 = 0
    // SQLite copies what is bound: the bytes need not outlive the call.
    private static let transient = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

    init(_ pointer: OpaquePointer, of connection: SQLiteConnection) {
        self.pointer = pointer
        self.connection = connection
    }

    deinit { sqlite3_finalize(pointer) }

    func reset() {
        sqlite3_reset(pointer)
        sqlite3_clear_bindings(pointer)
        bound = 0
    }

    @discardableResult
    func bind(_ text: String?) -> Self {
        bound += 1
        guard var text else { return self }
        text.withUTF8 { bytes in
            bytes.withMemoryRebound(to: CChar.self) { characters in
                // An empty text has no address, and no address would bind NULL.
                guard let start = characters.baseAddress else {
                    sqlite3_bind_text(pointer, bound, "", 0, Self.transient)
                    return
                }
                sqlite3_bind_text(pointer, bound, start, Int32(bytes.count), Self.transient)
            }
        }
        return self
    }

    @discardableResult
    func bind(_ number: Int64?) -> Self {
        bound += 1
        if let number { sqlite3_bind_int64(pointer, bound, number) }
        return self
    }

    @discardableResult
    func bind(_ number: Int) -> Self { bind(Int64(number)) }

    @discardableResult
    func bind(blob bytes: [UInt8]?) -> Self {
        bound += 1
        guard let bytes else { return self }
        bytes.withUnsafeBytes { buffer in
            guard let start = buffer.baseAddress else {
                sqlite3_bind_zeroblob(pointer, bound, 0)
                return
            }
            sqlite3_bind_blob(pointer, bound, start, Int32(buffer.count), Self.transient)
        }
        return self
    }

    @discardableResult
    func bind(_ value: IndexValue) -> Self {
        switch value {
        case .null: bind(Int64?.none)
        case .integer(let number): bind(number)
        case .text(let text): bind(text)
        }
    }

    @discardableResult
    func bind(_ values: [IndexValue]) -> Self {
        for value in values { bind(value) }
        return self
    }

    /// - Returns: whether there is a row.
    func step() throws -> Bool {
        let code = sqlite3_step(pointer)
        switch code {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            let fault = connection.fault(code, "")
            sqlite3_reset(pointer)
            throw fault
        }
    }

    /// Runs to the end and leaves nothing open.
    func run() throws {
        while try step() {}
        reset()
    }

    func rows<T>(_ read: (SQLiteStatement) throws -> T) throws -> [T] {
        defer { reset() }
        var all: [T] = []
        while try step() { all.append(try read(self)) }
        return all
    }

    func first<T>(_ read: (SQLiteStatement) throws -> T) throws -> T? {
        defer { reset() }
        return try step() ? try read(self) : nil
    }

    func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(pointer, column) }

    func optionalInteger(_ column: Int32) -> Int64? {
        sqlite3_column_type(pointer, column) == SQLITE_NULL ? nil : integer(column)
    }

    func text(_ column: Int32) -> String {
        guard let start = sqlite3_column_text(pointer, column) else { return "" }
        let count = Int(sqlite3_column_bytes(pointer, column))
        return String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func optionalText(_ column: Int32) -> String? {
        sqlite3_column_type(pointer, column) == SQLITE_NULL ? nil : text(column)
    }

    func blob(_ column: Int32) -> [UInt8] {
        guard let start = sqlite3_column_blob(pointer, column) else { return [] }
        return Array(
            UnsafeRawBufferPointer(
                start: start, count: Int(sqlite3_column_bytes(pointer, column))))
    }

    func optionalBlob(_ column: Int32) -> [UInt8]? {
        sqlite3_column_type(pointer, column) == SQLITE_NULL ? nil : blob(column)
    }

    func value(_ column: Int32) -> IndexValue {
        switch sqlite3_column_type(pointer, column) {
        case SQLITE_NULL: .null
        case SQLITE_INTEGER: .integer(integer(column))
        default: .text(text(column))
        }
    }
}
