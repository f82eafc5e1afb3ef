import Synchronization

/// Durations counted by how long they took, in forms named by labels.
package final class DurationHistogram: Sendable {
    /// Upper ends in seconds, as OpenTelemetry recommends for HTTP.
    package static let bounds = [
        0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
    ]
    /// So many forms; what comes past them is counted as `other`.
    private static let formsLimit = 400

    private struct Counts {
        var buckets = [Int](repeating: 0, count: DurationHistogram.bounds.count + 1)
        var sum = 0.0
    }

    private let name: String
    private let help: String
    private let labels: [String]
    private let forms = Mutex<[[String]: Counts]>([:])

    package init(_ name: String, _ help: String, labels: [String]) {
        (self.name, self.help, self.labels) = (name, help, labels)
    }

    /// - Parameter values: one of each label.
    package func record(_ duration: Duration, _ values: [String]) {
        let (seconds, attoseconds) = duration.components
        let time = Double(seconds) + Double(attoseconds) / 1e18
        let bucket = Self.bounds.firstIndex { time <= $0 } ?? Self.bounds.count
        forms.withLock { forms in
            let isKnown = forms[values] != nil || forms.count < Self.formsLimit
            let form = isKnown ? values : values.map { _ in "other" }
            forms[form, default: Counts()].buckets[bucket] += 1
            forms[form, default: Counts()].sum += time
        }
    }

    package var family: MetricFamily {
        var samples: [MetricFamily.Sample] = []
        for (values, counts) in forms.withLock({ $0 }).sorted(by: {
            $0.key.lexicographicallyPrecedes($1.key)
        }) {
            let named = zip(labels, values).map { (name: $0, value: $1) }
            var total = 0
            for (place, count) in counts.buckets.enumerated() {
                total += count
                let end = place < Self.bounds.count ? "\(Self.bounds[place])" : "+Inf"
                samples.append(
                    .init(Double(total), named + [(name: "le", value: end)], suffix: "_bucket"))
            }
            samples.append(.init(counts.sum, named, suffix: "_sum"))
            samples.append(.init(Double(total), named, suffix: "_count"))
        }
        return MetricFamily(name, .histogram, help, samples)
    }
}
