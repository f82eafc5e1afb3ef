import ArgumentParser
import Console
import Foundation
import Storage

struct OrdersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "orders", abstract: "Shows orders and answers what they ask.",
        subcommands: [
            ListOrders.self, ShowOrder.self, CancelOrder.self, AnswerWish.self, HoldOrder.self,
            LiftHold.self, ResolveOrder.self, EraseContact.self,
        ])
}

struct ListOrders: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "Lists orders, newest first.")

    @OptionGroup var options: DataOptions
    @Option(help: "received, released, dispatched, confirmed, waiting or failed.")
    var stage: String?
    @Option(help: "Commercial status, such as open or quarantined.") var status: String?
    @Option(help: "Only orders whose number begins so.") var number: String?
    @Option(help: "How many, up to 500.") var limit = 50
    @OptionGroup var output: OutputOptions

    func run() async throws {
        var path = "/v1/orders?limit=\(limit)"
        for (name, value) in [("stage", stage), ("status", status), ("number", number)] {
            if let value { path += "&\(name)=\(value)" }
        }
        let (query, json) = (path, output.json)
        try await CommandSession.run(options) { session in
            let page = try await session.get(query)
            if json {
                Terminal.line(page.pretty)
                return
            }
            Terminal.table(
                ["ORDER", "NUMBER", "STAGE", "STATUS", "PLACED", "WAITS FOR"],
                page.items.map { order in
                    ["id", "reference", "stage", "status", "placedAt"].map {
                        order[$0]?.plain ?? "unknown"
                    } + [order["outlook"]?["waitsFor"]?.plain ?? ""]
                })
            if page["next"] != nil, page["next"] != .null {
                Terminal.line("There are more; see --limit, --stage and --number.")
            }
        }
    }
}

struct ShowOrder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Shows one order with its whole timeline.")

    @OptionGroup var options: DataOptions
    @Argument(help: "The order's identifier or its number on the channel.") var id: String
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let (wanted, json) = (id, output.json)
        try await CommandSession.run(options) { session in
            let id = try await Self.identifier(wanted, session)
            let detail = try await session.get("/v1/orders/\(id)")
            let timeline = try await session.get("/v1/orders/\(id)/timeline")
            if json {
                Terminal.line(
                    JSONValue.object(["detail": detail, "timeline": timeline]).pretty)
                return
            }
            Self.show(detail["order"] ?? .null, detail.list("fulfilmentOrders"))
            Terminal.line("")
            for event in timeline.items {
                let cause = event["cause"].map { ", because of \($0.plain)" } ?? ""
                let at = event.plain("at").prefix(19).replacing("T", with: " ")
                let what = EventWords.title(event.plain("type"))
                    .padding(toLength: 24, withPad: " ", startingAt: 0)
                Terminal.line("\(at)  \(what)  by \(event.plain("actor"))\(cause)")
            }
        }
    }

    static func identifier(_ wanted: String, _ session: CommandSession) async throws -> String {
        if wanted.hasPrefix("ord_") { return wanted }
        // A number names one order or none: the beginning of one must never act on another.
        let found = try await session.get("/v1/orders?limit=500&exact=true&number=\(wanted)").items
        guard let first = found.first, found.count == 1 else {
            Terminal.error(
                found.isEmpty
                    ? "no order has the number \(wanted)"
                    : "\(found.count) orders have the number \(wanted); use an identifier")
            throw ExitCode.failure
        }
        return first.plain("id")
    }

    private static func show(_ order: JSONValue, _ work: [JSONValue]) {
        Terminal.line("\(order["reference"]?.plain ?? "")  \(order["id"]?.plain ?? "")")
        Terminal.line(
            "status      \(order["status"]?.plain ?? "") since \(order["statusSince"]?.plain ?? "")"
        )
        Terminal.line("stage       \(order.plain("stage"))")
        let isOver = order["outlook"]?["next"] == nil
        let waits = order["outlook"]?["waitsFor"]?.plain
        Terminal.line("waits for   \(waits ?? (isOver ? "nothing" : "nothing but its turn"))")
        Terminal.line(
            "comes next  \(order["outlook"]?["next"]?.plain ?? "nothing: it is finished")"
                + (order["outlook"]?["nextBy"].map { ", by \($0.plain)" } ?? ""))
        for deadline in order.list("deadlines") where deadline["isMet"] != .bool(true) {
            Terminal.line(
                "deadline    "
                    + ["kind", "at", "state"].map(deadline.plain).joined(separator: "  "))
        }
        for hold in order.list("holds") {
            let end = hold["until"].map { ", until \($0.plain), then \(hold.plain("atDeadline"))" }
            Terminal.line(
                "hold        " + ["id", "kind", "note"].map(hold.plain).joined(separator: "  ")
                    + (end ?? ""))
        }
        for wish in order.list("cancellations") where wish.plain("state") == "requested" {
            Terminal.line("wish        \(wish.plain("id"))  the buyer asks to cancel")
        }
        for trouble in order.list("troubles") where trouble["resolution"] == nil {
            Terminal.line("trouble     \(trouble.plain("kind"))  \(trouble.plain("detail"))")
        }
        for work in work {
            for parcel in work.list("parcels") {
                Terminal.line(
                    "parcel      "
                        + ["carrier", "trackingNumber"].map(parcel.plain).joined(separator: "  "))
            }
        }
        guard case .array(let lines) = order["lines"] ?? .null else { return }
        for line in lines {
            guard case .array(let units) = line["units"] ?? .null else { continue }
            let parts = units.map { "\($0["quantity"]?.plain ?? "") \($0["bucket"]?.plain ?? "")" }
            Terminal.line(
                "line \(line["number"]?.plain ?? "")  \(line["channelSKU"]?.plain ?? "")  "
                    + parts.joined(separator: ", "))
        }
    }
}
