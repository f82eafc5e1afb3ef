import Foundation

/// Texts that are written down, and are read only when the expression runs: what cannot be read then is a
/// mistake now.
extension Checker {
    /// Functions that read a text.
    private static let readers: Set<String> = [
        "timestamp", "duration", "decimal", "money", "ip", "cidr", "int", "uint", "double", "bool",
    ]

    /// - Parameters:
    ///   - name: with its namespace.
    ///   - arguments: what it is called on first, where it is called on something.
    mutating func checkLiterals(
        _ name: String, isMember: Bool, _ arguments: [Syntax], _ types: [ValueType]
    ) {
        let plain = Environment.rootless(name)
        guard let last = arguments.last, let first = types.first else { return }
        switch (plain, isMember) {
        case (_, false) where Self.readers.contains(plain): read(plain, arguments)
        case ("containsIP", true): read("ip", [last])
        case ("containsCIDR", true): read("cidr", [last])
        case ("matches", _), ("regex.extract", false), ("regex.extractAll", false),
            ("regex.replace", false):
            guard arguments.count > 1, let text = Self.text(of: arguments[1]) else { return }
            if case .wrong(let error) = surroundings.patterns.pattern(text) {
                report(.invalidLiteral, error.message, arguments[1])
            }
        case ("round", true), ("divide", true):
            guard matcher.resolved(first) == .decimal, let text = Self.text(of: last) else {
                return
            }
            do { _ = try Decimals.rounding(text) } catch {
                report(.invalidLiteral, error.message, last)
            }
        default:
            guard isMember, plain.hasPrefix("get"), arguments.count == 2,
                matcher.resolved(first) == .timestamp, !isFull, let zone = Self.text(of: last),
                ZoneOffset.seconds(of: zone, at: .epoch) == nil
            else { return }
            report(
                .invalidLiteral, "unknown time zone “\(zone.prefix(60))”", last,
                suggestion: Suggestion.nearest(to: zone, among: TimeZone.knownTimeZoneIdentifiers))
        }
    }

    private static func text(of tree: Syntax) -> String? {
        guard case .literal(.string(let text)) = tree.kind else { return nil }
        return text
    }

    /// Only texts: whole numbers and doubles that do not fit are told when they are worked out.
    private mutating func read(_ name: String, _ arguments: [Syntax]) {
        let texts = arguments.compactMap(Self.text)
        guard texts.count == arguments.count,
            let function = surroundings.environment.function(
                name, isMember: false, count: texts.count)
        else { return }
        var meter = Meter(Limits())
        do { _ = try function.call(texts.map { .string($0) }, &meter) } catch {
            // Of money the amount comes first; what is wrong with the currency is no conversion.
            let part = error.code == .invalidArgument ? arguments.last : arguments.first
            guard error.code != .noSuchOverload, let part else { return }
            report(.invalidLiteral, error.message, part)
        }
    }
}
