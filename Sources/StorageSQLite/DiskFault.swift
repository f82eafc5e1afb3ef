/// A fault below our own code, planted so that a simulation can show it finds such.
package enum DiskFault: Sendable {
    /// A row goes as soon as it was written, where a condition over `NEW` and `OLD` holds.
    case losesRows(of: String, key: String, after: Change, when: String)
    /// A subscription's place is kept further on than it is.
    case skipsPlaces(by: Int)
    case dropsIndex(String)
    /// A job that waits for its time stays as it is when it is due.
    case keepsWaiting

    package enum Change: String, Sendable {
        case insert = "INSERT"
        case update = "UPDATE"
    }

    var sql: String {
        switch self {
        case .losesRows(let table, let key, let change, let condition):
            """
            CREATE TRIGGER planted AFTER \(change.rawValue) ON \(table) WHEN \(condition) BEGIN
            DELETE FROM \(table) WHERE \(key) = NEW.\(key); END
            """
        case .skipsPlaces(let count):
            """
            CREATE TRIGGER planted AFTER INSERT ON subscriptions BEGIN
            UPDATE subscriptions SET floor = NEW.floor + \(count) WHERE name = NEW.name; END
            """
        case .dropsIndex(let name): "DROP INDEX \(name)"
        case .keepsWaiting:
            """
            CREATE TRIGGER planted BEFORE UPDATE OF state ON jobs
            WHEN OLD.state IN (0, 3) AND NEW.state = 1 BEGIN SELECT RAISE(IGNORE); END
            """
        }
    }
}
