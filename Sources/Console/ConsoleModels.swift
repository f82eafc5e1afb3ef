import Contracts
import Kernel
import Storage

/// What the templates are filled with: texts, ready to be shown.
struct OrdersPage: Sendable {
    struct Stage: Sendable {
        let name: String
        let count: String
        let link: String
        let mark: String
    }

    struct Row: Sendable {
        let id: String
        let reference: String
        let stage: String
        let status: String
        let placed: String
        let waits: String

        init(_ order: JSONValue) {
            id = Shown.text(order["id"])
            reference = Shown.text(order["reference"])
            stage = Shown.text(order["stage"])
            status = Shown.text(order["status"])
            placed = Shown.moment(order["placedAt"])
            if case .string(let text) = order["outlook"]?["waitsFor"] {
                waits = "waits for " + text
            } else {
                waits = ""
            }
        }
    }

    let title = "Orders"
    let stages: [Stage]
    let number: String
    let rows: [Row]
    let next: String?
}

struct OrderPage: Sendable {
    struct Units: Sendable { let quantity, bucket, place: String }
    struct Line: Sendable {
        let number, title, sku, channelSKU, ordered, total: String
        let units: [Units]
    }
    struct Parcel: Sendable { let state, carrier, tracking: String }
    struct Work: Sendable {
        let state, facility, since: String
        let parcels: [Parcel]
    }
    struct Obligation: Sendable { let kind, state, since, fault: String }
    struct Happening: Sendable { let at, type, actor, cause, data: String }
    struct Trouble: Sendable { let kind, detail, at, money: String }
    struct Wish: Sendable { let id, order, lines, at: String }
    struct Deadline: Sendable { let kind, at, state: String }
    struct Raw: Sendable { let kind, at, state, body: String }

    let title, id, reference, stage, status, since, waits, waitsSince, next, nextBy: String
    let channel, customer, placed, destination: String
    let lines: [Line]
    let work: [Work]
    let obligations: [Obligation]
    let troubles: [Trouble]
    let wishes: [Wish]
    let deadlines: [Deadline]
    /// Where a person says that the troubles have been dealt with; `nil` without any.
    let resolution: String?
    let timeline: [Happening]
    let raw: [Raw]

    init(
        _ detail: JSONValue, timeline events: JSONValue?, raw items: JSONValue?,
        names: [String: String]
    ) {
        let order = detail["order"]
        let outlook = order?["outlook"]
        id = Shown.text(order?["id"])
        reference = Shown.text(order?["reference"])
        title = "Order " + reference
        stage = Shown.text(order?["stage"])
        status = Shown.text(order?["status"])
        since = Shown.moment(order?["statusSince"])
        let isOver = outlook?["next"] == nil
        waits =
            outlook?["waitsFor"].map(Shown.text)
            ?? (isOver ? "nothing: it is finished" : "nothing but its turn")
        waitsSince = outlook?["waitsFor"] == nil ? "–" : Shown.moment(outlook?["since"])
        next = outlook?["next"].map(Shown.text) ?? "nothing: it is finished"
        nextBy = outlook?["nextBy"] == nil ? "no deadline" : Shown.moment(outlook?["nextBy"])
        channel = Shown.text(order?["channel"])
        customer = Shown.text(order?["customerReference"])
        placed = Shown.moment(order?["placedAt"])
        destination = ["region", "postalArea", "country"]
            .map { Shown.text(order?["destination"]?[$0]) }.joined(separator: ", ")
        lines = Shown.list(order?["lines"]).map { Self.line($0, names) }
        work = Shown.list(detail["fulfilmentOrders"]).map { Self.work($0, names) }
        obligations = Shown.list(order?["obligations"]).map {
            Obligation(
                kind: Shown.text($0["kind"]), state: Shown.text($0["state"]),
                since: Shown.moment($0["since"]),
                fault: $0["fault"].map { Shown.text($0["detail"]) } ?? "")
        }
        troubles = Shown.list(order?["troubles"]).filter { $0["resolution"] == nil }.map {
            Trouble(
                kind: Shown.text($0["kind"]), detail: Shown.text($0["detail"]),
                at: Shown.moment($0["at"]),
                money: $0["moneyAtRisk"].map { "at risk: " + Shown.money($0) } ?? "")
        }
        let orderID = id
        wishes = Shown.list(order?["cancellations"]).filter { $0["state"] == .string("requested") }
            .map { wish in
                Wish(
                    id: Shown.text(wish["id"]), order: orderID,
                    lines: Shown.list(wish["lines"]).map {
                        "\(Shown.text($0["quantity"])) of line \(Shown.text($0["line"]))"
                    }.joined(separator: ", "), at: Shown.moment(wish["at"]))
            }
        deadlines = Shown.list(order?["deadlines"]).map {
            Deadline(
                kind: Shown.text($0["kind"]), at: Shown.moment($0["at"]),
                state: $0["isMet"] == .bool(true) ? "met" : Shown.text($0["state"]))
        }
        let isInTrouble = !troubles.isEmpty || stage == "failed"
        resolution = isInTrouble ? "/orders/\(id)/resolution" : nil
        timeline = Shown.list(events?["items"]).map(Self.happening)
        raw = Shown.list(items?["items"]).map {
            Raw(
                kind: Shown.text($0["kind"]), at: Shown.moment($0["receivedAt"]),
                state: Shown.text($0["state"]), body: Shown.text($0["body"]))
        }
    }

    private static func line(_ line: JSONValue, _ names: [String: String]) -> Line {
        Line(
            number: Shown.text(line["number"]), title: Shown.text(line["title"]),
            sku: line["sku"].map { "our SKU " + Shown.text($0) } ?? "our SKU unknown",
            channelSKU: "channel SKU " + Shown.text(line["channelSKU"]),
            ordered: Shown.text(line["ordered"]), total: Shown.money(line["total"]),
            units: Shown.list(line["units"]).map { unit in
                Units(
                    quantity: Shown.text(unit["quantity"]), bucket: Shown.text(unit["bucket"]),
                    place: unit["facility"].map {
                        "at " + (names[Shown.text($0)] ?? Shown.text($0))
                    }
                        ?? "")
            })
    }

    private static func work(_ work: JSONValue, _ names: [String: String]) -> Work {
        let facility = Shown.text(work["facility"])
        return Work(
            state: Shown.text(work["state"]), facility: names[facility] ?? facility,
            since: Shown.moment(work["since"]),
            parcels: Shown.list(work["parcels"]).map {
                Parcel(
                    state: Shown.text($0["state"]),
                    carrier: $0["carrier"].map(Shown.text) ?? "no label yet",
                    tracking: $0["trackingNumber"].map(Shown.text) ?? "")
            })
    }

    private static func happening(_ event: JSONValue) -> Happening {
        // The wire name stands with the facts: it is what a program would look for.
        let bytes = event["data"].flatMap { try? BodyCoder.encode($0) } ?? []
        return Happening(
            at: Shown.moment(event["at"]), type: EventWords.title(Shown.text(event["type"])),
            actor: Shown.text(event["actor"]),
            cause: event["cause"].map { "because of " + Shown.text($0) } ?? "",
            data: Shown.text(event["type"]) + " " + String(decoding: bytes, as: UTF8.self))
    }
}

struct UnmappedPage: Sendable {
    struct Row: Sendable {
        let connection, name, channelSKU, waiting, since, first: String

        init(_ entry: JSONValue, _ names: [String: String]) {
            connection = Shown.text(entry["connection"])
            name = names[connection] ?? connection
            channelSKU = Shown.text(entry["channelSKU"])
            waiting = Shown.text(entry["waitingOrders"])
            since = Shown.moment(entry["since"])
            first = Shown.text(entry["firstOrder"])
        }
    }

    let title = "Unmapped SKUs"
    let message: String?
    let rows: [Row]
    let next: String?
}

struct TroublePage: Sendable {
    struct Parked: Sendable {
        let number, subscription, key, state, since, attempts, fault: String
        let isHead: Bool

        init(_ row: JSONValue) {
            number = Shown.text(row["number"])
            subscription = Shown.text(row["subscription"])
            key = Shown.text(row["key"])
            state = Shown.text(row["state"])
            since = Shown.moment(row["since"])
            attempts = Shown.text(row["attempts"])
            fault =
                row["fault"].map { Shown.text($0["code"]) + ": " + Shown.text($0["detail"]) }
                ?? "waits behind an earlier event"
            isHead = row["state"] != .string("waiting")
        }
    }

    struct Work: Sendable {
        let number, kind, fault, finished, due, attempts: String

        init(_ row: JSONValue) {
            number = Shown.text(row["number"])
            kind = Shown.text(row["kind"])
            fault =
                row["fault"].map { Shown.text($0["code"]) + ": " + Shown.text($0["detail"]) }
                ?? "no reason recorded"
            finished = Shown.moment(row["finished"])
            due = Shown.moment(row["due"])
            attempts = Shown.text(row["attempt"])
        }
    }

    let title = "Parked and failed"
    let parked: [Parked]
    let failed: [Work]
    let retrying: [Work]
}

struct ErrorPage: Sendable {
    let title: String
    let detail: String
}
