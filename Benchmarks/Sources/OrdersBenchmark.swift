import ChannelWalmart
import Console
import Contracts
import Foundation
import Jobs
import Kernel
import Logging
import Orders
import Platform
import ServiceLifecycle
import Storage

/// Orders from raw payload to released: import through the inbox, decide, reserve, source, release,
/// with every service's subscriptions running as they do in production.
struct OrdersBenchmark {
    private static let count = 3000
    let folder: String

    func run() async throws -> [Figure] {
        var rates: [Double] = []
        for _ in 0..<3 { rates.append(try await once()) }
        return [
            Suites.figure(
                "P13", "orders of three lines, raw payload to released", rates, "per s",
                bars: [Bar("30,000 a minute", 500)])
        ]
    }

    private func once() async throws -> Double {
        let path = folder + "/bench-orders-\(UUID().uuidString)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700])
        _ = try SecretsFile.create(in: path)
        var configuration = PlatformConfiguration(dataPath: path)
        configuration.port = 0
        configuration.polling = nil
        configuration.jobCapacity = 256
        let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
        let platform = try await Platform(
            configuration, timekeeper: SystemTimekeeper(), logger: logger)
        let (ready, signal) = AsyncStream.makeStream(of: Int.self)
        let services = try await platform.services { signal.yield($0) }
        let group = ServiceGroup(
            configuration: .init(services: services.map { .init(service: $0) }, logger: logger))
        let rate = try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            _ = await ready.first { _ in true }
            let rate = try await measure(platform, AdminClient(dataPath: path))
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
            return rate
        }
        await platform.close()
        try FileManager.default.removeItem(atPath: path)
        return rate
    }

    private func measure(_ platform: Platform, _ client: AdminClient) async throws -> Double {
        let connection = try await openShop(client)
        let file = Array(Self.payload.utf8)
        let clock = SystemTimekeeper()
        var rate = 0.0
        let time = try await Suites.seconds {
            _ = try await client.post(
                "/v1/connections/\(connection)/imports", body: file, key: UUID().uuidString)
            var released = 0
            while released < Self.count {
                try await clock.sleep(for: .milliseconds(50))
                let counts = try await client.get("/v1/orders/counts")
                let value = try BodyCoder.decode([String: Int].self, from: counts.body)
                released = value["released"] ?? 0
            }
        }
        rate = Double(Self.count) / time
        return rate
    }

    private func openShop(_ client: AdminClient) async throws -> String {
        func post(_ path: String, _ body: String) async throws -> JSONValue {
            let answer = try await client.post(
                path, body: Array(body.utf8), key: UUID().uuidString)
            return try BodyCoder.decode(JSONValue.self, from: answer.body)
        }
        func text(_ value: JSONValue, _ name: String) -> String {
            guard case .string(let text) = value[name] else { return "" }
            return text
        }
        _ = try await post("/admin/tenants", #"{"name":"bench"}"#)
        let facility = text(try await post("/v1/facilities", #"{"name":"f"}"#), "id")
        let made = try await post(
            "/v1/connections",
            #"{"name":"c","channel":"walmart","baseURL":"http://127.0.0.1:9","clientID":"c","clientSecret":"secret"}"#
        )
        let connection = text(made, "id")
        for number in 0..<50 {
            _ = try await post("/v1/products", #"{"sku":"S\#(number)","title":"t"}"#)
            _ = try await post(
                "/v1/listings",
                #"{"connection":"\#(connection)","channelSKU":"S\#(number)","sku":"S\#(number)"}"#)
            var stocked = false
            while !stocked {
                let level = try await post(
                    "/v1/stock/receipts",
                    #"{"sku":"S\#(number)","facility":"\#(facility)","quantity":1000000}"#)
                stocked = level["available"] != nil
            }
        }
        return connection
    }

    /// An orders answer of `count` orders with three lines each.
    private static let payload: String = {
        let orders = (0..<count).map { number in
            let lines = (1...3).map { line in
                """
                {"lineNumber":"\(line)","item":{"productName":"Loose leaf tea","sku":"S\((number * 3 + line) % 50)"},\
                "charges":{"charge":[{"chargeType":"PRODUCT","chargeName":"ItemPrice","chargeAmount":{"currency":"USD",\
                "amount":12.34},"tax":{"taxName":"Tax1","taxAmount":{"currency":"USD","amount":1.02}}}]},\
                "orderLineQuantity":{"unitOfMeasurement":"EACH","amount":"1"},"statusDate":1795000000000,\
                "orderLineStatuses":{"orderLineStatus":[{"status":"Created","statusQuantity":\
                {"unitOfMeasurement":"EACH","amount":"1"}}]}}
                """
            }.joined(separator: ",")
            return """
                {"purchaseOrderId":"18\(10_000_000 + number)","customerOrderId":"52\(number)",\
                "customerEmailId":"b\(number)@relay.example","orderDate":1795000000000,"shippingInfo":\
                {"phone":"5550100000","estimatedDeliveryDate":1805000000000,"estimatedShipDate":1804000000000,\
                "methodCode":"Standard","postalAddress":{"name":"Bench \(number)","address1":"1 Bench Road",\
                "city":"Cedar Hollow","state":"MO","postalCode":"63016","country":"USA"}},\
                "orderLines":{"orderLine":[\(lines)]},"shipNode":{"type":"SellerFulfilled"}}
                """
        }.joined(separator: ",")
        return
            "{\"list\":{\"meta\":{\"totalCount\":\(count)},\"elements\":{\"order\":[\(orders)]}}}"
    }()
}
