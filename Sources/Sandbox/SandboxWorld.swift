import Kernel
import Synchronization

/// A seller's account on the pretended marketplace.
package struct SandboxSeller: Sendable, Codable {
    package struct Webhook: Sendable, Codable {
        package let url: String
        /// basic, hmac, oauth or signature.
        package let method: String
        package let headerName: String
        package let user: String
        package let secret: String

        package init(url: String, method: String, headerName: String, user: String, secret: String)
        {
            self.url = url
            self.method = method
            self.headerName = headerName
            self.user = user
            self.secret = secret
        }
    }

    package let clientID: String
    package let clientSecret: String
    package var webhook: Webhook?

    package init(clientID: String, clientSecret: String, webhook: Webhook?) {
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.webhook = webhook
    }
}

/// Everything the pretended marketplace knows. One value behind one lock; no clock of its own.
struct SandboxWorld: Sendable {
    var sellers: [String: SandboxSeller] = [:]
    private var tokens: [String: (seller: String, expiresAt: Int64)] = [:]
    var orders: [String: SandboxOrder] = [:]
    /// In the order they were made.
    private(set) var numbers: [String] = []
    var ledger = SandboxLedger()
    var faults: SandboxFaults
    /// Calls a minute, by operation; the seller's own window slides.
    var limits: [String: Int]
    private var windows: [String: [Int64]] = [:]
    private var nextToken = 0
    let tokenSeconds: Int

    init(faults: SandboxFaults, limits: [String: Int], tokenSeconds: Int) {
        self.faults = faults
        self.limits = limits
        self.tokenSeconds = tokenSeconds
    }

    mutating func issueToken(to seller: String, at now: Int64) -> String {
        nextToken += 1
        let text = "sandbox-\(nextToken)-\(StableHash.of(seller + String(now)))"
        tokens[text] = (seller, now + Int64(tokenSeconds) * 1000)
        return text
    }

    func seller(ofToken text: String, at now: Int64) -> String? {
        guard let token = tokens[text], now < token.expiresAt else { return nil }
        return token.seller
    }

    mutating func expireTokens(of seller: String) {
        tokens = tokens.filter { $0.value.seller != seller }
    }

    /// Counts a call against the seller's limit. - Returns: when there is room again, if there is
    /// none now.
    mutating func admit(_ operation: String, of seller: String, at now: Int64) -> Int64? {
        guard let limit = limits[operation] else { return nil }
        let key = seller + "/" + operation
        var window = (windows[key] ?? []).filter { $0 > now - 60_000 }
        defer { windows[key] = window }
        guard window.count < limit else { return (window.first ?? now) + 60_000 }
        window.append(now)
        return nil
    }

    mutating func add(_ order: SandboxOrder) {
        orders[order.number] = order
        numbers.append(order.number)
    }

    /// - Returns: the line's trouble in words, or `nil` when it was acknowledged.
    mutating func acknowledge(_ number: String, seller: String, at now: Int64) -> String? {
        guard var order = orders[number], order.seller == seller else { return "not found" }
        guard order.lines.contains(where: { $0.open + $0.shipped > 0 }) else {
            return "all lines are cancelled"
        }
        var changed: [String: Int] = [:]
        for index in order.lines.indices where order.lines[index].created > 0 {
            changed[order.lines[index].number] = order.lines[index].created
            order.lines[index].acknowledged += order.lines[index].created
            order.lines[index].created = 0
            order.lines[index].changedAt = now
        }
        if !changed.isEmpty {
            order.changedAt = now
            orders[number] = order
            ledger.effect(
                seller: seller, kind: "acknowledge", order: number, subject: "", lines: changed,
                at: now)
        }
        return nil
    }

    mutating func ship(
        _ number: String, seller: String, _ parts: [ShipPart], at now: Int64
    ) -> String? {
        guard var order = orders[number], order.seller == seller else { return "not found" }
        for part in parts {
            guard let index = order.lines.firstIndex(where: { $0.number == part.line }) else {
                return "line \(part.line) does not exist"
            }
            guard part.quantity > 0, part.quantity <= order.lines[index].open else {
                return order.lines[index].cancelled > 0
                    ? "line \(part.line) is cancelled" : "line \(part.line) has fewer units open"
            }
            var left = part.quantity
            let fromAcknowledged = min(left, order.lines[index].acknowledged)
            order.lines[index].acknowledged -= fromAcknowledged
            left -= fromAcknowledged
            order.lines[index].created -= left
            order.lines[index].shipments.append(
                .init(
                    quantity: part.quantity, carrier: part.carrier,
                    trackingNumber: part.tracking, shippedAt: part.shippedAt))
            order.lines[index].changedAt = now
        }
        order.changedAt = now
        orders[number] = order
        for (tracking, parts) in Dictionary(grouping: parts, by: \.tracking) {
            ledger.effect(
                seller: seller, kind: "ship", order: number, subject: tracking,
                lines: parts.reduce(into: [:]) { $0[$1.line, default: 0] += $1.quantity }, at: now)
        }
        return nil
    }

    mutating func cancel(
        _ number: String, by actor: String, _ parts: [(line: String, quantity: Int)], at now: Int64
    ) -> String? {
        guard var order = orders[number], actor == "buyer" || order.seller == actor else {
            return "not found"
        }
        for part in parts {
            guard let index = order.lines.firstIndex(where: { $0.number == part.line }) else {
                return "line \(part.line) does not exist"
            }
            guard part.quantity > 0, part.quantity <= order.lines[index].open else {
                return "line \(part.line) has fewer units open"
            }
            let fromCreated = min(part.quantity, order.lines[index].created)
            order.lines[index].created -= fromCreated
            order.lines[index].acknowledged -= part.quantity - fromCreated
            order.lines[index].cancelled += part.quantity
            order.lines[index].changedAt = now
        }
        order.changedAt = now
        orders[number] = order
        ledger.effect(
            seller: order.seller, kind: actor == "buyer" ? "buyerCancel" : "cancel", order: number,
            subject: "", lines: parts.reduce(into: [:]) { $0[$1.line, default: 0] += $1.quantity },
            at: now)
        return nil
    }

    /// A page of a seller's orders that match, in order of making.
    func page(
        seller: String, after index: Int, limit: Int, at now: Int64,
        where matches: (SandboxOrder) -> Bool
    ) -> (orders: [SandboxOrder], next: Int?, total: Int) {
        var found: [SandboxOrder] = []
        var position = index
        while position < numbers.count {
            defer { position += 1 }
            guard let order = orders[numbers[position]], order.seller == seller,
                order.listedFrom <= now, matches(order)
            else { continue }
            if found.count == limit { return (found, position, numbers.count) }
            found.append(order)
        }
        return (found, nil, found.count)
    }
}

/// One shipped part of a line.
struct ShipPart: Sendable {
    let line: String
    let quantity: Int
    let carrier: String
    let tracking: String
    let shippedAt: Int64
}

/// The world behind its lock.
final class SharedWorld: Sendable {
    private let state: Mutex<SandboxWorld>

    init(_ world: SandboxWorld) { state = Mutex(world) }

    func with<T: Sendable>(_ body: @Sendable (inout SandboxWorld) throws -> T) rethrows -> T {
        try state.withLock { try body(&$0) }
    }
}
