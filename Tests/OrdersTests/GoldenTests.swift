import Contracts
import Foundation
import Kernel
import Orders
import Storage
import Testing

/// What released versions wrote must stay readable for ever: files are added, never changed.
@Suite struct GoldenTests {
    private static func read(_ name: String) throws -> JSONValue {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Golden").appendingPathComponent(name)
        return try BodyCoder.decode(JSONValue.self, from: Array(try Data(contentsOf: file)))
    }

    @Test(arguments: [
        ("order-events.1.json", 29), ("order-events.2.json", 5), ("order-events.3.json", 1),
    ])
    func `every event of an order that was ever written still decodes, to the same JSON`(
        _ file: String, _ count: Int
    ) throws {
        guard case .object(let events) = try Self.read(file) else { return }
        for (type, data) in events {
            let bytes = EventData(bytes: try BodyCoder.encode(data))
            let order = try OrderEvent(type: EventType(type), from: bytes)?.payload
            let work = try FulfilmentEvent(type: EventType(type), from: bytes)?.payload
            guard let payload = order ?? work else {
                Issue.record("nothing reads \(type) any more")
                continue
            }
            let again = try BodyCoder.decode(
                JSONValue.self, from: BodyCoder.encode(payload))
            #expect(again == data, "\(type) changed its form")
        }
        #expect(events.count == count)
    }

    @Test func `every body that was ever stored still decodes`() throws {
        let bodies = try Self.read("order-bodies.1.json")
        guard case .array(let orders) = bodies["orders"] ?? .null,
            case .array(let work) = bodies["fulfilment_orders"] ?? .null
        else { return }

        #expect(!orders.isEmpty && !work.isEmpty)
        for body in orders {
            _ = try BodyCoder.decode(Order.self, from: BodyCoder.encode(body))
        }
        for body in work {
            _ = try BodyCoder.decode(FulfilmentOrder.self, from: BodyCoder.encode(body))
        }
    }
}
