package import Kernel

package enum OrderTag: IdentifierTag { package static let prefix = "ord" }
package enum FulfilmentOrderTag: IdentifierTag { package static let prefix = "ful" }
package enum ParcelTag: IdentifierTag { package static let prefix = "par" }
package enum ContactTag: IdentifierTag { package static let prefix = "con" }
package enum FacilityTag: IdentifierTag { package static let prefix = "fac" }
package enum ConnectionTag: IdentifierTag { package static let prefix = "cnn" }
package enum ProductTag: IdentifierTag { package static let prefix = "prd" }
package enum ListingTag: IdentifierTag { package static let prefix = "lst" }
package enum ReservationTag: IdentifierTag { package static let prefix = "rsv" }
package enum CancellationTag: IdentifierTag { package static let prefix = "cxl" }
package enum HoldTag: IdentifierTag { package static let prefix = "hld" }
package enum InboxTag: IdentifierTag { package static let prefix = "inb" }

package typealias OrderID = Identifier<OrderTag>
package typealias FulfilmentOrderID = Identifier<FulfilmentOrderTag>
package typealias ParcelID = Identifier<ParcelTag>
package typealias ContactID = Identifier<ContactTag>
package typealias FacilityID = Identifier<FacilityTag>
package typealias ConnectionID = Identifier<ConnectionTag>

/// A short text that means something outside: trimmed, of limited length, never empty.
package protocol CodeText: RawRepresentable<String>, Hashable, Sendable, Codable,
    CustomStringConvertible
{
    static var limit: Int { get }
    init(unchecked text: String)
}

extension CodeText {
    package init?(rawValue: String) {
        let parts = rawValue.split(separator: " ", omittingEmptySubsequences: true)
        let text = parts.joined(separator: " ")
        let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 32 && $0.value != 127 }
        guard !text.isEmpty, text.utf8.count <= Self.limit, isPlain else { return nil }
        self.init(unchecked: text)
    }

    package var description: String { rawValue }

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let value = Self(rawValue: try container.decode(String.self)) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "expected 1 to \(Self.limit) printable characters")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

/// Our own stock-keeping unit.
package struct SKU: CodeText {
    package static let limit = 100
    package let rawValue: String
    package init(unchecked text: String) { rawValue = text }
}

/// A seller's SKU as a channel spells it.
package struct ChannelSKU: CodeText {
    package static let limit = 200
    package let rawValue: String
    package init(unchecked text: String) { rawValue = text }
}

/// An order's number on its channel.
package struct ChannelReference: CodeText {
    package static let limit = 100
    package let rawValue: String
    package init(unchecked text: String) { rawValue = text }
}

/// A line of an order, by the number its channel gives it.
package struct LineNumber: CodeText {
    package static let limit = 40
    package let rawValue: String
    package init(unchecked text: String) { rawValue = text }
}
