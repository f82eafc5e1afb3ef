import ArgumentParser
import Storage

/// What every action on an order takes.
struct OrderOptions: ParsableArguments {
    @OptionGroup var options: DataOptions
    @OptionGroup var output: OutputOptions
    @Argument(help: "The order's identifier or its number on the channel.") var id: String

    /// Posts to a resource of the order and tells where it stands then.
    func act(_ resource: String, _ body: [String: JSONValue]) async throws {
        let (wanted, json) = (id, output.json)
        try await CommandSession.run(options) { session in
            let id = try await ShowOrder.identifier(wanted, session)
            try await Listing.make(
                "/v1/orders/\(id)/\(resource)", .object(body), session, json: json
            ) { "\($0.plain("reference")) is \($0.plain("status")), \($0.plain("stage"))" }
        }
    }
}

struct CancelOrder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Cancels what has not left, and tells the channel.")

    @OptionGroup var order: OrderOptions
    @Option(help: "customer, outOfStock or other.") var reason: String
    @Option(help: "Words for those who read it later.") var note = ""

    func run() async throws {
        try await order.act(
            "cancellation", ["reason": .string(reason), "note": .string(note)])
    }
}

struct AnswerWish: AsyncParsableCommand {
    enum Answer: String, EnumerableFlag {
        case accept, decline

        static func help(for value: Answer) -> ArgumentHelp? {
            value == .accept ? "Cancel the units." : "Ship them all the same."
        }
    }

    static let configuration = CommandConfiguration(
        commandName: "answer", abstract: "Answers a buyer's wish to cancel.")

    @OptionGroup var order: OrderOptions
    @Option(help: "The wish's identifier, from “orders show”.") var wish: String
    @Flag var answer: Answer
    @Option(help: "Words for those who read it later.") var note = ""

    func run() async throws {
        try await order.act(
            "cancellations/\(wish)/answer",
            ["accept": .bool(answer == .accept), "note": .string(note)])
    }
}

struct HoldOrder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Keeps an order from being released and from leaving.")

    @OptionGroup var order: OrderOptions
    @Option(
        help:
            "address, fraud, sanctions, credit, payment, codConfirmation, channel, customer or manual."
    ) var kind = "manual"
    @Option(help: "Why, for those who read it later.") var note: String
    @Option(help: "Until when, such as 2026-12-01T08:00:00Z.") var until: String?
    @Option(help: "What happens then: lift, cancel or report.") var atDeadline: String?

    func run() async throws {
        var body: [String: JSONValue] = ["kind": .string(kind), "note": .string(note)]
        body["until"] = until.map(JSONValue.string)
        body["atDeadline"] = atDeadline.map(JSONValue.string)
        try await order.act("holds", body)
    }
}

struct LiftHold: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lift", abstract: "Lifts a hold; the order goes on.")

    @OptionGroup var order: OrderOptions
    @Option(help: "The hold's identifier, from “orders show”.") var hold: String
    @Option(help: "Words for those who read it later.") var note = ""

    func run() async throws {
        try await order.act("holds/\(hold)/lift", ["note": .string(note)])
    }
}

struct ResolveOrder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "resolve", abstract: "Says that an order's troubles have been dealt with.")

    @OptionGroup var order: OrderOptions
    @Option(help: "How, for those who read it later.") var note: String

    func run() async throws { try await order.act("resolution", ["note": .string(note)]) }
}

struct EraseContact: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "erase-contact",
        abstract: "Erases the name and address of an order's recipient, for ever.")

    @OptionGroup var order: OrderOptions
    @Option(help: "request (of the recipient) or other.") var reason = "request"

    func run() async throws {
        let (wanted, reason, json) = (order.id, reason, order.output.json)
        try await CommandSession.run(order.options) { session in
            let id = try await ShowOrder.identifier(wanted, session)
            let order = try await session.get("/v1/orders/\(id)")["order"]
            guard let contact = order?["contact"]?.plain else {
                Terminal.error("the order has no contact")
                throw ExitCode.failure
            }
            try await Listing.make(
                "/v1/contacts/\(contact)/erasure", .object(["reason": .string(reason)]), session,
                json: json
            ) { "\($0.plain("contact")) is \($0.plain("state"))" }
        }
    }
}
