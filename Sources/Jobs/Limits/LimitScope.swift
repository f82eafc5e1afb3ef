package import Kernel
import Storage

/// Names of what a limit or a pause acts on. A job is under one of each level its partition names.
package enum LimitScope {
    package static func tenant(_ tenant: TenantID) -> String { "tenant:\(tenant)" }
    package static func connection(_ connection: String) -> String { "connection:\(connection)" }
    package static func queue(_ queue: String) -> String { "queue:\(queue)" }
    package static func kind(_ kind: String) -> String { "kind:\(kind)" }

    /// Those within a tenant and a connection; the last is the partition's own key, as it stands.
    static func inner(of partition: JobPartition) -> [String] {
        [queue(partition.queue), kind(partition.kind)] + (partition.key.map { [$0] } ?? [])
    }
}
