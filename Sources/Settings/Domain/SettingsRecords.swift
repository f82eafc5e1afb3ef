package import Contracts
package import Kernel
package import Security
package import Storage

package enum SettingsFaultCode: String, FaultCode {
    case nameTaken, unknownConnection, addressMalformed, channelUnknown, secretMissing
    case limitMalformed, nameMissing, accountTaken

    package static let service = "settings"

    package var kind: FaultKind {
        switch self {
        case .nameTaken, .accountTaken: .refused
        case .unknownConnection: .notFound
        case .addressMalformed, .channelUnknown, .secretMissing, .limitMalformed,
            .nameMissing:
            .invalid
        }
    }
}

package typealias SettingsError = CodedFault<SettingsFaultCode>

/// A site that holds stock and ships.
package struct Facility: Record {
    package static let collection = "facilities"
    package static let byName = Index<Facility>.unique("by_name", Column("name", \.name))
    package static let indexes = [byName]

    package let id: FacilityID
    package let name: String
    /// Lower is asked first.
    package let rank: Int
}

/// A seller's account on a channel. Its secrets go in and never come out.
package struct Connection: Record {
    package static let collection = "connections"
    package static let byName = Index<Connection>.unique("by_name", Column("name", \.name))
    package static let indexes = [byName]

    package let id: ConnectionID
    package let name: String
    package let channel: String
    package var baseURL: String
    package var clientID: String
    package var clientSecret: Sealed
    package var webhook: WebhookSetting?
    package var limits: [String: Int]
    package var isEnabled: Bool
}

/// How a connection's webhooks prove themselves; the secrets are sealed together.
package struct WebhookSetting: Codable, Hashable, Sendable {
    package let method: WebhookAccess.Method
    package let headerName: String
    package let user: String
    package let secrets: Sealed
}
