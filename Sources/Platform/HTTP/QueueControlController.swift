import Authentication
import Hummingbird
import Jobs
import Kernel
import Settings
import Storage
import Web

/// Pauses and schedules: the whole installation's, so only over the data folder's socket.
struct QueueControlController: Sendable {
    let platform: Platform
    private var timekeeper: any Timekeeper { platform.timekeeper }

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get("pauses", use: Endpoint.route(timekeeper, pauses))
        group.post("pauses", use: Endpoint.route(timekeeper, pause))
        group.post("resumptions", use: Endpoint.route(timekeeper, resume))
        group.get("limits", use: Endpoint.route(timekeeper, limits))
        group.post("limits", use: Endpoint.route(timekeeper, limit))
        group.post("limits/removal", use: Endpoint.route(timekeeper, removeLimit))
        group.get("breakers", use: Endpoint.route(timekeeper, breakers))
        group.get("schedules", use: Endpoint.route(timekeeper, schedules))
        group.get(
            "firings",
            use: Endpoint.route(timekeeper, reads: ["schedule", "limit"], firings))
        group.post("schedules/:name/pause", use: Endpoint.route(timekeeper, pauseSchedule))
        group.post("schedules/:name/resumption", use: Endpoint.route(timekeeper, resumeSchedule))
        group.post("schedules/:name/start", use: Endpoint.route(timekeeper, start))
    }

    /// `GET /admin/pauses` → what is paused, with how much of it still runs.
    @Sendable private func pauses(_ call: Endpoint) async throws -> ListReply<PauseReply> {
        let running = try await platform.store.runningByScope()
        let pauses = try await platform.store.read(.platform) {
            try $0.page(QueuePause.byScope, limit: 500).items
        }
        return ListReply(
            items: pauses.map { PauseReply($0, running: running[$0.scope] ?? 0) }, next: nil)
    }

    /// `POST /admin/pauses` `{scope, reason}` → starts nothing under it; what runs goes on. 422
    /// `jobs.unknownScope` unless it is `tenant:`, `connection:`, `queue:`, `kind:` or `key:` and a
    /// name.
    @Sendable private func pause(_ call: Endpoint) async throws -> PauseReply {
        let request: PauseRequest = try call.decode()
        let desk = platform.jobs.desk
        let scope = try await known(request.scope)
        let pause = try await platform.store.writeUnrepeated(call.call.within(.platform)) {
            try desk.pause(scope, reason: request.reason, in: $0)
        }
        return PauseReply(
            pause, running: try await platform.store.runningByScope()[pause.scope] ?? 0)
    }

    /// A scope by the identifier of what it names: people know connections and tenants by name.
    /// - Throws: `JobsError.unknownScope` where there is no such one, or several.
    private func known(_ scope: String) async throws -> String {
        let parts = scope.split(separator: ":", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["connection", "tenant"].contains(parts[0]) else { return scope }
        var all: [(id: String, name: String)] = []
        for tenant in try await platform.authentication.service.tenants() {
            if parts[0] == "tenant" {
                all.append((tenant.id.rawValue, tenant.name))
            } else {
                all += try await platform.settings.service.connections(tenant: tenant.id)
                    .map { ($0.id.rawValue, $0.name) }
            }
        }
        if parts[0] == "tenant" { all.append((TenantID.platform.rawValue, "platform")) }
        let found = all.filter { $0.id == parts[1] || $0.name == parts[1] }
        guard let first = found.first, found.count == 1 else {
            let names = all.map { "\($0.name) (\($0.id))" }.joined(separator: ", ")
            throw JobsError(
                .unknownScope,
                found.isEmpty
                    ? "there is no \(parts[0]) \(parts[1]); there is "
                        + (names.isEmpty ? "none" : names)
                    : "\(found.count) are called \(parts[1]); name the identifier",
                field: "scope")
        }
        return "\(parts[0]):\(first.id)"
    }

    /// What was paused or limited may be gone by now: its identifier still names it.
    private func knownOrGone(_ scope: String) async -> String {
        (try? await known(scope)) ?? scope
    }

    /// `POST /admin/resumptions` `{scope}` → whether it was paused.
    @Sendable private func resume(_ call: Endpoint) async throws -> [String: Bool] {
        let request: ResumeRequest = try call.decode()
        let desk = platform.jobs.desk
        let scope = await knownOrGone(request.scope)
        return [
            "wasPaused": try await platform.store.writeUnrepeated(call.call.within(.platform)) {
                try desk.resume(scope, in: $0)
            }
        ]
    }

    /// `GET /admin/limits` → what people set for scopes, besides what connections publish.
    @Sendable private func limits(_ call: Endpoint) async throws -> ListReply<LimitReply> {
        let running = try await platform.store.runningByScope()
        let limits = try await platform.store.read(.platform) {
            try $0.page(QueueLimit.byScope, limit: 500).items
        }
        return ListReply(
            items: limits.map { LimitReply($0, running: running[$0.scope] ?? 0) }, next: nil)
    }

    /// `POST /admin/limits` `{scope, concurrency?, perMinute?, weight?}` → in force from the next start
    /// on; what is left out stays as it was. 422 `jobs.unknownScope`, `jobs.limitMalformed`.
    @Sendable private func limit(_ call: Endpoint) async throws -> LimitReply {
        let request: LimitRequest = try call.decode()
        let desk = platform.jobs.desk
        let scope = try await known(request.scope)
        let limit = try await platform.store.writeUnrepeated(call.call.within(.platform)) {
            try desk.limit(scope, request.change, in: $0)
        }
        return LimitReply(
            limit, running: try await platform.store.runningByScope()[limit.scope] ?? 0)
    }

    /// `POST /admin/limits/removal` `{scope}` → whether there were any.
    @Sendable private func removeLimit(_ call: Endpoint) async throws -> [String: Bool] {
        let request: ResumeRequest = try call.decode()
        let desk = platform.jobs.desk
        let scope = await knownOrGone(request.scope)
        return [
            "wasLimited": try await platform.store.writeUnrepeated(call.call.within(.platform)) {
                try desk.removeLimit(scope, in: $0)
            }
        ]
    }

    /// `GET /admin/breakers` → connections whose calls do not come through, or only begin to again.
    @Sendable private func breakers(_ call: Endpoint) async throws -> ListReply<BreakerReply> {
        ListReply(items: platform.jobs.board.breakers.map(BreakerReply.init), next: nil)
    }

    /// `GET /admin/schedules` → each with when it is due next.
    @Sendable private func schedules(_ call: Endpoint) async throws -> ListReply<ScheduleReply> {
        let states = try await platform.store.read(.platform) {
            try $0.page(ScheduleState.byName, limit: 500).items
        }
        return ListReply(items: states.map(ScheduleReply.init), next: nil)
    }

    /// `GET /admin/firings?schedule=&limit=` → what became of each time it was due, newest first.
    @Sendable private func firings(_ call: Endpoint) async throws -> ListReply<FiringReply> {
        let limit = try call.limit()
        let name = call.query("schedule")
        let firings = try await platform.store.read(.platform) { reader in
            if let name {
                try reader.page(
                    ScheduleFiring.bySchedule, equals: [name], order: .descending, limit: limit
                ).items
            } else {
                try reader.page(ScheduleFiring.byDue, order: .descending, limit: limit).items
            }
        }
        return ListReply(items: firings.map(FiringReply.init), next: nil)
    }

    /// `POST /admin/schedules/{name}/pause` → its times are left out, and the ledger says so.
    @Sendable private func pauseSchedule(_ call: Endpoint) async throws -> ScheduleReply {
        try await setPaused(true, call)
    }

    /// `POST /admin/schedules/{name}/resumption` → due again from its next time on.
    @Sendable private func resumeSchedule(_ call: Endpoint) async throws -> ScheduleReply {
        try await setPaused(false, call)
    }

    private func setPaused(_ isPaused: Bool, _ call: Endpoint) async throws -> ScheduleReply {
        let name = call.context.parameters.get("name") ?? ""
        let scheduler = platform.jobs.scheduler
        return ScheduleReply(
            try await platform.store.writeUnrepeated(call.call.within(.platform)) {
                try scheduler.setPaused(isPaused, name, in: $0)
            })
    }

    /// `POST /admin/schedules/{name}/start` → its work is enqueued now, beside its times.
    @Sendable private func start(_ call: Endpoint) async throws -> FiringReply {
        let name = call.context.parameters.get("name") ?? ""
        let scheduler = platform.jobs.scheduler
        return FiringReply(
            try await platform.store.writeUnrepeated(call.call.within(.platform)) {
                try scheduler.startNow(name, in: $0)
            })
    }
}

struct PauseRequest: Decodable, Sendable {
    let scope: String
    let reason: String
}

struct ResumeRequest: Decodable, Sendable {
    let scope: String
}

struct LimitRequest: Decodable, Sendable {
    let scope: String
    let concurrency: Int?
    let perMinute: Int?
    let weight: Int?

    var change: QueueLimitChange {
        QueueLimitChange(concurrency: concurrency, perMinute: perMinute, weight: weight)
    }
}

struct LimitReply: Encodable, Sendable {
    let scope: String
    let concurrency: Int?
    let perMinute: Int?
    let weight: Int?
    let by: String
    let since: Instant
    /// Jobs under it that run, in whichever process.
    let running: Int

    init(_ limit: QueueLimit, running: Int) {
        scope = limit.scope
        concurrency = limit.concurrency
        perMinute = limit.perMinute
        weight = limit.weight
        by = limit.by
        since = limit.since
        self.running = running
    }
}

struct PauseReply: Encodable, Sendable {
    let scope: String
    let reason: String
    let by: String
    let since: Instant
    /// Jobs under it that were started before and have not ended.
    let running: Int

    init(_ pause: QueuePause, running: Int) {
        scope = pause.scope
        reason = pause.reason
        by = pause.by
        since = pause.since
        self.running = running
    }
}

struct BreakerReply: Encodable, Sendable {
    let connection: String
    let state: String
    let failures: Int
    let since: Instant?
    let probeAt: Instant?
    /// How many calls may run at once while it recovers.
    let allowed: Int?
    let fault: RecordedFault?

    init(_ breaker: DispatcherBoard.Breaker) {
        connection = breaker.connection
        failures = breaker.failures
        since = breaker.since
        fault = breaker.fault
        if case .recovering(let count, _) = breaker.state { allowed = count } else { allowed = nil }
        switch breaker.state {
        case .closed: (state, probeAt) = ("closed", nil)
        case .open(let until): (state, probeAt) = ("open", until)
        case .halfOpen: (state, probeAt) = ("halfOpen", nil)
        case .recovering: (state, probeAt) = ("recovering", nil)
        }
    }
}

struct ScheduleReply: Encodable, Sendable {
    let name: String
    let cron: String
    let zone: String
    let next: Instant?
    let lastJob: Int64?
    let pausedBy: String?
    let pausedAt: Instant?

    init(_ state: ScheduleState) {
        name = state.name
        cron = state.cron
        zone = state.zone
        next = state.next
        lastJob = state.lastJob
        pausedBy = state.pausedBy
        pausedAt = state.pausedAt
    }
}

struct FiringReply: Encodable, Sendable {
    let schedule: String
    let due: Instant
    let decidedAt: Instant
    let outcome: ScheduleFiring.Outcome
    let reason: String?
    let job: Int64?
    let count: Int

    init(_ firing: ScheduleFiring) {
        schedule = firing.schedule
        due = firing.due
        decidedAt = firing.decidedAt
        outcome = firing.outcome
        reason = firing.reason
        job = firing.job
        count = firing.count
    }
}
