package import Kernel

/// Rows of collections. Every call names its tenant; there is no other way in.
package protocol RecordRows: AnyObject {
    func record(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> StoredRecord?
    /// - Throws: `StorageError.duplicate`.
    func insert(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws
    func insertIfAbsent(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue]
    ) throws -> Bool
    /// - Returns: `false` when the stored version is no longer `expected`.
    func update(
        _ shape: CollectionShape, tenant: TenantID, record: StoredRecord, columns: [IndexValue],
        expected: Int64
    ) throws -> Bool
    func delete(_ shape: CollectionShape, tenant: TenantID, id: String) throws -> Bool
    func find(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        values: [IndexValue]
    ) throws -> StoredRecord?
    /// Each record with the values of the columns that order the page.
    func page(
        _ shape: CollectionShape, tenant: TenantID, _ request: PageRequest
    ) throws -> [(record: StoredRecord, ordering: [IndexValue])]
    func replaceTokens(
        _ shape: CollectionShape, tenant: TenantID, id: String, tokens: Set<String>) throws
    /// Identifiers of records with a token that begins so, in order; at most `limit`.
    func search(
        _ shape: CollectionShape, tenant: TenantID, prefix: String, after: String?, limit: Int
    ) throws -> [String]
    func count(
        _ shape: CollectionShape, tenant: TenantID, index: CollectionShape.Index,
        equals: [IndexValue], limit: Int
    ) throws -> Int
    /// Removes every row of every tenant at once.
    func clear(_ shape: CollectionShape) throws
    /// Writes every row's index columns anew from its body, across tenants; returns how many.
    func reindex(_ shape: CollectionShape, columns: ([UInt8]) throws -> [IndexValue]) throws -> Int
}

/// Rows of the event log.
package protocol LogRows: AnyObject {
    /// Appends and returns the position of the last. - Throws: `StorageError.stale`.
    func append(_ events: [LogRow]) throws -> Int64
    func stream(
        tenant: TenantID, stream: String, after version: Int64, limit: Int
    ) throws -> [LogRow]
    func streamHead(tenant: TenantID, stream: String) throws -> (version: Int64, at: Int64)?
    /// Events after a cursor in log order: nothing is skipped, whatever commits late. A `nil` tenant
    /// is for the platform's own subscriptions. - Throws: `StorageError.cursorMalformed`.
    func log(
        tenant: TenantID?, after cursor: LogCursor, types: Set<String>?, limit: Int
    ) throws -> LogPage
    func event(at position: Int64) throws -> LogRow?
    /// Numbers of the last event before a cursor, roughly, and of the last there is.
    func extent(at cursor: LogCursor) throws -> (reached: Int64, last: Int64)
}

/// Results of operations, so that a repeat gets the first answer.
package protocol OperationRows: AnyObject {
    func operation(
        tenant: TenantID, _ id: OperationID
    ) throws -> (fingerprint: String, result: [UInt8])?
    func saveOperation(
        tenant: TenantID, _ id: OperationID, fingerprint: String, result: [UInt8], at: Int64
    ) throws
    /// Removes at most `limit` results from before a time.
    func pruneOperations(before: Int64, limit: Int) throws -> Int
}

/// Where each subscription stands, and what it had to set aside.
package protocol SubscriptionRows: AnyObject {
    func floor(subscription: String) throws -> LogCursor?
    func saveFloor(subscription: String, _ cursor: LogCursor) throws
    /// Names within a range under which there is a place or anything set aside.
    func subscriptions(from first: String, to last: String) throws -> [String]
    /// Removes its places and all it has set aside.
    func forget(subscription: String) throws
    /// Puts the places of one, and all it has set aside, in place of another's.
    func replace(subscription: String, by other: String) throws
    func projection(_ name: String) throws -> ProjectionRow?
    /// As ``projection(_:)``, made where absent; nobody else changes it before this transaction
    /// ends, and where `exclusively`, nobody else holds it.
    func holdProjection(_ name: String, exclusively: Bool) throws -> ProjectionRow
    func saveProjection(_ row: ProjectionRow) throws
    func slotPlaces(subscription: String) throws -> [Int: SlotPlace]
    /// - Returns: `false` where it has come so far already; then nothing is changed.
    func saveSlot(subscription: String, slot: Int, _ place: SlotPlace) throws -> Bool
    func parkedKeys(subscription: String) throws -> Set<ParkedKey>
    func park(_ row: ParkedRow) throws
    func parked(subscription: String, key: ParkedKey, limit: Int) throws -> [ParkedRow]
    func parkedList(tenant: TenantID, after: Int64, limit: Int) throws -> [ParkedRow]
    func parkedRow(tenant: TenantID, number: Int64) throws -> ParkedRow?
    func updateParked(_ row: ParkedRow) throws
    func deleteParked(number: Int64) throws
    /// How many attempts alone at an event were begun, and neither ended nor let go of: each of them
    /// ended with its process.
    func trials(subscription: String, position: Int64) throws -> Int
    /// - Parameter count: zero forgets them.
    func saveTrials(subscription: String, position: Int64, _ count: Int) throws
    /// Heads of keys that are to be tried again by `now`, and those put off beyond `horizon`, which
    /// nobody does: the clock was set back since.
    func parkedDue(
        subscription: String, now: Int64, horizon: Int64, limit: Int
    ) throws -> [ParkedRow]
}

/// Rows of the job queue and its history. Every claim raises a job's fence: what an attempt with
/// an older one writes changes nothing.
package protocol JobRows: AnyObject {
    /// - Parameter window: finished jobs that still keep the unique key taken.
    func insertJob(_ job: JobRow, unlessSince window: JobWindow?) throws -> JobInsertion
    func readyJobs(partition: String, after rank: Int64, limit: Int) throws -> [JobHeader]
    func readyPartitions() throws -> [String]
    func promoteDue(now: Int64, limit: Int) throws -> [JobHeader]
    func nextDue() throws -> Int64?
    /// The latest time at which something was written down, as far as that is cheap to say.
    func latestTime() throws -> Int64?
    /// Makes what waits for a time up to one due so much earlier: what was enqueued after a time, is
    /// due after another, or waits for another try beyond the horizon, which none does.
    /// - Returns: how many jobs.
    func bringForward(
        by step: Int64, dueUntil last: Int64, writtenAfter time: Int64, putOffAfter moment: Int64,
        horizon: Int64
    ) throws -> Int
    /// Makes what waits for a time between two due so much earlier, of these tenants.
    /// - Returns: how many jobs.
    func bringForwardOwn(
        by step: Int64, dueAfter first: Int64, dueUntil last: Int64,
        isOurs: (TenantID) throws -> Bool
    ) throws -> Int
    /// Marks as running those still available; the others are left out.
    func claim(_ numbers: [Int64], now: Int64, isAlone: Bool) throws -> [JobRow]
    func job(_ number: Int64) throws -> JobRow?
    /// Whether this attempt is the current one.
    func holds(_ number: Int64, fence: Int64) throws -> Bool
    /// Puts an attempted job back.
    func reschedule(_ job: JobRow) throws -> JobReturn
    /// Moves jobs to the history, each from the state it is in.
    /// - Parameter from: `nil` ends the attempt a row names; else the states it may be in.
    /// - Returns: numbers of those that were ended; the others were no longer so.
    func finish(_ jobs: [JobRow], from states: Set<JobState>?) throws -> Set<Int64>
    func saveProgress(_ number: Int64, fence: Int64, _ progress: JobProgress) throws -> Bool
    /// Asks a running attempt to end. - Returns: whether one runs.
    func requestCancellation(_ number: Int64) throws -> Bool
    /// Everything that was running when the process died.
    func runningJobs() throws -> [JobRow]
    /// Moves a finished job back into the queue, with its unique key.
    /// - Parameter payload: takes the place of the job's own.
    func revive(
        tenant: TenantID, _ number: Int64, now: Int64, payload: [UInt8]?
    ) throws -> JobRevival
    /// Makes a job that waits for its time ready; `nil` when it does not.
    /// - Parameter payload: takes the place of the job's own, which has all its tries then.
    func hasten(
        tenant: TenantID, _ number: Int64, now: Int64, payload: [UInt8]?
    ) throws -> JobHeader?
    /// A discarded job counts as cancelled. - Returns: whether it was discarded.
    func dismiss(tenant: TenantID, _ number: Int64) throws -> Bool
}

/// What the console, the command line and figures ask about jobs.
package protocol JobListing: AnyObject {
    /// Newest first.
    func jobs(_ filter: JobFilter, before number: Int64?, limit: Int) throws -> [JobRow]
    func jobCounts(tenant: TenantID?) throws -> [JobState: Int]
    /// Live jobs by partition and state.
    func jobTallies() throws -> [JobTally]
    /// How many jobs run, by partition.
    func runningPartitions() throws -> [String: Int]
    /// Looks at `limit` finished jobs after a number and removes those that ended before a time,
    /// all but discarded ones. - Returns: where to go on; `nil` once none left can have ended so early.
    func pruneHistory(
        after number: Int64, before: Int64, limit: Int
    ) throws -> (next: Int64?, removed: Int)
}

/// One open transaction of an engine.
package typealias EngineSession = RecordRows & LogRows & OperationRows & SubscriptionRows
    & JobRows & JobListing
