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
        let status: Int
        /// Whether the answer was cut, so that the caller cannot know it.
        let isCut: Bool
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

    mutating func call(
        seller: String, operation: String, order: String, subject: String, status: Int,
        isCut: Bool, trace: String, at: Int64
    ) {
        sequence += 1
        calls.append(
            CallEntry(
                sequence: sequence, seller: seller, operation: operation, order: order,
                subject: subject, status: status, isCut: isCut, trace: trace,
                at: at))
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
