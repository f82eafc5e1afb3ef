package import Kernel

/// One share of the work, and which process has it.
package struct LeaseRow: Equatable, Sendable {
    /// From 0 to 63.
    package let shard: Int
    /// `nil` while nobody has it.
    package let holder: String?
    /// Counts its holders: who was given it in an earlier term has it no more.
    package let term: Int64

    package init(shard: Int, holder: String?, term: Int64) {
        (self.shard, self.holder, self.term) = (shard, holder, term)
    }
}

/// Rows of an engine that several processes share. Who is alive shows in a beat that counts on, so
/// that nobody's clock is compared with another's.
package protocol LeaseRows: AnyObject {
    /// Counts one's own beat on, and adds oneself the first time.
    func beat(_ member: String) throws
    /// Every process that has not left, with its last beat.
    func members() throws -> [String: Int64]
    func leases() throws -> [LeaseRow]
    /// Takes shards that are as they were seen. - Returns: those it got, with their new term.
    func take(_ leases: [LeaseRow], for member: String) throws -> [LeaseRow]
    func release(_ shards: Set<Int>, by member: String) throws
    /// Leaves: gives back what is held, and is no longer counted.
    func forget(_ member: String) throws
    /// Whether all are still held in these terms; until the transaction ends they stay so.
    func confirm(_ terms: [Int: Int64], of member: String) throws -> Bool
}

/// The shares into which work is divided between processes.
package enum Shard {
    package static let count = 64

    /// All of a tenant's work is in one: every limit that counts it is then kept by one process.
    package static func of(_ tenant: TenantID) -> Int {
        Int(StableHash.of(tenant.rawValue) % UInt64(count))
    }

    package static func of(subscription name: String) -> Int {
        Int(StableHash.of("subscription/" + name) % UInt64(count))
    }
}
