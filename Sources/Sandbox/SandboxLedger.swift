import Kernel

/// What the sandbox saw, calls and effects apart: the outside truth a checker reads.
struct SandboxLedger: Sendable {
    struct CallEntry: Sendable, Encodable {
        let sequence: Int
        let seller: String
        let operation: String
        let order: String
        /// The tracking number for a shipment; empty otherwise.
        let subject: String
        /// 0 while it is not answered, and where it never is.
        var status = 0
        /// Whether the caller cannot know the answer: it was cut, or is not given yet.
        var isCut = true
        /// The caller's `traceparent`; empty without one.
        let trace: String
        let at: Int64
    }

    struct EffectEntry: Sendable, Encodable {
        let sequence: Int
        let seller: String
        let kind: String
        let order: String
        let subject: String
        /// Line number to quantity.
        let lines: [String: Int]
        let at: Int64
    }

    private(set) var calls: [CallEntry] = []
    private(set) var effects: [EffectEntry] = []
    private var sequence = 0

    /// A call as it arrives: an answer that takes its time changes nothing about which came first.
    /// - Returns: its place in `calls`, for ``answered(_:status:isCut:)``.
    mutating func call(
        seller: String, operation: String, order: String, subject: String, trace: String, at: Int64
    ) -> Int {
        sequence += 1
        calls.append(
            CallEntry(
                sequence: sequence, seller: seller, operation: operation, order: order,
                subject: subject, trace: trace, at: at))
        return calls.count - 1
    }

    mutating func answered(_ place: Int, status: Int, isCut: Bool) {
        calls[place].status = status
        calls[place].isCut = isCut
    }

    mutating func effect(
        seller: String, kind: String, order: String, subject: String, lines: [String: Int],
        at: Int64
    ) {
        sequence += 1
        effects.append(
            EffectEntry(
                sequence: sequence, seller: seller, kind: kind, order: order, subject: subject,
                lines: lines, at: at))
    }
}
