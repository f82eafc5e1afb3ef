import FoundationEssentials
import HTTPTypes
package import Hummingbird
import Kernel
import Logging
import NIOCore

/// A fault as RFC 9457 shows it.
struct Problem: Encodable {
    let type: String
    let title: String
    let status: Int
    let detail: String
    let code: String
    let field: String?
    let correlation: String

    init(_ fault: any Fault, status: Int, correlation: String) {
        type = "urn:longshore:problem:" + fault.code
        title = fault.code
        self.status = status
        // What went wrong inside stays in the log.
        detail = fault.kind == .defect ? "an error of ours; the log has it" : fault.detail
        code = fault.code
        field = fault.field
        self.correlation = correlation
    }
}

/// Turns every error of a route into a problem document; the one place that does.
package struct ProblemMiddleware: RouterMiddleware {
    package init() {}

    package func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch {
            let fault = Self.fault(error)
            let status = Self.status(fault, error)
            if fault.kind == .defect {
                context.logger.error("request failed", metadata: ["error": "\(error)"])
            }
            return Self.response(fault, status: status, correlation: context.correlation)
        }
    }

    static func response(_ fault: any Fault, status: Int, correlation: String) -> Response {
        let problem = Problem(fault, status: status, correlation: correlation)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let body = try? encoder.encode(problem) else {
            preconditionFailure("a problem is plain JSON")
        }
        var response = Response(
            status: .init(code: status), headers: [.contentType: "application/problem+json"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
        if let wait = fault.retryAfter {
            response.headers[.retryAfter] = String(max(1, wait.components.seconds))
        } else if fault.kind == .unavailable {
            response.headers[.retryAfter] = "1"
        }
        if fault.kind == .unauthenticated { response.headers[.wwwAuthenticate] = "Bearer" }
        return response
    }

    private static func fault(_ error: any Error) -> any Fault {
        if let fault = error as? any Fault { return fault }
        if let error = error as? any HTTPResponseError {
            let code: WebFaultCode =
                switch error.status.code {
                case 404: .notFound
                case 405: .methodNotAllowed
                case 413: .bodyTooLarge
                default: .bodyMalformed
                }
            return WebError(code, error.status.reasonPhrase.lowercased())
        }
        return RecordedFault(error)
    }

    private static func status(_ fault: any Fault, _ error: any Error) -> Int {
        if let error = error as? any HTTPResponseError { return error.status.code }
        guard let fault = fault as? WebError else { return fault.kind.httpStatus }
        return switch fault.reason {
        case .bodyTooLarge: 413
        case .bodyTimedOut: 408
        case .methodNotAllowed: 405
        case .bodyMalformed where fault.field == nil: 400
        default: fault.kind.httpStatus
        }
    }
}
