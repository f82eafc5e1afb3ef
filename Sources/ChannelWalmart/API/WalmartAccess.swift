import Connectors
import Contracts
import Jobs
import Kernel
import Storage

/// Opens a connection for one job.
struct WalmartAccess: Sendable {
    let directory: any ConnectionDirectory
    let http: any HTTPExchange
    let tokens: WalmartTokens
    let budgets: Budgets

    /// - Throws: `ChannelError.connectionUnknown`.
    func api(for connection: ConnectionID, in context: JobContext) async throws -> WalmartAPI {
        let access = try await open(connection, context.call.tenant)
        return WalmartAPI(
            access: access, http: http, tokens: tokens, allowance: context.allowance,
            confirm: { try context.confirm() }, timekeeper: context.timekeeper,
            trace: context.call.correlation)
    }

    /// Puts the connection's limits in force; the same again changes nothing.
    func configure(_ connection: ConnectionID, tenant: TenantID) async throws {
        let access = try await open(connection, tenant)
        for operation in WalmartOperation.allCases {
            let perMinute = access.limits[operation.rawValue] ?? operation.publishedPerMinute
            budgets.configure(
                operation.limit(connection),
                PartitionLimit(concurrency: 4, rate: RateLimit(perMinute: perMinute)))
        }
    }

    private func open(
        _ connection: ConnectionID, _ tenant: TenantID
    ) async throws -> ConnectionAccess {
        guard let access = try await directory.access(to: connection, tenant: tenant) else {
            throw ChannelError(.connectionUnknown, "there is no connection \(connection)")
        }
        guard access.isEnabled else {
            throw ChannelError(
                .switchedOff, "the connection \(access.name) is switched off",
                retryAfter: .seconds(60))
        }
        return access
    }
}
