/// Which of a projection's two sets of tables is shown, and whether the other is being filled.
package struct ProjectionRow: Hashable, Sendable {
    package enum Side: Int64, Sendable {
        case first, second

        package var other: Side { self == .first ? .second : .first }
    }

    package let name: String
    /// The side that is shown.
    package var side: Side
    /// Grows with each beginning, end and swap: who wrote under an older one is not to write on.
    package var generation: Int64
    /// Version of the projection's code that computed the shown side; 0 before the first.
    package var version: Int64
    /// Since when the other side is being filled, in microseconds since 1970.
    package var rebuildingSince: Int64?
    package var rebuiltAt: Int64?
    /// Version of the code that fills the other side; no other may.
    package var rebuildingVersion: Int64?

    package init(
        name: String, side: Side = .first, generation: Int64 = 0, version: Int64 = 0,
        rebuildingSince: Int64? = nil, rebuiltAt: Int64? = nil, rebuildingVersion: Int64? = nil
    ) {
        self.name = name
        self.side = side
        self.generation = generation
        self.version = version
        self.rebuildingSince = rebuildingSince
        self.rebuiltAt = rebuiltAt
        self.rebuildingVersion = rebuildingVersion
    }
}
