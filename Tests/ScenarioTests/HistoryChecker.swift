import Foundation
import Kernel
import Platform
import Storage
import Testing

/// Compares the marketplace's own ledger with what our public API tells; knows nothing else.
struct HistoryChecker: Sendable {
    let session: ProcessSession
    /// Calls a minute the marketplace published, for each operation.
    let limitPerMinute: Int

    /// - Returns: what is wrong, in words; nothing when the two histories agree.
    func violations() async throws -> [String] {
        let shown = try await session.sandbox("/control/orders")["orders"].list
        let ledger = try await session.sandbox("/control/ledger")
        var ours: [String: JSONValue] = [:]
        var cursor = ""
        repeat {
            let page = try await session.get("/v1/orders?limit=500\(cursor)")
            for order in page["items"].list { ours[order["reference"].text] = order }
            cursor = page["next"].text.isEmpty ? "" : "&cursor=\(page["next"].text)"
        } while !cursor.isEmpty
        var found: [String] = []
        for order in shown {
            guard let mine = ours.removeValue(forKey: order["number"].text) else {
                found.append("order \(order["number"].text) is missing")
                continue
            }
            found += content(order, mine)
            found += try await address(order, mine)
            found += state(mine)
            found += cancels(mine, ledger["effects"].list)
        }
        found += ours.keys.map { "order \($0) is unknown to the marketplace" }
        found += try await parcels(shown, ledger["effects"].list)
        found += repeats(ledger["calls"].list)
        found += limits(ledger["calls"].list)
        return found
    }

    private func content(_ order: JSONValue, _ mine: JSONValue) -> [String] {
        func key(_ line: JSONValue, _ sku: String, _ quantity: String, _ cents: String) -> String {
            "\(line["number"].text) \(line[sku].text) \(line[quantity].text) \(cents)"
        }
        let theirs = order["lines"].list.map {
            key($0, "sku", "quantity", $0["totalCents"].text)
        }
        let here = mine["lines"].list.map {
            key($0, "channelSKU", "ordered", $0["total"]["minorUnits"].text)
        }
        return theirs.sorted() == here.sorted()
            ? [] : ["order \(order["number"].text): \(theirs) became \(here)"]
    }

    private func address(_ order: JSONValue, _ mine: JSONValue) async throws -> [String] {
        let details = try await session.post(
            "/v1/contacts/\(mine["contact"].text)/reading",
            .object(["purpose": .string("history check")]))
        let isSame =
            details["name"].text == order["name"].text
            && details["addressLines"].list.first?.text == order["street"].text
        return isSame ? [] : ["order \(order["number"].text): the address differs"]
    }

    /// No cancellation is told that is not owed, nor one twice.
    private func cancels(_ mine: JSONValue, _ effects: [JSONValue]) -> [String] {
        let number = mine["reference"].text
        let told = effects.count { $0["kind"].text == "cancel" && $0["order"].text == number }
        let owed = mine["obligations"].list.count { $0["kind"].text == "cancel" }
        return told > owed ? ["order \(number): \(told) cancels were told, \(owed) owed"] : []
    }

    private func state(_ mine: JSONValue) -> [String] {
        let number = mine["reference"].text
        if ["received", "accepted"].contains(mine["status"].text) {
            return ["order \(number) is stuck in \(mine["status"].text)"]
        }
        if ["received", "released", "dispatched"].contains(mine["stage"].text) {
            return ["order \(number) stands still in \(mine["stage"].text)"]
        }
        let waits = mine["outlook"]["waitsFor"].text
        return mine["stage"].text == "waiting" && waits.isEmpty
            ? ["order \(number) waits without a reason"] : []
    }

    /// One effect per parcel, with its lines and tracking number; none without a parcel.
    private func parcels(_ shown: [JSONValue], _ effects: [JSONValue]) async throws -> [String] {
        var found: [String] = []
        var byTracking = Dictionary(grouping: effects.filter { $0["kind"].text == "ship" }) {
            $0["subject"].text
        }
        for order in shown {
            let id =
                try await session.get("/v1/orders?number=\(order["number"].text)")["items"]
                .list.first?["id"].text ?? ""
            let detail = try await session.get("/v1/orders/\(id)")
            let left = detail["fulfilmentOrders"].list.flatMap { $0["parcels"].list }
                .filter { $0["state"].text == "handedOver" }
            for parcel in left {
                let tracking = parcel["trackingNumber"].text
                let told = byTracking.removeValue(forKey: tracking) ?? []
                let isRefused = detail["order"]["obligations"].list.contains {
                    $0["subject"].text == parcel["id"].text && $0["state"].text == "refused"
                }
                if told.count != (isRefused ? 0 : 1) {
                    found.append("parcel \(tracking) was told \(told.count) times")
                }
                guard let effect = told.first else { continue }
                var lines: [String: String] = [:]
                for line in parcel["lines"].list {
                    lines[line["line"].text] = line["quantity"].text
                }
                guard case .object(let sent) = effect["lines"] ?? .null else { continue }
                if sent.mapValues(\.text) != lines {
                    found.append("parcel \(tracking): told \(sent), holds \(lines)")
                }
            }
        }
        return found + byTracking.keys.map { "shipment \($0) is no parcel of ours" }
    }

    /// A call may be sent again only after looking whether the first had its effect.
    private func repeats(_ calls: [JSONValue]) -> [String] {
        var found: [String] = []
        let real = calls.filter { call in
            guard case .integer(let status) = call["status"] ?? .null else { return false }
            return status != 429 && status != 401
        }
        for operation in ["ship", "acknowledge"] {
            let groups = Dictionary(grouping: real.filter { $0["operation"].text == operation }) {
                $0["order"].text + "/" + $0["subject"].text
            }
            for (key, sent) in groups where sent.count > 1 {
                for (first, second) in zip(sent, sent.dropFirst()) {
                    let range =
                        (Int(first["sequence"].text) ?? 0)...(Int(second["sequence"].text) ?? 0)
                    let looked = real.contains {
                        $0["operation"].text == "getOrder"
                            && $0["order"].text == first["order"].text
                            && range.contains(Int($0["sequence"].text) ?? -1)
                    }
                    if !looked { found.append("\(operation) \(key) was repeated blindly") }
                }
            }
        }
        return found
    }

    private func limits(_ calls: [JSONValue]) -> [String] {
        let groups = Dictionary(grouping: calls) { $0["seller"].text + "/" + $0["operation"].text }
        return groups.compactMap { key, sent in
            let times = sent.compactMap { Int64($0["at"].text) }.sorted()
            for (index, end) in times.enumerated() {
                let first = times[..<index].partitioningIndex { $0 > end - 60_000 }
                if index - first + 1 > limitPerMinute {
                    return "\(key): over \(limitPerMinute) a minute"
                }
            }
            return nil
        }
    }
}

extension ProcessSession {
    /// Neither the marketplace's history nor our own invariants tell of anything wrong.
    func expectSound(limitPerMinute: Int) async throws {
        let violations = try await HistoryChecker(session: self, limitPerMinute: limitPerMinute)
            .violations()
        let findings = try await get("/v1/verification")["findings"].list
        #expect(violations.isEmpty, "\(violations.prefix(10))")
        #expect(findings.isEmpty, "\(findings.prefix(10))")
    }
}

extension ArraySlice {
    /// The first index whose element fulfils the predicate, by bisection.
    fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
        var low = startIndex
        var high = endIndex
        while low < high {
            let middle = (low + high) / 2
            if belongs(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
