import HeapModule
import Kernel

/// Whose turn it is: tenants by weight, within a tenant its connections, within one rank.
struct FlowTable: Sendable {
    private struct Tenant: Sendable {
        let name: String
        var scope: Int?
        var connections = TurnQueue()
    }

    private struct Flow: Sendable {
        let tenant: Int
        let name: String?
        var scope: Int?
        var entries = Heap<PartitionTable.Entry>()
    }

    private struct FlowKey: Hashable, Sendable {
        let tenant: Int
        let connection: String?
    }

    private var tenantNumbers: [TenantID: Int] = [:]
    private var tenants: [Tenant] = []
    private var flowNumbers: [FlowKey: Int] = [:]
    private var flows: [Flow] = []
    private var turn = TurnQueue()
    /// By scope; 1 where there is none.
    private var weights: [String: Int] = [:]

    mutating func tenant(_ id: TenantID) -> Int {
        if let known = tenantNumbers[id] { return known }
        tenantNumbers[id] = tenants.count
        tenants.append(Tenant(name: LimitScope.tenant(id)))
        return tenants.count - 1
    }

    mutating func flow(of tenant: Int, _ connection: String?) -> Int {
        let key = FlowKey(tenant: tenant, connection: connection)
        if let known = flowNumbers[key] { return known }
        flows.append(
            Flow(tenant: tenant, name: connection.map { LimitScope.connection($0) }))
        flowNumbers[key] = flows.count - 1
        return flows.count - 1
    }

    /// Says which scopes count a tenant's and, if there are two, a connection's running jobs.
    mutating func place(_ flow: Int, of tenant: Int, under scopes: [Int]) {
        tenants[tenant].scope = scopes.first
        flows[flow].scope = scopes.count > 1 ? scopes[1] : nil
    }

    func scope(ofTenant tenant: Int) -> Int {
        guard let scope = tenants[tenant].scope else {
            preconditionFailure("a tenant with work has a scope")
        }
        return scope
    }

    func scope(ofFlow flow: Int) -> Int? { flows[flow].scope }

    /// Whose share is how large, by scope; all others' is 1.
    mutating func weigh(_ weights: [String: Int]) { self.weights = weights }

    mutating func add(_ entry: PartitionTable.Entry, to flow: Int) {
        flows[flow].entries.insert(entry)
        addBack(flow: flow)
    }

    mutating func addBack(flow: Int) {
        guard !flows[flow].entries.isEmpty else { return }
        let tenant = flows[flow].tenant
        tenants[tenant].connections.add(flow)
        turn.add(tenant)
    }

    mutating func addBack(tenant: Int) {
        if !tenants[tenant].connections.isEmpty { turn.add(tenant) }
    }

    mutating func popTenant() -> Int? { turn.pop() }
    mutating func popFlow(of tenant: Int) -> Int? { tenants[tenant].connections.pop() }
    mutating func popEntry(of flow: Int) -> PartitionTable.Entry? { flows[flow].entries.popMin() }

    /// A connection was served; both stand in the queue again if there is more to do.
    mutating func charge(_ flow: Int, of tenant: Int) {
        let own = flows[flow].name.flatMap { weights[$0] } ?? 1
        tenants[tenant].connections.charge(flow, weight: own)
        turn.charge(tenant, weight: weights[tenants[tenant].name] ?? 1)
        addBack(flow: flow)
        addBack(tenant: tenant)
    }
}
