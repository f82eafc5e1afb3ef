import Connectors
import Contracts
import Events
import Kernel
import Storage

/// A person's data was erased: what arrived about the order goes too,
/// and what is still to arrive goes once it has been read.
struct WhenContactErased: Reaction {
    static let name = "walmart.whenContactErased"

    let inbox: Inbox

    func key(of event: ContactErased, in envelope: Envelope) -> String { event.key }

    func react(
        to event: ContactErased, _ envelope: Envelope, in transaction: Transaction
    ) throws {
        // The key is ours: connection, then order number.
        let parts = event.key.split(separator: "/", maxSplits: 1).map(String.init)
        guard parts.count == 2, let connection = ConnectionID(parts[0]),
            try transaction.get(KnownConnection.self, connection) != nil
        else { return }
        try inbox.erase(
            parts[1], of: connection, in: transaction)
    }
}
