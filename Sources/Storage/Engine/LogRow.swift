package import Kernel

/// An event as the log holds it.
package struct LogRow: Sendable {
    /// Zero until it is appended.
    package var position: Int64
    package let tenant: TenantID
    package let stream: String
    package let version: Int64
    package let type: String
    package let at: Int64
    package let actor: Actor
    package let operation: String?
    package let cause: String?
    package let correlation: String
    package let data: [UInt8]

    package init(
        position: Int64 = 0, tenant: TenantID, stream: String, version: Int64, type: String,
        at: Int64, actor: Actor, operation: String?, cause: String?, correlation: String,
        data: [UInt8]
    ) {
        self.position = position
        self.tenant = tenant
        self.stream = stream
        self.version = version
        self.type = type
        self.at = at
        self.actor = actor
        self.operation = operation
        self.cause = cause
        self.correlation = correlation
        self.data = data
    }
}

/// A subscription's key within one tenant.
package struct ParkedKey: Hashable, Sendable {
    package let tenant: TenantID
    package let key: String

    package init(tenant: TenantID, key: String) {
        self.tenant = tenant
        self.key = key
    }
}

/// An event a subscription set aside, or one that waits in order behind it.
package struct ParkedRow: Sendable {
    package enum State: String, Sendable, Codable {
        /// Needs a person.
        case parked
        /// Will be tried again at `retryAt`.
        case backingOff
        /// Stands behind an earlier event of the same key.
        case waiting
    }

    package var number: Int64
    package let subscription: String
    package let slot: Int
    package let key: ParkedKey
    package let position: Int64
    package var state: State
    package var attempts: Int
    package var fault: RecordedFault?
    package let since: Int64
    package var retryAt: Int64?
    /// Data a person put in place of the event's own.
    package var replacement: [UInt8]?

    package init(
        number: Int64 = 0, subscription: String, slot: Int, key: ParkedKey, position: Int64,
        state: State, attempts: Int, fault: RecordedFault?, since: Int64, retryAt: Int64?,
        replacement: [UInt8]? = nil
    ) {
        self.number = number
        self.subscription = subscription
        self.slot = slot
        self.key = key
        self.position = position
        self.state = state
        self.attempts = attempts
        self.fault = fault
        self.since = since
        self.retryAt = retryAt
        self.replacement = replacement
    }
}
