package import ChannelWalmart

/// How one installation is run.
///
/// | key | type | unit | default |
/// | --- | --- | --- | --- |
/// | `dataPath` | text | folder | – |
/// | `database` | text | PostgreSQL connection string | – |
/// | `host` | text | address | `127.0.0.1` |
/// | `port` | number | TCP port; 0 for any | 8080 |
/// | `metricsPort` | number | TCP port | none: figures only where the API is on this machine |
/// | `consoleTenant` | text | name | the only one |
/// | `isWarehouseAutomatic` | truth | – | false |
/// | `warehousePace` | duration | per step | 200 ms |
/// | `drainDelay` | duration | – | 0 s |
/// | `rawKeptDays` | number | days | 90 |
/// | `contactsKeptDays` | number | days | 730 |
/// | `polling` | pacing | – | every 60 s, overlap 600 s; absent reads no lists |
package struct PlatformConfiguration: Sendable {
    package var dataPath: String
    /// A PostgreSQL connection string or URI; `nil` keeps everything in the data folder. Several
    /// processes may share one database, each with a data folder of its own.
    package var database: String?
    package var host = "127.0.0.1"
    package var port = 8080
    /// Where `/metrics`, `/livez` and `/readyz` are answered without a key, on the same address.
    package var metricsPort: Int?
    /// Whose orders the console shows, by name; needed only where there are several tenants.
    package var consoleTenant: String?
    package var isWarehouseAutomatic = false
    package var warehousePace = Duration.milliseconds(200)
    package var polling: WalmartPacing? = .standard
    /// What arrived from channels, as it came, is kept so long after it was dealt with.
    package var rawKeptDays = 90
    /// Names and addresses are kept so long after the channel last changed their order.
    package var contactsKeptDays = 730
    /// How long requests are still taken after “not ready” was said, so that those who send them
    /// go elsewhere first.
    package var drainDelay = Duration.zero
    /// How many jobs are in hand at once, from claim to the commit of their end.
    package var jobCapacity = 64

    /// What chance is drawn from; a simulation brings its own.
    package var randomness: @Sendable () -> UInt64 = { .random(in: .min ... .max) }

    package init(dataPath: String) { self.dataPath = dataPath }

    /// Whether the console may answer without a key: only where nobody else can reach it.
    package var isLoopback: Bool { ["127.0.0.1", "localhost", "::1"].contains(host) }
}
