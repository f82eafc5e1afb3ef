import Authentication
import Events
import Issues
import Jobs
import Kernel
import Storage
import Telemetry

/// The installation's figures, gathered when they are asked for. None names a tenant, and none
/// counts what grows without end: whoever looks pays little, however much there is.
struct MetricsReport: Sendable {
    let platform: Platform

    private static let partitionLimit = 5000

    func families() async throws -> [MetricFamily] {
        var families = ProcessFigures.families()
        families += jobs()
        families += try await queueAges()
        families += try await subscriptions()
        families += try await store()
        families.append(try await issues())
        families.append(platform.requestDurations.family)
        return families
    }

    private func jobs() -> [MetricFamily] {
        let board = platform.jobs.board
        let figures = board.figures
        let outcomes: [(String, Int)] = [
            ("completed", figures.completed), ("retried", figures.retried),
            ("discarded", figures.discarded), ("cancelled", figures.cancelled),
            ("snoozed", figures.snoozed),
        ]
        return [
            MetricFamily(
                "longshore_jobs_total", .counter, "Attempts that ended, by outcome.",
                outcomes.map { .init(Double($0.1), [(name: "outcome", value: $0.0)]) }),
            MetricFamily(
                "longshore_jobs_started_total", .counter, "Attempts begun.",
                Double(figures.started)),
            MetricFamily(
                "longshore_stale_commits_refused_total", .counter,
                "Ends of attempts that were no longer the current ones.",
                Double(figures.staleEnds)),
            MetricFamily(
                "longshore_attempts_abandoned_total", .counter,
                "Attempts whose handler would not end.", Double(figures.abandoned)),
            MetricFamily(
                "longshore_jobs_quarantined_total", .counter,
                "Jobs set aside because the process died with them.",
                Double(figures.quarantined)),
            MetricFamily(
                "longshore_jobs_running", .gauge, "Jobs running now.",
                Double(
                    board.runningByScope.filter { $0.key.hasPrefix("tenant:") }
                        .values.reduce(0, +))),
            MetricFamily(
                "longshore_jobs_held", .gauge, "Ready jobs held in memory.",
                Double(board.waiting)),
            MetricFamily(
                "longshore_breaker_open", .gauge, "Connections whose calls do not come through.",
                board.openBreakers.map { .init(1, [(name: "connection", value: $0.connection)]) }),
            MetricFamily(
                "longshore_breakers_open", .gauge, "How many those are.",
                Double(board.openBreakers.count)),
        ]
    }

    /// By the first job of each partition: an index look-up each, however long the queue is.
    private func queueAges() async throws -> [MetricFamily] {
        let now = platform.timekeeper.now.microseconds
        let heads = try await platform.store.oldestReadyJobs(most: Self.partitionLimit)
        var oldest: [[String]: Int64] = [:]
        for head in heads {
            guard let partition = JobPartition(head.partition) else { continue }
            let place = [partition.queue, partition.kind]
            oldest[place] = min(oldest[place] ?? .max, head.due)
        }
        func age(_ due: Int64) -> Double { max(0, Double(now - due) / 1e6) }
        return [
            MetricFamily(
                "longshore_jobs_oldest_due_seconds", .gauge,
                "For how long the oldest due job waits; of more than \(Self.partitionLimit) "
                    + "partitions the first are looked at.",
                age(oldest.values.min() ?? now)),
            MetricFamily(
                "longshore_job_queue_age_seconds", .gauge,
                "For how long the oldest due job of a queue and kind waits.",
                oldest.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { place, due in
                    .init(
                        age(due),
                        [(name: "queue", value: place[0]), (name: "kind", value: place[1])])
                }),
        ]
    }

    private func subscriptions() async throws -> [MetricFamily] {
        var (events, ages, parked) =
            ([MetricFamily.Sample](), [MetricFamily.Sample](), [MetricFamily.Sample]())
        let now = platform.timekeeper.now
        for subscription in platform.subscriptions {
            let lag = try await SubscriptionLag.measure(subscription, in: platform.store)
            let label = [(name: "subscription", value: lag.subscription)]
            let age = lag.oldest.map { max(0, Double(now.microseconds - $0.microseconds) / 1e6) }
            events.append(.init(Double(lag.events), label))
            ages.append(.init(age ?? 0, label))
            parked.append(.init(Double(lag.parkedKeys), label))
        }
        return [
            MetricFamily(
                "longshore_subscription_lag_events", .gauge,
                "Events not handled yet; counting stops at 5,000.", events),
            MetricFamily(
                "longshore_subscription_lag_seconds", .gauge,
                "Age of the oldest event not handled yet.", ages),
            MetricFamily(
                "longshore_subscription_parked_keys", .gauge,
                "Keys whose first event is set aside.", parked),
        ]
    }

    /// What an engine does not know is left out, rather than told as nothing.
    private func store() async throws -> [MetricFamily] {
        let facts = try await platform.store.facts()
        func figure(_ name: String) -> Double? { facts[name].flatMap { Double($0) } }
        let pages = figure("page_count").flatMap { count in figure("page_size").map { count * $0 } }
        let known: [(String, MetricFamily.Kind, String, Double?)] = [
            ("commits_total", .counter, "Commits that reached the disk.", figure("commits")),
            ("writes_total", .counter, "Transactions in those commits.", figure("closures")),
            ("bytes", .gauge, "Size of the database.", pages ?? figure("bytes")),
            ("wal_bytes", .gauge, "Size of the write-ahead log.", figure("wal_bytes")),
        ]
        return known.compactMap { name, kind, help, value in
            value.map { MetricFamily("longshore_store_" + name, kind, help, $0) }
        } + [
            MetricFamily(
                "longshore_shares_held", .gauge,
                "Shares of the work, of 64, that this process has now.",
                Double(platform.leases.isExclusive ? Shard.count : platform.leases.held.count))
        ]
    }

    private func issues() async throws -> MetricFamily {
        // What is none is said too: who watches a figure must see it.
        var counts: [[String]: Int] = [:]
        for severity in IssueSeverity.allCases {
            for owner in IssueOwner.allCases { counts[[severity.rawValue, owner.rawValue]] = 0 }
        }
        for tenant in [.platform] + (try await platform.authentication.service.tenantIDs()) {
            var place: PageCursor?
            repeat {
                let after = place
                let open = try await platform.store.read(tenant) {
                    try $0.page(
                        Issue.byState, equals: [Issue.State.open], after: after, limit: 1000)
                }
                for issue in open.items {
                    counts[[issue.severity.rawValue, issue.owner.rawValue], default: 0] += 1
                }
                place = open.next
            } while place != nil
        }
        return MetricFamily(
            "longshore_issues_open", .gauge, "Causes of trouble that hold work up.",
            counts.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { place, count in
                .init(
                    Double(count),
                    [(name: "severity", value: place[0]), (name: "owner", value: place[1])])
            })
    }
}
