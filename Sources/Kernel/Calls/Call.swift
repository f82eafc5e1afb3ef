/// Who acts: a person, a key, a job or the platform itself. Never a name or an address.
public struct Actor: Hashable, Sendable, Codable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable {
        case apiKey, operator_ = "operator", job, subscription, channel, platform
    }

    public let kind: Kind
    public let id: String

    public init(_ kind: Kind, _ id: String) {
        self.kind = kind
        self.id = id
    }

    public static let platform = Actor(.platform, "platform")

    public var description: String { "\(kind.rawValue):\(id)" }
}

/// Names one operation for ever: an idempotency key, a job and step, an event and subscription.
public struct OperationID: Hashable, Sendable, Codable, CustomStringConvertible {
    public let rawValue: String

    public init(_ rawValue: String) { self.rawValue = rawValue }

    public var description: String { rawValue }
}

/// Everything about a request that is not its content.
public struct Call: Sendable {
    public let tenant: TenantID
    public let actor: Actor
    /// When the call began; every decision and rerun within it sees this time.
    public let at: Instant
    /// Ties together all that one outside request caused.
    public let correlation: String
    /// Where set, a repeat returns the first answer; where not, the call cannot be repeated safely.
    public let operation: OperationID?
    /// A digest of the request: the same operation with another one is refused.
    public let fingerprint: String
    /// Position of the event, or id of the job, that led here.
    public let cause: String?

    public init(
        tenant: TenantID, actor: Actor, at: Instant, correlation: String,
        operation: OperationID? = nil, fingerprint: String = "", cause: String? = nil
    ) {
        self.tenant = tenant
        self.actor = actor
        self.at = at
        self.correlation = correlation
        self.operation = operation
        self.fingerprint = fingerprint
        self.cause = cause
    }

    /// The same call under another operation id, for a further step.
    public func step(_ operation: OperationID, fingerprint: String = "") -> Call {
        Call(
            tenant: tenant, actor: actor, at: at, correlation: correlation,
            operation: operation, fingerprint: fingerprint, cause: cause)
    }

    /// The same call for another tenant: only the platform's own bookkeeping does this.
    public func within(_ tenant: TenantID) -> Call {
        Call(
            tenant: tenant, actor: actor, at: at, correlation: correlation,
            operation: operation, fingerprint: fingerprint, cause: cause)
    }
}
