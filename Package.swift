// swift-tools-version: 6.2
import PackageDescription

/// Every target of ours: Swift 6, strict imports, and warnings as errors where a check asks for it.
let strict: [SwiftSetting] =
    [
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ]
    + (["CI", "STRICT"].contains { Context.environment[$0] != nil }
        ? [.treatAllWarnings(as: .error)] : [])

func room(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

func tests(
    _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
    .testTarget(
        name: name, dependencies: dependencies, exclude: exclude, swiftSettings: strict)
}

// HTTP server; its testing kit drives routes without a socket.
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
// HTTP client with timeouts, pooling and TLS; also speaks to the admin socket.
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
// Signatures, hashes and sealed secrets.
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")
// Start, run and graceful shutdown of long-running parts.
let lifecycle = Target.Dependency.product(
    name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals = Target.Dependency.product(
    name: "UnixSignals", package: "swift-service-lifecycle")
// Priority queues for turns and timers.
let heap = Target.Dependency.product(name: "HeapModule", package: "swift-collections")
let deque = Target.Dependency.product(name: "DequeModule", package: "swift-collections")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")
// HTML templates with escaping.
let mustache = Target.Dependency.product(name: "Mustache", package: "swift-mustache")
let nio = Target.Dependency.product(name: "NIOCore", package: "swift-nio")
let nioHTTP = Target.Dependency.product(name: "NIOHTTP1", package: "swift-nio")
// Starting other programs: Foundation's own way reads beyond its buffer when many files are open.
let subprocess = Target.Dependency.product(name: "Subprocess", package: "swift-subprocess")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let httpTypes = Target.Dependency.product(name: "HTTPTypes", package: "swift-http-types")
// Command-line grammar and help.
let arguments = Target.Dependency.product(
    name: "ArgumentParser", package: "swift-argument-parser")

/// What each of the services and applications may see.
let service: [Target.Dependency] = [
    "Kernel", "Contracts", "Storage", "Events", "Jobs", "Security", "Web", hummingbird,
]

let package = Package(
    name: "longshore",
    products: [.executable(name: "longshore", targets: ["longshore"])],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird", exact: "2.28.1"),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", exact: "2.1.1"),
        .package(url: "https://github.com/swift-server/async-http-client", exact: "1.37.0"),
        .package(
            url: "https://github.com/swift-server/swift-service-lifecycle", exact: "2.13.0"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", exact: "1.16.2"),
        .package(url: "https://github.com/apple/swift-collections", exact: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types", exact: "1.8.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", exact: "1.0.2"),
        .package(url: "https://github.com/apple/swift-system", exact: "1.8.1"),
    ],
    targets: [
        .systemLibrary(
            name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(
            name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        // Linear-time regular expressions, through a C door to RE2.
        .target(
            name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        room("Kernel", []),
        room("Expressions", ["Kernel", "CRE2"]),
        room("Storage", ["Kernel"]),
        room("StorageSQL", ["Kernel", "Storage"]),
        room("StorageSQLite", ["Kernel", "Storage", "StorageSQL", "CSQLite"]),
        room("StoragePostgres", ["Kernel", "Storage", "StorageSQL", "CPostgres"]),
        room("Events", ["Kernel", "Storage", logging]),
        room("Jobs", ["Kernel", "Storage", heap, deque, logging]),
        room("Telemetry", ["Kernel", logging]),
        room("Issues", ["Kernel", "Storage", "Events", "Jobs"]),
        room("Security", ["Kernel", crypto]),
        room("Contracts", ["Kernel"]),
        room("Web", ["Kernel", "Storage", "Security", hummingbird, nio, logging, httpTypes]),
        room("Authentication", service),
        room("Settings", service),
        room("Catalogue", service),
        room("Inventory", service),
        room("Orders", service),
        room("Warehouse", service),
        room(
            "Connectors",
            ["Kernel", "Contracts", "Storage", "Security", httpClient, nio, nioHTTP]),
        room("ChannelWalmart", service + ["Connectors", httpTypes, logging]),
        // Only the kernel and the HTTP stack: it shares no type with any connector.
        room(
            "Sandbox",
            [
                "Kernel", "Web", hummingbird, httpClient, crypto, nio, nioHTTP, lifecycle, logging,
                httpTypes,
            ]),
        room(
            "Console",
            ["Contracts", "Kernel", "Storage", "Web", hummingbird, mustache, nio, httpTypes]),
        room(
            "Platform",
            service + [
                "StorageSQLite", "StoragePostgres", "Issues", "Telemetry", "Authentication",
                "Settings", "Catalogue",
                "Inventory",
                "Orders",
                "Warehouse", "Connectors", "ChannelWalmart", "Console", httpClient, lifecycle,
                signals, logging, nio, nioHTTP, httpTypes,
            ]),
        room("Processes", ["Kernel", subprocess, system]),
        room("Torture", ["Kernel", "Storage", "StorageSQLite", "Jobs", "Processes", logging]),
        room(
            "Simulation",
            [
                "Kernel", "Contracts", "Storage", "StorageSQLite", "Security", "Events", "Jobs",
                "Orders", "Connectors", "ChannelWalmart", "Sandbox", "Platform", heap, logging,
            ]),
        .executableTarget(
            name: "longshore",
            dependencies: [
                "Platform", "Sandbox", "Simulation", "Torture", "Console", "Kernel", "Storage",
                "Telemetry", "Processes", "Expressions", httpClient, arguments, lifecycle,
                signals, logging, "ChannelWalmart", "StorageSQLite", nio, nioHTTP,
            ], swiftSettings: strict),
        // Takes malloc's place in the benchmarks alone, to count what is asked of it.
        .target(name: "MallocCount", path: "Benchmarks/MallocCount"),
        .executableTarget(
            name: "longshore-benchmarks",
            dependencies: [
                "MallocCount",
                "Kernel", "Contracts", "Storage", "StorageSQLite", "StoragePostgres",
                "StorageTesting", "Processes", "Jobs", "Orders", "ChannelWalmart", "Platform",
                "Console", "Expressions", lifecycle, logging,
            ], path: "Benchmarks/Sources", swiftSettings: strict),
        room("StorageTesting", ["Kernel", "Storage"]),
        room(
            "EngineTesting",
            [
                "Kernel", "Storage", "StorageSQLite", "StoragePostgres", "StorageTesting",
                "Processes",
            ]),
        tests("KernelTests", ["Kernel"]),
        tests("TelemetryTests", ["Kernel", "Telemetry", "Contracts", "Security", logging]),
        tests(
            "StorageTests",
            [
                "Kernel", "Storage", "StorageSQLite", "StoragePostgres", "StorageTesting",
                "EngineTesting",
            ]),
        tests(
            "JobsTests", ["Kernel", "Storage", "StorageTesting", "EngineTesting", "Jobs", logging]),
        tests(
            "IssuesTests",
            [
                "Kernel", "Storage", "StorageTesting", "EngineTesting", "Events", "Jobs", "Issues",
                logging,
            ]),
        tests(
            "EventsTests",
            ["Kernel", "Storage", "StorageTesting", "EngineTesting", "Events", logging]),
        tests(
            "ScenarioTests",
            [
                "Kernel", "Storage", "Jobs", "Platform", "Console", "Sandbox", "ChannelWalmart",
                "CSQLite",
                "Simulation", "Torture", "Processes", "EngineTesting", "longshore", "Contracts",
                "Events",
                "Connectors", "Catalogue", "Inventory",
                "Orders",
                "Settings", "StorageTesting", "Warehouse", httpClient, lifecycle, logging, nio,
                nioHTTP, crypto,
            ]),
        tests("ArchitectureTests", []),
        tests(
            "OrdersTests", ["Kernel", "Contracts", "Storage", "StorageTesting", "Orders"],
            exclude: ["Golden"]),
        tests("ExpressionsTests", ["Kernel", "Expressions", "StorageTesting"]),
        tests("InventoryTests", ["Kernel", "Contracts", "StorageTesting", "Inventory"]),
        tests(
            "ChannelWalmartTests",
            ["Kernel", "Contracts", "Storage", "Connectors", "ChannelWalmart"]),
    ]
)
