import Foundation

/// A whole number that may come as a number or as text, and may be missing.
struct LooseInteger: Decodable, Sendable {
    let value: Int64?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int64.self) {
            value = number
        } else if let text = try? container.decode(String.self) {
            value = Int64(text.split(separator: ".").first.map(String.init) ?? text)
        } else {
            value = nil
        }
    }
}

/// A decimal that may come as a number or as text; kept as exact text.
struct LooseDecimal: Decodable, Sendable {
    let text: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let number = try? container.decode(Decimal.self) {
            text = number.description
        } else {
            text = nil
        }
    }
}

/// Text that may come as text or as a number.
struct LooseText: Decodable, Sendable {
    let value: String?

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            value = text
        } else if let number = try? container.decode(Int64.self) {
            value = String(number)
        } else {
            value = nil
        }
    }
}

/// A list whose unreadable elements are left out rather than losing the rest.
struct LooseList<Element: Decodable & Sendable>: Decodable, Sendable {
    private struct Skipped: Decodable {}
    let elements: [Element]
    let skipped: Int

    init(from decoder: any Decoder) throws {
        guard var container = try? decoder.unkeyedContainer() else {
            elements = []
            skipped = 0
            return
        }
        var read: [Element] = []
        var missed = 0
        while !container.isAtEnd {
            do {
                read.append(try container.decode(Element.self))
            } catch {
                missed += 1
                _ = try container.decode(Skipped.self)
            }
        }
        elements = read
        skipped = missed
    }
}
