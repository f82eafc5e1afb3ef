package import Kernel

package enum StorageFaultCode: String, FaultCode {
    /// A unique index already holds these values.
    case duplicate
    /// The record changed since it was read.
    case stale
    /// The same operation is still running.
    case operationRunning
    /// The operation id was used before for another request.
    case operationReused
    case unknownRecord
    case cursorMalformed
    /// The disk or the configured size is exhausted.
    case full
    /// The disk, or the file on it, may not be written.
    case readOnly
    case interrupted
    /// A commit or its fsync failed: nothing is acknowledged any more.
    case broken
    case closed
    /// The database server cannot be reached, or the connection to it ended.
    case unreachable
    /// The engine refused a statement for a reason of ours.
    case engine
    /// A stored body no longer decodes.
    case bodyUndecodable
    /// Another process holds the data folder.
    case locked
    case settingRefused
    /// The address of a database is none.
    case addressMalformed
    /// More is waiting to be written than may wait.
    case overloaded
    /// Another process has taken over what this one was to do.
    case leaseLost
    /// A newer release wrote the database.
    case newerVersion
    case unknownEvent
    case copyUnsupported
    /// A projection wrote what is not its own, or another wrote what a projection computes.
    case notItsOwn
    /// A text holds a character that the database cannot keep.
    case textUnstorable

    package static let service = "storage"

    package var kind: FaultKind {
        switch self {
        case .duplicate, .stale, .operationRunning: .conflict
        case .operationReused, .cursorMalformed, .textUnstorable, .addressMalformed: .invalid
        case .copyUnsupported: .refused
        case .unknownRecord: .notFound
        case .full, .readOnly, .interrupted, .broken, .closed, .locked, .unreachable, .leaseLost,
            .newerVersion, .overloaded:
            .unavailable
        case .engine, .bodyUndecodable, .settingRefused, .unknownEvent, .notItsOwn: .defect
        }
    }
}

package typealias StorageError = CodedFault<StorageFaultCode>
