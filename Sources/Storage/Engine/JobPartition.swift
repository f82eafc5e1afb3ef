package import Kernel

/// What limits, budgets, fairness and pauses act on: every job belongs to one.
package struct JobPartition: Hashable, Sendable, CustomStringConvertible {
    package static let standardQueue = "default"

    package let tenant: TenantID
    /// The connection to an outside system the job works for, if any.
    package let connection: String?
    package let queue: String
    package let kind: String
    /// A limit of its own: an operation of a connection, an account, a customer.
    package let key: String?

    package init(
        tenant: TenantID, connection: String? = nil, queue: String = standardQueue, kind: String,
        key: String? = nil
    ) {
        self.tenant = tenant
        self.connection = connection.map(Self.plain)
        self.queue = Self.plain(queue)
        self.kind = Self.plain(kind)
        self.key = key
    }

    /// Reads what ``description`` wrote.
    package init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 4, omittingEmptySubsequences: false)
            .map(String.init)
        guard parts.count == 5, let tenant = TenantID(parts[0]) else { return nil }
        self.tenant = tenant
        connection = parts[1].isEmpty ? nil : parts[1]
        queue = parts[2]
        kind = parts[3]
        key = parts[4].isEmpty ? nil : parts[4]
    }

    package var description: String {
        "\(tenant)/\(connection ?? "")/\(queue)/\(kind)/\(key ?? "")"
    }

    /// Only the last part may hold the separator.
    private static func plain(_ text: String) -> String {
        text.utf8.contains(UInt8(ascii: "/")) ? text.replacing("/", with: "_") : text
    }

    /// Partitions read once: a dispatcher meets the same few with every job.
    package struct Known: Sendable {
        private static let limit = 4096
        private var partitions: [String: JobPartition] = [:]

        package init() {}

        /// Reads what ``JobPartition/description`` wrote.
        package mutating func partition(_ text: String) -> JobPartition? {
            if let known = partitions[text] { return known }
            guard let read = JobPartition(text) else { return nil }
            if partitions.count >= Self.limit { partitions = [:] }
            partitions[text] = read
            return read
        }
    }
}
