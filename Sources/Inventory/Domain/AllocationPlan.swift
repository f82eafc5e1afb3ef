package import Contracts
package import Kernel

/// Where wanted units can be held: pure and deterministic.
///
/// A facility that has all of a line is preferred, by rank; else units are taken by rank until
/// nothing is left. Demand of several lines for one SKU is met from one sum.
package enum AllocationPlan {
    package struct Source: Hashable, Sendable {
        package let facility: FacilityID
        package var available: Quantity

        package init(facility: FacilityID, available: Quantity) {
            self.facility = facility
            self.available = available
        }
    }

    /// - Parameters:
    ///   - sources: per SKU, in order of rank.
    ///   - closed: facilities a line may not take from.
    package static func allocations(
        for wanted: [StockLine], from sources: [SKU: [Source]],
        except closed: [LineNumber: Set<FacilityID>] = [:]
    ) -> [Allocation] {
        var left = sources
        var made: [Allocation] = []
        for want in wanted {
            var need = want.quantity
            let barred = closed[want.line] ?? []
            var candidates = (left[want.sku] ?? []).filter { !barred.contains($0.facility) }
            if let whole = candidates.firstIndex(where: { $0.available >= need }) {
                candidates =
                    [candidates[whole]] + candidates[..<whole]
                    + candidates[(whole + 1)...]
            }
            for index in candidates.indices where !need.isZero {
                let part = min(need, candidates[index].available)
                guard !part.isZero else { continue }
                need = need.without(part)
                candidates[index].available = candidates[index].available.without(part)
                made.append(
                    Allocation(
                        line: want.line, sku: want.sku, facility: candidates[index].facility,
                        quantity: part))
            }
            let after = Dictionary(candidates.map { ($0.facility, $0) }) { first, _ in first }
            left[want.sku] = left[want.sku]?.map { after[$0.facility] ?? $0 }
        }
        return made
    }
}
