package import Kernel

/// Who an issue belongs to, how bad it is, and what to do next.
package struct Classification: Hashable, Sendable {
    package let owner: IssueOwner
    package let severity: IssueSeverity
    /// A sentence for the person who looks at it.
    package let advice: String

    private init(_ owner: IssueOwner, _ severity: IssueSeverity, _ advice: String) {
        (self.owner, self.severity, self.advice) = (owner, severity, advice)
    }

    /// By the fault's code where the code says more than its kind.
    package static func of(code: String, kind: FaultKind) -> Classification {
        byCode[code] ?? byKind(kind)
    }

    private static let byCode: [String: Classification] = [
        "jobs.quarantined": Classification(
            .engineer, .critical,
            "The process died while this ran alone. Read the log of the crash before retrying it."),
        "jobs.timedOut": Classification(
            .partner, .medium,
            "Every try took too long. See whether the other side answers, then retry."),
        "jobs.deadlinePassed": Classification(
            .operator_, .medium,
            "It could not be begun in time. Retry it if it still makes sense, else skip it."),
        "orders.standstill": Classification(
            .operator_, .high,
            "An order stands still. Its page says what it waits for and since when."),
        "channels.unread": Classification(
            .partner, .high,
            "Orders may be missing. See whether the channel answers and the credentials hold."),
        "channels.silent": Classification(
            .customer, .medium,
            "Fewer orders than usual, or none arrive. See whether the shop sells and its webhooks come."
        ),
        "jobs.standstill": Classification(
            .operator_, .high,
            "Work is due and not begun. See “queues pauses”, “queues breakers” and the limits."),
        "kernel.unexpected": Classification(
            .engineer, .high,
            "An error nobody foresaw. The log has it whole; mend the code, then retry."),
        "kernel.bodyMalformed": Classification(
            .engineer, .high, "A stored body cannot be read. Edit it and retry."),
    ]

    private static func byKind(_ kind: FaultKind) -> Classification {
        switch kind {
        case .invalid:
            Classification(
                .customer, .medium,
                "The data is wrong. Correct it where it comes from, or edit it here and retry.")
        case .unauthenticated, .forbidden:
            Classification(
                .customer, .high,
                "The other side refuses our credentials. Renew them in the connection, then retry all."
            )
        case .notFound:
            Classification(
                .operator_, .medium,
                "Something it needs is not there. Bring it about and retry, or skip it.")
        case .conflict:
            Classification(
                .engineer, .medium, "It kept colliding with other work. Retry it once that is done."
            )
        case .refused:
            Classification(
                .operator_, .medium,
                "A rule forbids it. Change what stands against it and retry, or skip it.")
        case .limited:
            Classification(.partner, .low, "The other side slows us down. It goes on by itself.")
        case .unavailable:
            Classification(
                .partner, .high, "The other side cannot be reached. Retry all once it is back.")
        case .defect:
            Classification(
                .engineer, .high, "Our fault. The log has it whole; mend the code, then retry all.")
        }
    }
}
