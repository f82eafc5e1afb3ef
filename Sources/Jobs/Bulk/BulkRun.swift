package import Kernel
package import Storage

package enum BulkRunTag: IdentifierTag { package static let prefix = "blk" }
package enum BulkResultTag: IdentifierTag { package static let prefix = "blr" }

/// One action on many items, each with a result of its own.
///
/// A canary of a few items goes first; the rest follows only once every one of them is known to
/// have come out well.
package struct BulkRun: Record {
    package enum State: String, Codable, Sendable, Indexable {
        /// The canary is applied, or what becomes of it is awaited.
        case trying
        case running
        /// All has been applied; what becomes of each is awaited.
        case awaiting
        case done
        /// The canary failed, or the run itself did; the note says why. The rest was not touched.
        case halted
        case cancelled

        package var isLive: Bool { [.trying, .running, .awaiting].contains(self) }
    }

    /// What a person asks for.
    package struct Plan: Sendable {
        package let operation: String
        package let subject: String
        package var argument = JSONValue.null
        /// Identifiers of the items meant; `nil` for all that match.
        package var selected: [String]?
        package var reason = ""
        package var canary = 0
        /// Zero for no cap.
        package var perSecond = 0

        package init(operation: String, subject: String) {
            self.operation = operation
            self.subject = subject
        }
    }

    package static let collection = "bulk_runs"
    package static let leavesEvents = false
    package static let bySubject = Index<BulkRun>(
        "by_subject", Column("subject", \.subject), Column("created", \.createdAt))
    package static let byCreation = Index<BulkRun>("by_creation", Column("created", \.createdAt))
    package static let indexes = [bySubject, byCreation]
    /// Most items a person may name one by one.
    package static let selectionLimit = 1000
    /// So long a canary may take.
    static let patience = Duration.seconds(600)
    /// So long what becomes of the rest is awaited: what has to wait longer is said to be under way.
    static let awaitedFor = Duration.seconds(120)

    package let id: Identifier<BulkRunTag>
    package let operation: String
    /// What it is about, such as an issue's identifier.
    package let subject: String
    package internal(set) var argument: JSONValue
    package let selected: [String]?
    package let reason: String
    package let by: String
    package let canary: Int
    package let perSecond: Int
    /// Items that matched when it began; counting stops at 5,000.
    package let total: Int
    package internal(set) var state: State
    package internal(set) var applied = 0
    package internal(set) var refused = 0
    package internal(set) var note: String?
    /// Of those applied, how many came out well, and how many failed again; the rest is under way.
    package internal(set) var cameOutWell: Int?
    package internal(set) var failedAgain: Int?
    /// The last item dealt with.
    var place: String?
    /// When the last was applied, and the last result whose outcome is known.
    var appliedAt: Instant?
    var judged: Identifier<BulkResultTag>?
    var judgedOrdinal: Int?
    package let createdAt: Instant
    package internal(set) var endedAt: Instant?

    package var done: Int { applied + refused }
}

/// What came of one item.
package struct BulkResult: Record {
    package static let collection = "bulk_results"
    package static let leavesEvents = false
    package static let byRun = Index<BulkResult>(
        "by_run", Column("run", \.run), Column("ordinal", \.ordinal))
    package static let indexes = [byRun]

    package let id: Identifier<BulkResultTag>
    package let run: Identifier<BulkRunTag>
    package let ordinal: Int
    package let item: String
    /// Why it was refused; `nil` where it was applied.
    package let fault: RecordedFault?
    /// Why it failed again after it was applied.
    package internal(set) var failedAgain: String?
    /// Whether it is known to have come out well.
    package internal(set) var cameOutWell: Bool?
    package let at: Instant
}

package enum BulkVerdict: Sendable, Hashable {
    case pending
    case good
    case bad(String)
}

/// A kind of action on many items.
package protocol BulkOperation: Sendable {
    static var name: String { get }
    /// Items meant by a run, past a place, in an order that stays; those that came up after it
    /// began are left out.
    func items(
        of run: BulkRun, after place: String?, limit: Int, in reader: ReadTransaction
    ) throws -> [String]
    /// Does one, in a transaction of its own. A thrown fault is its result, and takes all of it back.
    func apply(_ item: String, of run: BulkRun, in transaction: Transaction) throws
    /// Why one would be refused, as far as it can be told beforehand; `nil` where nothing is known
    /// against it.
    func objection(
        to item: String, of run: BulkRun, in reader: ReadTransaction
    ) throws -> RecordedFault?
    /// Whether what becomes of each is known only some time after it was applied.
    func isAwaited(_ run: BulkRun) throws -> Bool
    /// What became of one that was applied.
    func verdict(
        on item: String, of run: BulkRun, in reader: ReadTransaction
    ) throws -> BulkVerdict
    /// What of a run's argument is kept once it is over: nothing personal.
    func kept(of argument: JSONValue) -> JSONValue
    /// The run is over, whichever way.
    func ended(_ run: BulkRun, in transaction: Transaction) throws
}
