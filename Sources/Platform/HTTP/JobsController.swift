import Hummingbird
import Jobs
import Kernel
import Storage
import Web

/// A tenant's jobs over HTTP: found, explained, tried again, ended.
struct JobsController: Sendable {
    let platform: Platform
    private var timekeeper: any Timekeeper { platform.timekeeper }

    func addRoutes(to group: RouterGroup<APIContext>) {
        group.get(
            "jobs",
            use: Endpoint.route(
                timekeeper, reads: ["state", "kind", "fault", "before", "limit"], jobs))
        group.get("jobs/counts", use: Endpoint.route(timekeeper, counts))
        group.get("jobs/:number", use: Endpoint.route(timekeeper, job))
        group.post("jobs/:number/retry", use: Endpoint.route(timekeeper, retry))
        group.post("jobs/:number/cancellation", use: Endpoint.route(timekeeper, cancel))
        group.post("jobs/:number/dismissal", use: Endpoint.route(timekeeper, dismiss))
        group.get("queues", use: Endpoint.route(timekeeper, queues))
        group.get("batches/:id", use: Endpoint.route(timekeeper, batch))
    }

    /// `GET /jobs?state=&kind=&fault=&before=&limit=` → newest first; `fault` is a fault's code.
    @Sendable private func jobs(_ call: Endpoint) async throws -> ListReply<JobReply> {
        let filter = JobFilter(
            tenant: call.tenant, states: try states(call.query("state")),
            kind: call.query("kind"), faultCode: call.query("fault"))
        let before = try call.place("before")
        let limit = try call.limit()
        let rows = try await platform.store.survey {
            try $0.jobs(filter, before: before, limit: limit)
        }
        return ListReply(
            items: rows.map { JobReply($0) },
            next: rows.count == limit ? rows.last.map { String($0.number) } : nil)
    }

    private func states(_ text: String?) throws -> Set<JobState> {
        guard let text, !text.isEmpty else { return Set(JobState.allCases) }
        guard let state = JobState.allCases.first(where: { $0.name == text }) else {
            let known = JobState.allCases.map(\.name).joined(separator: ", ")
            throw WebError(.parameterMalformed, "must be one of \(known)", field: "state")
        }
        return [state]
    }

    /// `GET /jobs/counts` → jobs by state, history included.
    @Sendable private func counts(_ call: Endpoint) async throws -> [String: Int] {
        let tenant = call.tenant
        let counts = try await platform.store.survey { try $0.jobCounts(tenant: tenant) }
        return Dictionary(uniqueKeysWithValues: counts.map { ($0.key.name, $0.value) })
    }

    /// `GET /jobs/{number}` → with its payload; 404 `jobs.unknownJob`.
    @Sendable private func job(_ call: Endpoint) async throws -> JobReply {
        let number = try call.number()
        let desk = platform.jobs.desk
        let row = try await platform.store.read(call.tenant) { try desk.job(number, in: $0) }
        return JobReply(row, withPayload: true)
    }

    /// `POST /jobs/{number}/retry` `{payload?}` → a finished job runs again from its first attempt,
    /// doing `payload` instead of its own where given; one that waits for its time or its next try is
    /// due now; 409 while it runs or where a newer one has its unique key, 422 where the payload is not
    /// of its kind.
    @Sendable private func retry(_ call: Endpoint) async throws -> JobReply {
        let request: RetryRequest = try call.decode()
        let payload = try request.payload.map { try BodyCoder.encode($0) }
        return try await change(call) {
            try $1.retryOrHasten($0, replacing: payload, in: $2)
        }
    }

    /// `POST /jobs/{number}/cancellation` → a waiting job never runs, a running one is asked to end;
    /// 409 when it has ended.
    @Sendable private func cancel(_ call: Endpoint) async throws -> JobReply {
        try await change(call) { _ = try $1.cancel($0, in: $2) }
    }

    /// `POST /jobs/{number}/dismissal` → a failed job counts as dealt with; 409 unless discarded.
    @Sendable private func dismiss(_ call: Endpoint) async throws -> JobReply {
        try await change(call) { try $1.dismiss($0, in: $2) }
    }

    private func change(
        _ call: Endpoint,
        _ body: @escaping @Sendable (Int64, JobDesk, Transaction) throws -> Void
    ) async throws -> JobReply {
        let number = try call.number()
        let desk = platform.jobs.desk
        _ = try await platform.store.write(call.call) { transaction in
            try body(number, desk, transaction)
            return true
        }
        return try await job(call)
    }

    /// `GET /queues` → what waits and runs, by queue, kind, connection and limit.
    @Sendable private func queues(_ call: Endpoint) async throws -> ListReply<QueueReply> {
        let tallies = try await platform.store.survey { try $0.jobTallies() }
        return ListReply(
            items: QueueReply.all(of: call.tenant, tallies, now: timekeeper.now), next: nil)
    }

    /// `GET /batches/{id}` → how many of its jobs have ended and how.
    @Sendable private func batch(_ call: Endpoint) async throws -> BatchReply {
        let id: Identifier<BatchTag> = try call.context.identifier("id")
        let batch = try await platform.store.read(call.tenant) {
            try $0.require(JobBatch.self, id)
        }
        return BatchReply(batch)
    }
}

extension Endpoint {
    /// The number in the path. - Throws: `WebError.notFound`.
    func number() throws -> Int64 {
        let text = context.parameters.get("number") ?? ""
        guard let number = Int64(text), number > 0 else {
            throw WebError(.notFound, "there is nothing under “\(text.prefix(40))”")
        }
        return number
    }
}
