/// How large what a function gives is.
extension FunctionUse {
    var value: EstimatedSize {
        let first = size(0)
        switch name {
        // A code point has up to four bytes.
        case "size" where first.kind == .text || first.kind == .any:
            return .number(Bounds(first.count.least / 4, first.count.most))
        case "size": return .number(first.count)
        case "dyn", "optional.of", "optional.ofNonZeroValue", "value", "lowerAscii", "upperAscii",
            "reverse", "sort", "bytes":
            return first
        case "or", "orValue": return .any(of: sizes)
        case "first", "last": return first.element
        case "distinct", "unwrapOpt", "optional.unwrap": return first.with(first.count.orLess)
        case "slice": return first.with(cut(at: number(2).map { $0 - (number(1) ?? 0) }))
        case "lists.range": return .list(first.count, of: .number(first.count.orLess))
        case "flatten":
            return .list(flattened.orLess, of: flat(first.element, levels))
        case "split":
            let limit = number(2).flatMap { $0 < 0 ? nil : $0 }
            let most = min(limit ?? Bounds.endless, Bounds.sum(1, first.count.most))
            return .list(Bounds(0, most), of: .text(first.count.orLess))
        case "regex.extractAll":
            return .list(
                Bounds(0, Bounds.sum(1, first.count.most)), of: .text(first.count.orLess))
        default: return written ?? counted
        }
    }

    // MARK: - Texts

    private var written: EstimatedSize? {
        let first = size(0)
        switch name {
        case "trim", "regex.extract": return .text(first.count.orLess)
        // A code point has four bytes at most.
        case "substring":
            return .text(cut(at: number(2).map { Bounds.product(4, $0 - (number(1) ?? 0)) }))
        case "charAt": return .text(Bounds(0, 4))
        case "string":
            return first.kind == .text ? first : .text(Bounds(0, max(64, first.count.most)))
        case "strings.quote", "base64.encode", "base64.decode":
            return .text(Bounds(0, Bounds.product(2, Bounds.sum(2, first.count.most))))
        case "join":
            return .text((first.count * (first.element.count + size(1).count)).orLess)
        case "replace":
            let longer = max(0, size(2).count.most - (text(1)?.utf8.count ?? 0))
            let more = Bounds.product(occurrences, longer)
            return .text(Bounds(0, Bounds.sum(first.count.most, more)))
        case "regex.replace":
            // A template may hold what was found.
            let isPlain = text(2).map { !$0.contains("\\") } ?? false
            let each = Bounds.product(
                size(2).count.most, isPlain ? 1 : Bounds.sum(1, first.count.most))
            let all = Bounds.product(Bounds.sum(1, first.count.most), each)
            return .text(Bounds(0, Bounds.sum(first.count.most, all)))
        case "format":
            let each = Bounds.product(size(1).count.most, formatted(size(1).element))
            return .text(Bounds(0, Bounds.sum(first.count.most, each)))
        default: return nil
        }
    }

    private func cut(at most: Int?) -> Bounds {
        Bounds(0, min(size(0).count.most, max(0, most ?? Bounds.endless)))
    }

    /// How often `replace` may find what it looks for; an empty text stands before each byte and at the end.
    var occurrences: Int {
        let length = text(1)?.utf8.count ?? 0
        let bytes = size(0).count.most
        return length == 0 ? Bounds.sum(1, bytes) : bytes / length
    }

    private func formatted(_ size: EstimatedSize) -> Int {
        let format = text(0) ?? "."
        let number = format.contains(".") ? 1400 : 350
        return switch size.kind {
        case .text: max(number, Bounds.product(2, size.count.most))
        case .scalar: number
        default: max(number, Bounds.product(64, size.allSteps))
        }
    }

    // MARK: - Lists within lists

    /// How many levels `flatten` takes away.
    var levels: Int {
        guard let depth = number(1) else { return sizes.count > 1 ? 8 : 1 }
        return min(max(depth, 0), 8)
    }

    var flattened: Bounds {
        var (size, most) = (size(0), size(0).count.most)
        for _ in 0..<levels {
            size = size.element
            guard size.kind == .list || size.kind == .any else { break }
            most = Bounds.product(most, max(1, size.count.most))
        }
        return Bounds(0, most)
    }

    private func flat(_ size: EstimatedSize, _ levels: Int) -> EstimatedSize {
        guard levels > 0 else { return size }
        return switch size.kind {
        case .list: flat(size.element, levels - 1)
        case .any: .any(of: [size, flat(size.element, levels - 1)])
        default: size
        }
    }

    // MARK: - Numbers

    private var counted: EstimatedSize {
        let (first, other) = (size(0), size(1))
        switch name {
        case "indexOf", "lastIndexOf": return .number(first.count.orLess)
        case "sum": return .number(other.count + (first.count * first.element.count).orLess)
        case "math.greatest", "math.least":
            let own = first.kind == .scalar ? EstimatedSize.any(of: sizes) : first.element
            return .number(own.count.orLess)
        case "math.bitOr", "math.bitXor": return .number((first.count + other.count).orLess)
        case "math.bitAnd": return .number(first.count.orLess)
        case "math.bitShiftLeft":
            guard let places = number(1), (0..<62).contains(places) else {
                return .number(Bounds(0, Bounds.endless))
            }
            return .number((first.count * Bounds(1 << places)).orLess)
        case "int", "uint", "double", "math.abs", "math.round", "math.ceil", "math.floor",
            "math.trunc", "math.bitShiftRight":
            // A number that is read from a text is any.
            return first.kind == .scalar ? .number(first.count.orLess) : .scalar
        case "getFullYear": return .number(Bounds(0, 9999))
        case _ where name.hasPrefix("get"): return .number(Bounds(0, 1000))
        case _ where Self.tests.contains(name): return .scalar
        default: return .unknown()
        }
    }

    private static let tests: Set<String> = [
        "contains", "startsWith", "endsWith", "matches", "hasValue", "bool", "timestamp",
        "duration", "decimal", "money", "quantity", "type", "ip", "cidr", "isIP", "isCIDR",
        "sets.contains", "sets.equivalent", "sets.intersects",
    ]
}
