package import Contracts
package import Kernel
package import Storage

package enum FulfilmentState: String, Codable, Sendable, CaseIterable, Indexable {
    case planned, scheduled, requested, accepted, released, picking, packed, ready
    case partlyDispatched, dispatched, cancelled, rejected, timedOut, pulledBack
}

package enum FulfilmentVerb: String, Codable, Sendable, CaseIterable {
    case schedule, request, accept, reject, timeOut, release, pullBack, startPicking, pack
    case unpack, makeReady, handOver, cancel, fallShort
}

package enum FulfilmentLifecycle {
    package static let machine = StateMachine<FulfilmentState, FulfilmentVerb>(
        initial: .planned, terminal: [.dispatched, .cancelled, .rejected, .timedOut, .pulledBack],
        [
            .init(.planned, .schedule, .scheduled), .init(.planned, .request, .requested),
            .init(.planned, .cancel, .cancelled), .init(.scheduled, .request, .requested),
            .init(.scheduled, .cancel, .cancelled), .init(.requested, .accept, .accepted),
            .init(.requested, .reject, .rejected), .init(.requested, .timeOut, .timedOut),
            .init(.requested, .cancel, .cancelled), .init(.accepted, .release, .released),
            .init(.accepted, .cancel, .cancelled), .init(.released, .startPicking, .picking),
            .init(.released, .pullBack, .pulledBack), .init(.released, .cancel, .cancelled),
            .init(.released, .fallShort, .released), .init(.released, .fallShort, .pulledBack),
            .init(.picking, .pack, .packed), .init(.picking, .cancel, .cancelled),
            .init(.picking, .fallShort, .picking), .init(.picking, .fallShort, .pulledBack),
            .init(.packed, .pack, .packed), .init(.packed, .unpack, .picking),
            .init(.packed, .makeReady, .ready),
            .init(.packed, .handOver, .dispatched), .init(.packed, .handOver, .partlyDispatched),
            .init(.packed, .cancel, .cancelled), .init(.ready, .handOver, .dispatched),
            .init(.ready, .handOver, .partlyDispatched), .init(.ready, .cancel, .cancelled),
            .init(.ready, .unpack, .picking),
            .init(.partlyDispatched, .handOver, .partlyDispatched),
            .init(.partlyDispatched, .handOver, .dispatched),
            .init(.partlyDispatched, .cancel, .dispatched),
        ])
}

/// A box of an order on its way.
package struct Parcel: Codable, Hashable, Sendable {
    package enum State: String, Codable, Sendable {
        case packed, handedOver, voided
    }

    package let id: ParcelID
    package let lines: [StockLine]
    package var state: State
    package var carrier: String?
    package var trackingNumber: String?
    package var handedOverAt: Instant?
}

/// The work one facility is asked to do for one order. It never changes facility.
package struct FulfilmentOrder: Aggregate {
    package static let collection = "fulfilment_orders"
    package static let byOrder = Index<FulfilmentOrder>(
        "by_order", Column("order_id", \.order))
    package static let byState = Index<FulfilmentOrder>(
        "by_state", Column("state", \.state), Column("since", \.since))
    package static let indexes = [byOrder, byState]

    package let id: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID
    package var state: FulfilmentState
    package var since: Instant
    package var lines: [StockLine]
    package var parcels: [Parcel] = []
    package let shipBy: Instant?

    package var openParcels: [Parcel] { parcels.filter { $0.state == .packed } }
}

package struct FulfilmentAdvanced: EventPayload {
    package static let type: EventType = "orders.fulfilmentAdvanced.1"
    package let order: OrderID
    package let fulfilmentOrder: FulfilmentOrderID
    package let state: FulfilmentState
    package let parcels: [WorkProgressed.Box]
}

/// The facility could not find these units.
package struct FulfilmentShort: EventPayload {
    package static let type: EventType = "orders.fulfilmentShort.1"
    package let order: OrderID
    package let fulfilmentOrder: FulfilmentOrderID
    package let facility: FacilityID
    package let lines: [StockLine]
    package let reason: String

    package init(
        order: OrderID, fulfilmentOrder: FulfilmentOrderID, facility: FacilityID,
        lines: [StockLine], reason: String
    ) {
        self.order = order
        self.fulfilmentOrder = fulfilmentOrder
        self.facility = facility
        self.lines = lines
        self.reason = reason
    }
}

package struct ParcelsHandedOver: EventPayload {
    package static let type: EventType = "orders.parcelsHandedOver.1"
    package let parcels: [LabelledParcel]
}

package enum FulfilmentEvent: AggregateEvent {
    case requested(FulfilmentRequested)
    case advanced(FulfilmentAdvanced)
    case released(FulfilmentReleased)
    case reduced(FulfilmentReduced)
    case short(FulfilmentShort)
    case handedOver(ParcelsHandedOver)

    package var payload: any EventPayload {
        switch self {
        case .requested(let fact): fact
        case .advanced(let fact): fact
        case .released(let fact): fact
        case .reduced(let fact): fact
        case .short(let fact): fact
        case .handedOver(let fact): fact
        }
    }

    package init?(type: EventType, from data: EventData) throws {
        switch type {
        case FulfilmentRequested.type: self = .requested(try data.decode())
        case FulfilmentAdvanced.type: self = .advanced(try data.decode())
        case FulfilmentReleased.type: self = .released(try data.decode())
        case FulfilmentReduced.type: self = .reduced(try data.decode())
        case FulfilmentShort.type: self = .short(try data.decode())
        case ParcelsHandedOver.type: self = .handedOver(try data.decode())
        default: return nil
        }
    }
}
