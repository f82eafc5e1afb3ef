package import Contracts
package import Kernel
package import Storage

/// Everything that can happen to an order.
package enum OrderEvent: AggregateEvent {
    case received(OrderReceived)
    case recorded(OrderRecorded)
    case accepted(OrderAccepted)
    case quarantined(OrderQuarantined)
    case linesMapped(OrderLinesMapped)
    case opened(OrderOpened)
    case unitsReserved(UnitsReserved)
    case unitsBackordered(UnitsBackordered)
    case unitsSourced(UnitsSourced)
    case unitsMoved(UnitsMoved)
    case parcelDispatched(ParcelDispatched)
    case unitsDelivered(UnitsDelivered)
    case unitsCancelled(OrderUnitsCancelled)
    case ended(OrderEnded)
    case obligationArose(ObligationArose)
    case obligationSettled(ObligationSettled)
    case obligationUnknown(ObligationUnknown)
    case cancellationOwed(CancellationOwed)
    case cancellationOpened(CancellationOpened)
    case cancellationAnswered(CancellationAnswered)
    case holdPlaced(HoldPlaced)
    case holdLifted(HoldLifted)
    case contactChanged(ContactChanged)
    case deadlineMoved(DeadlineMoved)
    case deadlineReached(DeadlineReached)
    case sightConfirmed(SightConfirmed)
    case troublesResolved(TroublesResolved)
    case unitsReturned(UnitsReturned)
    case troubleNoted(TroubleNoted)

    package var payload: any EventPayload {
        switch self {
        case .received(let fact): fact
        case .recorded(let fact): fact
        case .accepted(let fact): fact
        case .quarantined(let fact): fact
        case .linesMapped(let fact): fact
        case .opened(let fact): fact
        case .unitsReserved(let fact): fact
        case .unitsBackordered(let fact): fact
        case .unitsSourced(let fact): fact
        case .unitsMoved(let fact): fact
        case .parcelDispatched(let fact): fact
        case .unitsDelivered(let fact): fact
        case .unitsCancelled(let fact): fact
        case .ended(let fact): fact
        case .obligationArose(let fact): fact
        case .obligationSettled(let fact): fact
        case .obligationUnknown(let fact): fact
        case .cancellationOwed(let fact): fact
        case .cancellationOpened(let fact): fact
        case .cancellationAnswered(let fact): fact
        case .holdPlaced(let fact): fact
        case .holdLifted(let fact): fact
        case .contactChanged(let fact): fact
        case .deadlineMoved(let fact): fact
        case .deadlineReached(let fact): fact
        case .sightConfirmed(let fact): fact
        case .troublesResolved(let fact): fact
        case .unitsReturned(let fact): fact
        case .troubleNoted(let fact): fact
        }
    }

    package init?(type: EventType, from data: EventData) throws {
        switch type {
        case OrderReceived.type: self = .received(try data.decode())
        case OrderRecorded.type: self = .recorded(try data.decode())
        case OrderAccepted.type: self = .accepted(try data.decode())
        case OrderQuarantined.type: self = .quarantined(try data.decode())
        case OrderLinesMapped.type: self = .linesMapped(try data.decode())
        case OrderOpened.type: self = .opened(try data.decode())
        case UnitsReserved.type: self = .unitsReserved(try data.decode())
        case UnitsBackordered.type: self = .unitsBackordered(try data.decode())
        case UnitsSourced.type: self = .unitsSourced(try data.decode())
        case UnitsMoved.type: self = .unitsMoved(try data.decode())
        case ParcelDispatched.type: self = .parcelDispatched(try data.decode())
        case UnitsDelivered.type: self = .unitsDelivered(try data.decode())
        case OrderUnitsCancelled.type: self = .unitsCancelled(try data.decode())
        case OrderEnded.type: self = .ended(try data.decode())
        case ObligationArose.type: self = .obligationArose(try data.decode())
        case ObligationSettled.type: self = .obligationSettled(try data.decode())
        case ObligationUnknown.type: self = .obligationUnknown(try data.decode())
        case CancellationOwed.type: self = .cancellationOwed(try data.decode())
        case CancellationOpened.type: self = .cancellationOpened(try data.decode())
        case CancellationAnswered.type: self = .cancellationAnswered(try data.decode())
        case HoldPlaced.type: self = .holdPlaced(try data.decode())
        case HoldLifted.type: self = .holdLifted(try data.decode())
        case ContactChanged.type: self = .contactChanged(try data.decode())
        case DeadlineMoved.type: self = .deadlineMoved(try data.decode())
        case DeadlineReached.type: self = .deadlineReached(try data.decode())
        case SightConfirmed.type: self = .sightConfirmed(try data.decode())
        case TroublesResolved.type: self = .troublesResolved(try data.decode())
        case UnitsReturned.type: self = .unitsReturned(try data.decode())
        case TroubleNoted.type: self = .troubleNoted(try data.decode())
        default: return nil
        }
    }
}
