import HTTPTypes
import Hummingbird
import Kernel
import Telemetry
import Web

/// Takes up the caller's trace, and measures how long the answer took.
struct RequestMiddleware: RouterMiddleware {
    let durations: DurationHistogram

    /// Whatever else a stranger calls a method counts as one.
    private static let methods: Set = [
        "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
    ]
    private static let traceparent = HTTPField.Name("traceparent")

    func handle(
        _ request: Request, context: APIContext,
        next: (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var context = context
        if let header = Self.traceparent.flatMap({ request.headers[$0] }),
            let trace = TraceContext(traceparent: header)
        {
            context.correlation = trace.traceID
        }
        let clock = ContinuousClock()
        let start = clock.now
        let response = try await next(request, context)
        // The template, never the path: paths name things, and there are many.
        let route = context.endpointPath ?? "none"
        durations.record(
            clock.now - start,
            [
                Self.methods.contains(request.method.rawValue) ? request.method.rawValue : "other",
                route, "\(response.status.code / 100)xx",
            ])
        return response
    }
}
