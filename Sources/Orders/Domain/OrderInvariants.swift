import Contracts
import Kernel

/// The invariants of one order with its work: pure, for tests and for `verify` alike.
package enum OrderInvariants {
    package struct Finding: Hashable, Sendable {
        package let invariant: String
        package let detail: String
    }

    package static func findings(_ order: Order, _ work: [FulfilmentOrder]) -> [Finding] {
        var found: [Finding] = []
        var handedOver: [LineNumber: Quantity] = [:]
        for parcel in work.flatMap(\.parcels) where parcel.state == .handedOver {
            for line in parcel.lines { handedOver[line.line, default: .zero] += line.quantity }
        }
        for line in order.lines {
            let sum = line.units.map(\.quantity).total()
            if sum != line.ordered {
                found.append(
                    Finding(
                        invariant: "I1",
                        detail: "line \(line.number): buckets hold \(sum), ordered \(line.ordered)")
                )
            }
            let gone = line.quantity {
                [.shipped, .delivered, .lost, .returningToOrigin, .returnedToOrigin]
                    .contains($0.bucket)
            }
            let boxed = handedOver[line.number] ?? .zero
            if gone != boxed {
                found.append(
                    Finding(
                        invariant: "I3",
                        detail: "line \(line.number): \(gone) left, parcels hold \(boxed)"))
            }
        }
        return found
    }
}
