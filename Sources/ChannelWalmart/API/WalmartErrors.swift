import Connectors
import FoundationEssentials
import Kernel

/// Reads Walmart's two documented shapes of error, and bodies that are neither.
enum WalmartErrors {
    private struct Entry: Decodable {
        let code: LooseText?
        let description: LooseText?
        let info: LooseText?
        let field: LooseText?
    }

    private struct Inner: Decodable {
        let error: LooseList<Entry>?
    }

    private struct Outer: Decodable {
        let errors: Inner?
        let error: LooseList<Entry>?
    }

    /// The first error's code, without its service suffix, and its words.
    static func first(in body: [UInt8]) -> (code: String, detail: String, field: String?)? {
        guard let outer = try? JSONDecoder().decode(Outer.self, from: Data(body)),
            let entry = (outer.errors?.error ?? outer.error)?.elements.first,
            let code = entry.code?.value
        else { return nil }
        let words = entry.description?.value ?? entry.info?.value ?? ""
        return (
            String(code.split(separator: ".").first ?? ""), String(words.prefix(300)),
            entry.field?.value
        )
    }

    /// What an answer that is no success means.
    static func fault(_ response: OutboundResponse, now: Instant) -> ChannelError {
        let found = first(in: response.body)
        // The code alone: the channel's words may quote a buyer, and faults go into the log.
        let words = found?.code ?? "status \(response.status)"
        switch response.status {
        case 429:
            return ChannelError(
                .throttled, "Walmart asks to slow down", retryAfter: wait(response, now: now))
        case 401: return ChannelError(.unauthorised, words)
        case 404 where found?.code != nil: return ChannelError(.notFound, words)
        case 423: return ChannelError(.unreachable, words)
        case 400...499 where found != nil:
            return ChannelError(.rejected, words, field: found?.field)
        default:
            // Below the gateway a body may be HTML: it says nothing about what happened.
            return ChannelError(.unreachable, words)
        }
    }

    /// When tokens come again: milliseconds since 1970 or RFC 3339, else a second.
    static func wait(_ response: OutboundResponse, now: Instant) -> Duration {
        let text =
            response.header("X-Next-Replenishment-Time")
            ?? response.header("x-next-replenish-time")
        let at = text.flatMap { Int64($0).flatMap(Instant.init(milliseconds:)) ?? Instant($0) }
        if let at { return min(max(at.duration(since: now), .milliseconds(100)), .seconds(300)) }
        if let seconds = response.header("Retry-After").flatMap(Int.init) {
            return .seconds(min(max(seconds, 1), 300))
        }
        return .seconds(1)
    }
}
