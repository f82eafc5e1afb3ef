package import Contracts
package import Kernel

/// What can be asked of an order.
package enum OrderCommand: Sendable {
    /// The channel shows the order so. New, changed or the same as before.
    case observe(OrderObserved, mappings: [ChannelSKU: SKU])
    /// SKUs that were missing are known now.
    case repair([ChannelSKU: SKU])
    case reserve(StockReserved)
    case progress(FulfilmentOrderID, Bucket)
    case dispatch([ParcelDispatched])
    case assumeDelivered
    case askCancellation([LineQuantity])
    case answerCancellation(Identifier<CancellationTag>, isAccepted: Bool, note: String)
    case cancel([LineQuantity], OrderUnitsCancelled.Cause, note: String)
    case settle(ObligationAnswered)
    case placeHold(Hold.Kind, note: String, until: Instant?, Hold.AtDeadline)
    case liftHold(Identifier<HoldTag>, note: String)
    /// Its deadline passed: what was agreed for then happens.
    case expireHold(Identifier<HoldTag>)
    /// Times have come: release, warn, report.
    case checkDeadlines
    /// A person has dealt with what was noted as trouble.
    case resolve(note: String)
    /// A facility could not find units it was asked for.
    case takeBack(FulfilmentShort)
    case abandon(note: String)
}
