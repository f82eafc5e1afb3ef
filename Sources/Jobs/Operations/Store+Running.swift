package import Storage

extension Store {
    /// How many jobs run under each scope, in whichever process.
    package func runningByScope() async throws -> [String: Int] {
        let running = try await survey { try $0.runningPartitions() }
        var counts: [String: Int] = [:]
        for (name, count) in running {
            guard let partition = JobPartition(name) else { continue }
            let scopes =
                [LimitScope.tenant(partition.tenant)]
                + (partition.connection.map { [LimitScope.connection($0)] } ?? [])
                + LimitScope.inner(of: partition)
            for scope in Set(scopes) { counts[scope, default: 0] += count }
        }
        return counts
    }
}
