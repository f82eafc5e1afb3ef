import Authentication
import ChannelWalmart
package import Events
import Foundation
import Glibc
import Hummingbird
import Issues
package import Jobs
import Kernel
import Logging
import NIOCore
package import ServiceLifecycle
import Storage
import StorageSQLite
import UnixSignals
import Warehouse

/// One subscription's runner as a service that stops when the process does.
private struct RunnerService: Service {
    let runner: SubscriptionRunner

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await runner.run() }
    }
}

/// What computes a projection anew, as a service.
private struct RebuilderService: Service {
    let rebuilder: ProjectionRebuilder

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await rebuilder.run() }
    }
}

/// The dispatcher as a service: on shutdown it starts nothing more and finishes what runs.
private struct DispatcherService: Service {
    let dispatcher: Dispatcher
    let leases: Leases

    func run() async throws {
        try await withGracefulShutdownHandler {
            try await dispatcher.run()
        } onGracefulShutdown: {
            dispatcher.drain()
            leases.stop()
        }
    }
}

/// Keeps this process' part of the work for as long as anything of it may run.
private struct LeaseService: Service {
    let keeper: LeaseKeeper

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await keeper.run() }
        // Cut short, something of it may still run: then the lease has to run out.
        guard !Task.isCancelled else { return }
        try await keeper.leave()
    }
}

/// Stops first: says “not ready” and waits until those who send requests have seen it.
private struct DrainGate: Service {
    let probe: ReadinessProbe
    let delay: Duration
    let timekeeper: any Timekeeper

    func run() async throws {
        try await gracefulShutdown()
        probe.drain()
        if delay > .zero { try await timekeeper.sleep(for: delay) }
    }
}

extension Platform {
    /// Everything that runs while the installation serves, in the order it starts; it stops in the
    /// opposite order, doors first.
    package func services(
        onReady: @escaping @Sendable (_ port: Int) async -> Void
    ) async throws -> [any Service] {
        try await prepare()
        var services: [any Service] = []
        if !leases.isExclusive { services.append(LeaseService(keeper: keeper())) }
        let runners = runners()
        services += runners.map { RunnerService(runner: $0) }
        services += rebuilders(beside: runners).map { RebuilderService(rebuilder: $0) }
        services.append(DispatcherService(dispatcher: dispatcher(), leases: leases))
        // Who hears that it is ready may use either door at once.
        let isAdminOpen = Signal()
        let closed = isAdminOpen.generation
        services.append(adminApplication { isAdminOpen.raise() })
        if let port = configuration.metricsPort { services.append(figuresApplication(port)) }
        services.append(
            publicApplication { port in
                await isAdminOpen.wait(after: closed)
                await onReady(port)
            })
        services.append(
            DrainGate(
                probe: readiness, delay: configuration.drainDelay, timekeeper: timekeeper))
        return services
    }

    /// Serves until a signal or cancellation; then drains and closes.
    /// - Throws: `PlatformError.portTaken`.
    package func serve(onReady: @escaping @Sendable (_ port: Int) async -> Void) async throws {
        if let wanted = configuration.consoleTenant { _ = try await tenant(wanted) }
        let services = try await services(onReady: onReady)
        var settings = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // What will not end even so ends with the process, and is a suspect at the next start.
        settings.maximumGracefulShutdownDuration = configuration.drainDelay + .seconds(30)
        settings.maximumCancellationDuration = .seconds(5)
        let group = ServiceGroup(configuration: settings)
        let ports = [configuration.port, configuration.metricsPort].compactMap {
            $0.map(String.init)
        }
        .joined(separator: " or ")
        do { try await group.run() } catch let error as IOError where error.errnoCode == EADDRINUSE
        {
            await close()
            throw PlatformError(
                .portTaken, "port \(ports) is taken; stop what listens there or choose another port"
            )
        }
        await close()
    }

    /// Serves only the admin socket while `body` runs: what a command line does when no server
    /// holds the folder.
    package func serveAdminOnly(_ body: @escaping @Sendable () async throws -> Void) async throws {
        unmarkServing()
        let ready = Signal()
        let generation = ready.generation
        let application = adminApplication { ready.raise() }
        let group = ServiceGroup(
            configuration: .init(services: [.init(service: application)], logger: logger))
        let result = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask {
                // Who waits for the socket must not wait for one that cannot be.
                defer { ready.raise() }
                try await group.run()
            }
            await ready.wait(after: generation)
            let result: Result<Void, any Error>
            do {
                await catchUp()
                try await body()
                // What the command did is done, whatever those who hear of it make of it.
                await catchUp()
                result = .success(())
            } catch { result = .failure(error) }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return result
        }
        await close()
        try result.get()
    }

    /// Lets every service hear what the others told, so that one command finds what the one before
    /// it did; jobs stay for a server. What a long log holds is left to a server too.
    private func catchUp() async {
        // Where others work on the database they hear of it by themselves.
        guard store.isExclusive else { return }
        do {
            let runners = runners()
            let rebuilders = rebuilders(beside: runners)
            for runner in runners { try await runner.load() }
            for _ in 0..<Self.catchUpRounds {
                var hasMoved = false
                for runner in runners where try await runner.step() { hasMoved = true }
                for rebuilder in rebuilders where try await rebuilder.step() { hasMoved = true }
                if !hasMoved { break }
            }
            for runner in runners { try await runner.settle() }
        } catch {
            logger.error("events are left to a server", metadata: ["error": "\(error)"])
        }
    }

    private static let catchUpRounds = 20

    private func prepare() async throws {
        for line in migration { logger.info("store", metadata: ["did": "\(line)"]) }
        try await begin()
        _ = FileManager.default.createFile(
            atPath: DataFolder.servingMark(in: configuration.dataPath), contents: nil)
        FailurePoint.pass("platform.starting")
    }

    /// What must stand before the first job and the first request.
    package func begin() async throws {
        let tenants = try await authentication.service.tenantIDs()
        try await walmart.start(tenants: tenants)
        try await warehouse.start(tenants: tenants)
        let call = Call(
            tenant: .platform, actor: .platform, at: timekeeper.now, correlation: "start")
        try await store.writeUnrepeated(call) { transaction in
            try self.jobs.scheduler.begin(in: transaction)
        }
        do {
            for name in try await rebuilds.renew(call: call) {
                logger.notice(
                    "computed anew, as its code is newer", metadata: ["projection": "\(name)"])
            }
        } catch let fault as any Fault where fault.code == "storage.interrupted" {
            // A backup reads the tables: what is shown stays, and the next start tries again.
            logger.warning("nothing is computed anew", metadata: ["error": "\(fault)"])
        }
    }

    /// The dispatcher of this installation; it runs its jobs.
    package func dispatcher() -> Dispatcher {
        var settings = Dispatcher.Settings(capacity: configuration.jobCapacity)
        settings.randomness = configuration.randomness
        return jobs.dispatcher(settings, leases: leases, logger: logger)
    }

    private func keeper() -> LeaseKeeper {
        LeaseKeeper(store: store, leases: leases, timekeeper: timekeeper, logger: logger) {
            [walmart, authentication] in
            try await walmart.learnLimits(tenants: authentication.service.tenantIDs())
        }
    }

    /// The runners of all subscriptions; they carry events to those who hear them.
    /// - Parameter isOneLane: see ``SubscriptionRunner``.
    package func runners(isOneLane: Bool = false) -> [SubscriptionRunner] {
        let feed = LogFeed(
            store: store, types: subscriptions.reduce(into: []) { $0.formUnion($1.types) })
        return subscriptions.map {
            SubscriptionRunner(
                $0, store: store, timekeeper: timekeeper, logger: logger,
                observers: [issues.ledger], leases: leases, feed: feed, isOneLane: isOneLane)
        }
    }

    /// What computes projections anew, beside those who keep what is shown.
    package func rebuilders(beside runners: [SubscriptionRunner]) -> [ProjectionRebuilder] {
        runners.filter { $0.subscription.kind == .projection }.map {
            ProjectionRebuilder(
                $0.subscription, live: $0, store: store, timekeeper: timekeeper, logger: logger,
                observers: [issues.ledger], leases: leases)
        }
    }

    private func publicApplication(
        onReady: @escaping @Sendable (Int) async -> Void
    ) -> some ApplicationProtocol {
        Application(
            router: publicRouter(),
            server: .http1(
                configuration: .init(idleTimeout: .seconds(30))),
            configuration: .init(
                address: .hostname(configuration.host, port: configuration.port),
                serverName: "longshore"),
            onServerRunning: { channel in await onReady(channel.localAddress?.port ?? 0) },
            logger: logger)
    }

    private func figuresApplication(_ port: Int) -> some ApplicationProtocol {
        Application(
            router: figuresRouter(),
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: .init(
                address: .hostname(configuration.host, port: port), serverName: "longshore"),
            logger: logger)
    }

    private func adminApplication(
        onReady: @escaping @Sendable () async -> Void = {}
    ) -> some ApplicationProtocol {
        let path = DataFolder.adminSocketPath(in: configuration.dataPath)
        // A socket left by a killed process: the folder's lock says that nobody listens.
        try? FileManager.default.removeItem(atPath: path)
        return Application(
            router: adminRouter(),
            configuration: .init(
                address: .unixDomainSocket(path: path), serverName: "longshore-admin"),
            onServerRunning: { _ in
                chmod(path, 0o600)
                await onReady()
            }, logger: logger)
    }
}
