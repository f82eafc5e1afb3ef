package import Kernel

/// Whom a parcel goes to. Personal data: never in an event, a job or an index column.
package struct ContactDetails: Codable, Hashable, Redacted {
    package let name: String
    package let phone: String
    package let email: String
    package let addressLines: [String]
    package let city: String
    package let region: String
    package let postalCode: String
    package let country: String

    package init(
        name: String, phone: String, email: String, addressLines: [String], city: String,
        region: String, postalCode: String, country: String
    ) {
        self.name = name
        self.phone = phone
        self.email = email
        self.addressLines = addressLines
        self.city = city
        self.region = region
        self.postalCode = postalCode
        self.country = country
    }
}

/// The door to personal data, which Orders owns.
package protocol ContactDirectory: Sendable {
    /// Keeps details under a key: connection and order number, joined by `/`. The same key again
    /// changes what is there, unless that is of a later version.
    func register(
        _ details: ContactDetails, key: String, version: Instant, call: Call
    ) async throws -> ContactID
    /// Reads details; the reading is written down with its purpose.
    func read(_ contact: ContactID, purpose: String, call: Call) async throws -> ContactDetails
}

/// What a facility is told at the dock.
package enum HandoverAnswer: Codable, Hashable, Sendable {
    /// The parcels left; the log says so.
    case dispatched
    /// They must stay: put the goods back.
    case blocked(reason: String)
}

/// A box at the dock with its label.
package struct LabelledParcel: Codable, Hashable, Sendable {
    package let parcel: ParcelID
    package let carrier: String
    package let trackingNumber: String

    package init(parcel: ParcelID, carrier: String, trackingNumber: String) {
        self.parcel = parcel
        self.carrier = carrier
        self.trackingNumber = trackingNumber
    }
}

/// The last scan before goods leave: asked at that moment, so that the order of the log decides
/// between shipping and cancelling.
package protocol HandoverAuthority: Sendable {
    func handOver(
        _ parcels: [LabelledParcel], of fulfilmentOrder: FulfilmentOrderID, call: Call
    ) async throws -> HandoverAnswer
}

/// A connection with its secrets, for the connector that uses it.
package struct ConnectionAccess: Redacted {
    package let id: ConnectionID
    package let tenant: TenantID
    package let name: String
    package let channel: String
    package let baseURL: String
    package let clientID: String
    package let clientSecret: String
    package let webhook: WebhookAccess?
    /// Calls per minute by operation, where they differ from the channel's published ones.
    package let limits: [String: Int]
    package let isEnabled: Bool

    package init(
        id: ConnectionID, tenant: TenantID, name: String, channel: String, baseURL: String,
        clientID: String, clientSecret: String, webhook: WebhookAccess?, limits: [String: Int],
        isEnabled: Bool
    ) {
        self.id = id
        self.tenant = tenant
        self.name = name
        self.channel = channel
        self.baseURL = baseURL
        self.clientID = clientID
        self.clientSecret = clientSecret
        self.webhook = webhook
        self.limits = limits
        self.isEnabled = isEnabled
    }
}

/// How a channel proves that a webhook is its own.
package struct WebhookAccess: Codable, Hashable, Sendable {
    package enum Method: String, Choice {
        /// `authorization`-like header with Basic user and password.
        case basic
        /// HMAC-SHA256 of the body, base64 or hex.
        case hmac
        /// A bearer token that the channel fetched from us.
        case oauth
        /// Time-stamped signature over method, path, time and body.
        case signature
    }

    package let method: Method
    package let headerName: String
    package let user: String
    /// Newest first; all count during a rotation.
    package let secrets: [String]

    package init(method: Method, headerName: String, user: String, secrets: [String]) {
        self.method = method
        self.headerName = headerName
        self.user = user
        self.secrets = secrets
    }
}

/// The door to connections, which Settings owns.
package protocol ConnectionDirectory: Sendable {
    /// - Returns: `nil` where the tenant has no such connection.
    func access(to connection: ConnectionID, tenant: TenantID) async throws -> ConnectionAccess?
}
