package import Kernel

/// Something that should have happened and did not.
package struct Absence: Sendable {
    /// What it is about, such as an order's or a connection's identifier.
    package let subject: String
    package let fault: RecordedFault
    package let order: String?

    package init(subject: String, fault: RecordedFault, order: String? = nil) {
        (self.subject, self.fault, self.order) = (subject, fault, order)
    }
}

/// Looks for what did not happen.
package protocol AbsenceDetector: Sendable {
    /// Stable; its findings are known by it.
    var name: String { get }
    /// All that is missing now; at most ``AbsenceLimits/found`` of each tenant.
    func absences(
        of tenants: [TenantID], at now: Instant
    ) async throws -> [TenantID: [Absence]]
}

package enum AbsenceLimits {
    /// Findings of one detector for one tenant.
    package static let found = 500
}
