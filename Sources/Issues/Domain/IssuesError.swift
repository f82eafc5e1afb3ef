package import Kernel

package enum IssuesFaultCode: String, FaultCode {
    case unknownIssue, notOpen, selectionMalformed, reasonMissing, patchMalformed
    /// The action does not apply to this kind of work.
    case notApplicable

    package static let service = "issues"

    package var kind: FaultKind {
        switch self {
        case .unknownIssue: .notFound
        case .notOpen, .notApplicable: .refused
        case .selectionMalformed, .reasonMissing, .patchMalformed: .invalid
        }
    }
}

package typealias IssuesError = CodedFault<IssuesFaultCode>
