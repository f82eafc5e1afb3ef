import Kernel
import Storage

/// The engine's own tables. Collections get theirs from their declarations.
enum SQLiteSchema {
    static let statements = [
        """
        CREATE TABLE IF NOT EXISTS events(
          position INTEGER PRIMARY KEY AUTOINCREMENT,
          tenant TEXT NOT NULL, stream TEXT NOT NULL, version INTEGER NOT NULL CHECK(version > 0),
          type TEXT NOT NULL, at INTEGER NOT NULL, actor_kind TEXT NOT NULL,
          actor_id TEXT NOT NULL, operation TEXT, cause TEXT, correlation TEXT NOT NULL,
          data BLOB NOT NULL)
        """,
        "CREATE UNIQUE INDEX IF NOT EXISTS events_by_stream ON events(tenant, stream, version)",
        """
        CREATE TABLE IF NOT EXISTS operations(
          tenant TEXT NOT NULL, id TEXT NOT NULL, fingerprint TEXT NOT NULL,
          result BLOB NOT NULL, at INTEGER NOT NULL, PRIMARY KEY(tenant, id)) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS tokens(
          tenant TEXT NOT NULL, collection TEXT NOT NULL, token TEXT NOT NULL, id TEXT NOT NULL,
          PRIMARY KEY(tenant, collection, token, id)) WITHOUT ROWID
        """,
        "CREATE INDEX IF NOT EXISTS tokens_by_id ON tokens(tenant, collection, id)",
        """
        CREATE TABLE IF NOT EXISTS subscriptions(
          name TEXT PRIMARY KEY, floor INTEGER NOT NULL) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS slots(
          subscription TEXT NOT NULL, slot INTEGER NOT NULL CHECK(slot BETWEEN 0 AND 63),
          position INTEGER NOT NULL, PRIMARY KEY(subscription, slot)) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS parked(
          number INTEGER PRIMARY KEY AUTOINCREMENT, subscription TEXT NOT NULL,
          slot INTEGER NOT NULL, tenant TEXT NOT NULL, key TEXT NOT NULL,
          position INTEGER NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
          fault_kind TEXT, fault_code TEXT, fault_detail TEXT, fault_field TEXT,
          since INTEGER NOT NULL, retry_at INTEGER, replacement BLOB,
          UNIQUE(subscription, tenant, key, position))
        """,
        "CREATE INDEX IF NOT EXISTS parked_by_tenant ON parked(tenant, number)",
        """
        CREATE INDEX IF NOT EXISTS parked_due ON parked(subscription, retry_at)
          WHERE retry_at IS NOT NULL
        """,
        """
        CREATE TABLE IF NOT EXISTS trials(
          subscription TEXT NOT NULL, position INTEGER NOT NULL,
          count INTEGER NOT NULL CHECK(count > 0), PRIMARY KEY(subscription, position)) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS projections(
          name TEXT PRIMARY KEY, side INTEGER NOT NULL, generation INTEGER NOT NULL,
          version INTEGER NOT NULL, rebuilding_since INTEGER, rebuilt_at INTEGER,
          rebuilding_version INTEGER) WITHOUT ROWID
        """,
        "CREATE TABLE IF NOT EXISTS jobs(\(jobColumns))",
        "CREATE INDEX IF NOT EXISTS jobs_ready ON jobs(partition, rank, number) WHERE state = 1",
        "CREATE INDEX IF NOT EXISTS jobs_due ON jobs(due) WHERE state IN (0, 3)",
        "CREATE INDEX IF NOT EXISTS jobs_running ON jobs(state) WHERE state = 2",
        """
        CREATE UNIQUE INDEX IF NOT EXISTS jobs_unique ON jobs(tenant, kind, unique_key)
          WHERE unique_key IS NOT NULL AND (state <> 2 OR uniqueness = 2)
        """,
        "CREATE TABLE IF NOT EXISTS job_history(\(jobColumns))",
        "CREATE INDEX IF NOT EXISTS job_history_by_state ON job_history(tenant, state, number)",
        """
        CREATE INDEX IF NOT EXISTS job_history_by_key
          ON job_history(tenant, kind, unique_key) WHERE unique_key IS NOT NULL
        """,
    ]

    static let jobColumns = """
        number INTEGER PRIMARY KEY AUTOINCREMENT, tenant TEXT NOT NULL, kind TEXT NOT NULL,
        partition TEXT NOT NULL, lane TEXT, unique_key TEXT, uniqueness INTEGER NOT NULL,
        state INTEGER NOT NULL, priority INTEGER NOT NULL, due INTEGER NOT NULL,
        deadline INTEGER, rank INTEGER NOT NULL, attempt INTEGER NOT NULL,
        crashes INTEGER NOT NULL, suspect INTEGER NOT NULL, ran_alone INTEGER NOT NULL,
        cancelling INTEGER NOT NULL, payload BLOB NOT NULL, correlation TEXT NOT NULL,
        cause TEXT, enqueued INTEGER NOT NULL, started INTEGER, finished INTEGER,
        fault_kind TEXT, fault_code TEXT, fault_detail TEXT, done INTEGER, total INTEGER,
        checkpoint BLOB, extras BLOB, fence INTEGER NOT NULL
        """
}

/// The statements of one collection, spelled out once. Names come from declarations in code, are
/// checked here, and are never user data.
struct CollectionSQL {
    let select: String
    let insert: String
    let insertIfAbsent: String
    let update: String
    let delete: String
    let table: String

    init(_ shape: CollectionShape) {
        precondition(
            ([shape.name] + shape.columns.map(\.name) + shape.indexes.map(\.name))
                .allSatisfy(Self.isName), "collection \(shape.name) has a name SQL cannot hold")
        table = "c_" + shape.name
        let columns = shape.columns.map { ", x_" + $0.name }.joined()
        let marks = String(repeating: ", ?", count: shape.columns.count)
        let values =
            "INTO \(table)(tenant, id, version, body, created, updated\(columns)) "
            + "VALUES(?, ?, ?, ?, ?, ?\(marks))"
        select =
            "SELECT id, version, body, created, updated FROM \(table) "
            + "WHERE tenant = ? AND id = ?"
        insert = "INSERT " + values
        insertIfAbsent = "INSERT OR IGNORE " + values
        let sets = shape.columns.map { ", x_\($0.name) = ?" }.joined()
        update =
            "UPDATE \(table) SET version = ?, body = ?, updated = ?\(sets) "
            + "WHERE tenant = ? AND id = ? AND version = ?"
        delete = "DELETE FROM \(table) WHERE tenant = ? AND id = ?"
    }

    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy {
                (97...122).contains($0) || (48...57).contains($0) || $0 == 95
            }
    }

    func find(_ index: CollectionShape.Index) -> String {
        "SELECT id, version, body, created, updated FROM \(table) WHERE tenant = ?"
            + index.columns.map { " AND x_\($0) = ?" }.joined()
    }

    /// Binds tenant, the equal values, prefix ends if any, the values after which, and the limit.
    func page(_ request: PageRequest) -> String {
        let fixed = request.index.columns.prefix(request.equals.count)
        let ordering = request.index.columns.dropFirst(request.equals.count).map { "x_" + $0 }
        let keys = (ordering + ["id"]).joined(separator: ", ")
        let down = request.order == .descending
        var sql = "SELECT id, version, body, created, updated"
        sql += ordering.map { ", " + $0 }.joined() + " FROM \(table) WHERE tenant = ?"
        sql += fixed.map { " AND x_\($0) IS ?" }.joined()
        if request.prefix != nil, let column = ordering.first {
            sql += " AND \(column) >= ? AND \(column) < ?"
        }
        if request.after != nil {
            let marks = Array(repeating: "?", count: ordering.count + 1).joined(separator: ", ")
            sql += " AND (\(keys)) \(down ? "<" : ">") (\(marks))"
        }
        let direction = down ? " DESC" : ""
        sql += " ORDER BY " + (ordering + ["id"]).map { $0 + direction }.joined(separator: ", ")
        return sql + " LIMIT ?"
    }
}
