package import Contracts
package import Kernel
package import Storage

package enum WarehouseFaultCode: String, FaultCode {
    case unknownWork, illegalTransition, blocked, quantityTooLarge, reasonMissing
    case labelsDiffer

    package static let service = "warehouse"

    package var kind: FaultKind {
        switch self {
        case .unknownWork: .notFound
        case .illegalTransition, .blocked: .refused
        case .quantityTooLarge, .reasonMissing, .labelsDiffer: .invalid
        }
    }
}

package typealias WarehouseError = CodedFault<WarehouseFaultCode>

package enum WorkState: String, Codable, Sendable, CaseIterable, Indexable {
    case asked, accepted, released, picking, picked, packed, dispatched, cancelled
}

package enum WorkVerb: String, Codable, Sendable, CaseIterable {
    case accept, release, pick, finishPicking, fallShort, pack, unpack, dispatch, cancel
}

package enum WorkLifecycle {
    package static let machine = StateMachine<WorkState, WorkVerb>(
        initial: .asked, terminal: [.dispatched, .cancelled],
        [
            .init(.asked, .accept, .accepted), .init(.accepted, .release, .released),
            .init(.released, .pick, .picking), .init(.picking, .finishPicking, .picked),
            .init(.released, .fallShort, .released), .init(.picking, .fallShort, .picking),
            .init(.picked, .fallShort, .picked),
            .init(.picked, .pack, .packed), .init(.packed, .unpack, .picked),
            .init(.packed, .dispatch, .dispatched), .init(.asked, .cancel, .cancelled),
            .init(.accepted, .cancel, .cancelled), .init(.released, .cancel, .cancelled),
            .init(.picking, .cancel, .cancelled), .init(.picked, .cancel, .cancelled),
            .init(.packed, .cancel, .cancelled),
        ])
}

/// The warehouse's own view of one fulfilment order: what to pick, how it is boxed, where it is.
package struct WorkOrder: Record {
    package struct Box: Codable, Hashable, Sendable {
        package let parcel: ParcelID
        package let lines: [StockLine]
        package let carrier: String
        package let trackingNumber: String
    }

    package static let collection = "work_orders"
    package static let byState = Index<WorkOrder>(
        "by_state", Column("state", \.state), Column("since", \.since))
    package static let byOpenness = Index<WorkOrder>(
        "by_openness", Column("is_open", \.isOpen), Column("open_since", \.since))
    package static let indexes = [byState, byOpenness]

    /// The fulfilment order's own identifier.
    package let id: FulfilmentOrderID
    package let order: OrderID
    package let facility: FacilityID
    package var state: WorkState
    package var since: Instant
    package var lines: [StockLine]
    package var boxes: [Box]
    /// Why the last try to hand over was refused.
    package var blockedBy: String?

    package var isOpen: Bool { !WorkLifecycle.machine.terminal.contains(state) }

    package mutating func enter(_ next: WorkState, _ verb: WorkVerb, at now: Instant) throws {
        guard WorkLifecycle.machine.targets(of: verb, in: state).contains(next) else {
            throw WarehouseError(
                .illegalTransition, "\(verb.rawValue) does not follow \(state.rawValue)")
        }
        state = next
        since = now
    }
}

/// How goods are put into boxes: at most so many units each, in line order.
package enum BoxPlan {
    package static let boxLimit = 500

    package static func boxes(_ lines: [StockLine], capacity: Int) -> [[StockLine]] {
        let total = lines.map(\.quantity).total().units
        // Bulk goods go on pallets: never more boxes than one transaction should write.
        let capacity = max(1, capacity, (total + boxLimit - 1) / boxLimit)
        var boxes: [[StockLine]] = []
        var room = 0
        for line in lines {
            var left = line.quantity.units
            while left > 0 {
                if room == 0 {
                    boxes.append([])
                    room = capacity
                }
                let part = min(left, room)
                left -= part
                room -= part
                // Parts of a quantity are within its range.
                guard let quantity = try? Quantity(part) else { continue }
                boxes[boxes.count - 1].append(
                    StockLine(line: line.line, sku: line.sku, quantity: quantity))
            }
        }
        return boxes
    }
}
