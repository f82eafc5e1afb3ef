package import Kernel
package import Storage

/// A fresh engine under test, with the means to make it fail for real.
package protocol StorageHarness: Sendable {
    var store: Store { get }
    /// Opens the same data anew, as after a restart.
    func reopened() async throws -> Store
    /// From now on the database cannot grow.
    func exhaustSpace() async throws
    func restoreSpace() async throws
    /// The statements of the next closure are interrupted.
    func interruptNext() async throws
    func stopInterrupting() async throws
    /// Breaks a constraint of the schema itself inside a closure.
    func breakConstraint(in transaction: Transaction) throws
}

/// What a contract case found wrong.
package struct ContractViolation: Error, CustomStringConvertible {
    package let description: String
}

/// Holds, or the case fails with these words.
package func require(_ isTrue: Bool, _ claim: String) throws {
    guard isTrue else { throw ContractViolation(description: "not so: " + claim) }
}

/// The body fails with this code, or the case fails.
package func requireFault(
    _ code: StorageFaultCode, _ body: () async throws -> Void
) async throws {
    do { try await body() } catch let fault as StorageError where fault.reason == code { return }
    throw ContractViolation(description: "expected storage.\(code.rawValue)")
}

package enum GadgetTag: IdentifierTag { package static let prefix = "gad" }

/// A record with every kind of index, for the contract.
package struct Gadget: Record {
    package static let collection = "gadgets"
    package static let isSearchable = true
    package static let byName = Index<Gadget>.unique("by_name", Column("name", \.name))
    package static let byColour = Index<Gadget>(
        "by_colour", Column("colour", \.colour), Column("weight", \.weight))
    package static let indexes = [byName, byColour]

    package let id: Identifier<GadgetTag>
    package var name: String
    package var colour: String
    package var weight: Int
    package var searchTokens: Set<String> { ["n:" + name] }

    package init(id: Identifier<GadgetTag>, name: String, colour: String = "red", weight: Int = 1) {
        self.id = id
        self.name = name
        self.colour = colour
        self.weight = weight
    }
}

package enum CounterTag: IdentifierTag { package static let prefix = "cou" }

package struct CounterRaised: EventPayload {
    package static let type: EventType = "testing.counterRaised.1"
    package let by: Int
}

package enum CounterEvent: AggregateEvent {
    case raised(CounterRaised)

    package var payload: any EventPayload {
        switch self {
        case .raised(let fact): fact
        }
    }

    package init?(type: EventType, from data: EventData) throws {
        guard type == CounterRaised.type else { return nil }
        self = .raised(try data.decode())
    }
}

/// The smallest aggregate there is.
package struct Counter: Aggregate {
    package static let collection = "counters"
    package static let indexes: [Index<Counter>] = []

    package let id: Identifier<CounterTag>
    package var total: Int

    package static func decide(
        _ command: Int, on state: Counter?, id: Identifier<CounterTag>, in decision: Decision
    ) throws -> [CounterEvent] {
        command == 0 ? [] : [.raised(CounterRaised(by: command))]
    }

    package static func apply(
        _ event: CounterEvent, to state: Counter?, at instant: Instant
    ) throws -> Counter {
        guard case .raised(let fact) = event else { return state ?? .nothing }
        return Counter(id: (state ?? .nothing).id, total: (state?.total ?? 0) + fact.by)
    }

    package static let theID = Identifier<CounterTag>(at: Instant(microseconds: 0), high: 1, low: 1)
    private static let nothing = Counter(id: theID, total: 0)
}

extension Call {
    /// A call of a made-up tenant.
    package static func sample(
        tenant: TenantID = .sample(1), operation: String? = nil, fingerprint: String = "f",
        at microseconds: Int64 = 1_767_225_600_000_000
    ) -> Call {
        Call(
            tenant: tenant, actor: .platform, at: Instant(microseconds: microseconds),
            correlation: "test", operation: operation.map { OperationID($0) },
            fingerprint: fingerprint)
    }
}

extension Identifier {
    /// The n-th made-up identifier.
    package static func sample(_ number: UInt64) -> Self {
        Self(at: Instant(microseconds: 1_767_225_600_000_000), high: 7, low: number << 4)
    }
}
