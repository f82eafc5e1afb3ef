import Authentication
import Catalogue
import ChannelWalmart
import Console
import HTTPTypes
import Hummingbird
import Inventory
import Kernel
import NIOCore
import Orders
import Settings
import Storage
import StorageSQLite
import Telemetry
import Warehouse
import Web

extension Platform {
    /// What strangers reach: webhooks by signature, the API by key, the console on this machine.
    func publicRouter() -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: RequestMiddleware(durations: requestDurations))
        router.add(middleware: ProblemMiddleware())
        addHealth(to: router)
        walmart.addHooks(to: router.group("hooks"))
        let authentication = authentication.service
        let api = router.group("v1").add(
            middleware: KeyMiddleware { text in
                guard let (tenant, key) = try await authentication.owner(ofKey: text) else {
                    return nil
                }
                return Identity(tenant: tenant, actor: Actor(.apiKey, key.id.rawValue))
            })
        addAPI(to: api)
        if configuration.isLoopback { addConsole(to: router) }
        return router
    }

    /// What the owner of the data folder reaches over its socket: the API, and a little more.
    func adminRouter() -> Router<APIContext> {
        let router = Router(context: APIContext.self)
        router.add(middleware: ProblemMiddleware())
        let trusted = TrustedMiddleware { [self] request in
            let wanted = HTTPField.Name("Longshore-Tenant").flatMap { request.headers[$0] }
            return Identity(
                tenant: try await tenant(wanted), actor: Actor(.operator_, "command-line"))
        }
        addAPI(to: router.group("v1").add(middleware: trusted))
        let open = TrustedMiddleware { _ in
            Identity(tenant: .platform, actor: Actor(.operator_, "command-line"))
        }
        let admin = router.group("admin").add(middleware: open)
        AdminController(platform: self).addRoutes(to: admin)
        EventsAdminController(platform: self).addRoutes(to: admin)
        addMetrics(to: admin)
        QueueControlController(platform: self).addRoutes(to: admin)
        return router
    }

    private func addAPI(to api: RouterGroup<APIContext>) {
        authentication.addRoutes(to: api)
        settings.addRoutes(to: api)
        catalogue.addRoutes(to: api)
        inventory.addRoutes(to: api)
        orders.addRoutes(to: api)
        warehouse.addRoutes(to: api)
        JobsController(platform: self).addRoutes(to: api)
        IssuesController(platform: self).addRoutes(to: api)
        OperationsController(platform: self).addRoutes(to: api)
    }

    private func addConsole(to router: Router<APIContext>) {
        let pages = router.group().add(middleware: LoopbackHostMiddleware())
        ConsolePages(
            source: AdminClient(
                dataPath: configuration.dataPath, tenant: configuration.consoleTenant),
            timekeeper: timekeeper
        )
        .addRoutes(to: pages)
    }

    func addMetrics(to group: RouterGroup<APIContext>) {
        group.get("metrics") { [self] _, _ in
            let text = Exposition.text(try await MetricsReport(platform: self).families())
            return Response(
                status: .ok, headers: [.contentType: Exposition.contentType],
                body: .init(byteBuffer: ByteBuffer(string: text)))
        }
    }

    /// What collectors and orchestrators ask, on a port of its own that a firewall keeps to them.
    func figuresRouter() -> Router<APIContext> {
        let router = Router(context: APIContext.self, options: .autoGenerateHeadEndpoints)
        router.add(middleware: ProblemMiddleware())
        addProbes(to: router)
        addMetrics(to: router.group())
        return router
    }

    private func addProbes(to router: Router<APIContext>) {
        router.get("livez") { _, _ in JSONReply(["status": "alive"]) }
        router.get("readyz") { [self] _, _ in
            let readiness = await readiness.look(at: self)
            return JSONReply(
                readiness, status: readiness.isReady ? .ok : .serviceUnavailable)
        }
    }

    private func addHealth(to router: Router<APIContext>) {
        addProbes(to: router)
        // Figures of the whole installation: for whoever is on this machine.
        guard configuration.isLoopback else { return }
        let figures = router.group().add(middleware: LoopbackHostMiddleware())
        addMetrics(to: figures)
    }
}
