package import Kernel
import Storage

/// The commercial life of an order. Fulfilment, money and returns have machines of their own.
package enum OrderStatus: String, Codable, Sendable, CaseIterable, Indexable {
    case received, quarantined, accepted, open, completed, closed, cancelled, rejected

    package var isTerminal: Bool { OrderLifecycle.machine.terminal.contains(self) }
}

package enum OrderVerb: String, Codable, Sendable, CaseIterable {
    case wait, record, accept, quarantine, repair, abandon, open, amend, cancel, complete, close
}

package enum OrderLifecycle {
    package static let machine = StateMachine<OrderStatus, OrderVerb>(
        initial: .received, terminal: [.closed, .cancelled, .rejected],
        [
            .init(.received, .wait, .received),
            .init(.received, .record, .closed),
            .init(.received, .accept, .accepted),
            .init(.received, .quarantine, .quarantined),
            .init(.received, .cancel, .cancelled),
            .init(.quarantined, .repair, .accepted),
            .init(.quarantined, .abandon, .rejected),
            .init(.quarantined, .amend, .quarantined),
            .init(.quarantined, .cancel, .quarantined),
            .init(.quarantined, .cancel, .cancelled),
            .init(.accepted, .open, .open),
            .init(.accepted, .amend, .accepted),
            .init(.accepted, .cancel, .accepted),
            .init(.accepted, .cancel, .cancelled),
            .init(.open, .amend, .open),
            .init(.open, .cancel, .open),
            .init(.open, .cancel, .cancelled),
            .init(.open, .complete, .completed),
            .init(.completed, .close, .closed),
        ])
}

/// Where each unit of a line is. A unit is in exactly one bucket.
package enum Bucket: String, Codable, Sendable, CaseIterable {
    case pending, scheduled, backordered, reserved, sourced, released, picked, packed, shipped
    case delivered, unfillable, cancelled, lost, returningToOrigin, returnedToOrigin

    /// Whether a unit here can still be kept from leaving.
    package var isCancellable: Bool { Self.cancellable.contains(self) }

    /// Least advanced first: cancelling takes from the front.
    package static let cancellable: [Bucket] = [
        .pending, .scheduled, .backordered, .unfillable, .reserved, .sourced, .released, .picked,
        .packed,
    ]

    /// Whether a unit here is done with, one way or another.
    package var isSettled: Bool {
        [.delivered, .cancelled, .lost, .returnedToOrigin].contains(self)
    }
}

package enum BucketVerb: String, Sendable, CaseIterable {
    case schedule, backorder, reserve, unreserve, source, release, pick, pack, unpick, unpack
    case ship, deliver, giveUp, retry, cancel, lose, turnBack, comeBack
}

package enum BucketFlow {
    package static let machine: StateMachine<Bucket, BucketVerb> = {
        var table: [StateMachine<Bucket, BucketVerb>.Transition] = [
            .init(.pending, .schedule, .scheduled), .init(.pending, .backorder, .backordered),
            .init(.pending, .reserve, .reserved), .init(.scheduled, .reserve, .reserved),
            .init(.backordered, .reserve, .reserved), .init(.scheduled, .unreserve, .pending),
            .init(.backordered, .unreserve, .pending), .init(.reserved, .source, .sourced),
            .init(.sourced, .release, .released), .init(.released, .pick, .picked),
            .init(.picked, .pack, .packed), .init(.packed, .ship, .shipped),
            .init(.shipped, .deliver, .delivered), .init(.reserved, .unreserve, .pending),
            .init(.sourced, .unreserve, .pending), .init(.released, .unreserve, .pending),
            .init(.picked, .unpick, .released), .init(.packed, .unpack, .picked),
            .init(.pending, .giveUp, .unfillable), .init(.sourced, .giveUp, .unfillable),
            .init(.unfillable, .retry, .pending), .init(.shipped, .lose, .lost),
            .init(.shipped, .turnBack, .returningToOrigin),
            .init(.returningToOrigin, .comeBack, .returnedToOrigin),
            .init(.returningToOrigin, .lose, .lost),
        ]
        table += Bucket.cancellable.map { .init($0, .cancel, .cancelled) }
        return StateMachine(
            initial: .pending, terminal: [.delivered, .cancelled, .lost, .returnedToOrigin], table)
    }()
}
