import ChannelWalmart
import Connectors
import Contracts
import Events
import FoundationEssentials
import Kernel
import Orders
import Storage

/// Someone read what arrived about an order, personal data included.
struct RawRead: EventPayload {
    static let type: EventType = "platform.rawRead.1"
    let order: OrderID
}

/// Someone read an arrival by itself, as for one that cannot be understood.
struct ArrivalRead: EventPayload {
    static let type: EventType = "platform.arrivalRead.1"
    let arrival: Identifier<InboxTag>
}

struct SkipRequest: Decodable, Sendable {
    let reason: String
}

struct ParkedReply: Encodable, Sendable {
    let number: Int64
    let subscription: String
    let key: String
    let state: String
    let position: Int64
    let attempts: Int
    let since: Instant
    let retryAt: Instant?
    let fault: RecordedFault?

    init(_ row: ParkedRow) {
        number = row.number
        subscription = row.subscription
        key = row.key.key
        state = row.state.rawValue
        position = row.position
        attempts = row.attempts
        since = Instant(microseconds: row.since)
        retryAt = row.retryAt.map(Instant.init)
        fault = row.fault
    }
}

struct ParkedManyRequest: Decodable, Sendable {
    let numbers: [Int64]
    let reason: String?
}

struct ParkedOutcomeReply: Encodable, Sendable {
    let number: Int64
    /// `trying`, `skipped` or `refused`.
    let outcome: String
    let fault: RecordedFault?

    init(_ outcome: ParkedOutcome, _ done: String) {
        number = outcome.number
        self.outcome = outcome.fault == nil ? done : "refused"
        fault = outcome.fault
    }
}

struct RawReply: Encodable, Sendable {
    let kind: String
    let receivedAt: Instant
    let state: String
    let note: String
    let body: String

    init(_ item: InboxItem, _ body: [UInt8]) {
        kind = item.kind
        receivedAt = item.receivedAt
        state = item.state.rawValue
        note = item.note
        self.body = String(decoding: body, as: UTF8.self)
    }
}

/// How reading of one list of a connection goes.
struct PollReply: Encodable, Sendable {
    let connection: ConnectionID
    let list: String
    let lastSuccess: Instant?
    let failingSince: Instant?
    let fault: RecordedFault?

    init(_ stream: PollStream) {
        connection = stream.connection
        list = stream.kind.rawValue
        lastSuccess = stream.lastSuccess
        failingSince = stream.failingSince
        fault = stream.lastFault
    }
}
