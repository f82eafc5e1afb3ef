/// What is known of a value before it is there: how much it holds, and how much what it holds does.
///
/// An optional has the size of its value. Sizes share what stands within, so that none is found out twice.
final class EstimatedSize {
    enum Kind {
        /// What has no size; of a number ``count`` is how large it may be.
        case scalar
        case text, list, map, record
        /// Known only when it runs.
        case any
    }

    let kind: Kind
    /// Elements, entries, or bytes of text.
    let count: Bounds
    /// Levels within each other, of what an expression makes.
    private let depth: Int
    /// What it is one of; none of them is such a choice itself.
    private let choices: [EstimatedSize]
    /// `nil` for what has no parts, or of whose parts nobody knows more than of itself.
    private let parts: Parts?
    private var work: Int?
    private var isAtWork = false

    /// More choices than this are taken as one.
    private static let maximumChoices = 256

    private init(
        _ kind: Kind, _ count: Bounds, _ parts: Parts?, depth: Int, choices: [EstimatedSize] = []
    ) {
        self.kind = kind
        self.count = count
        self.parts = parts
        self.depth = depth
        self.choices = choices
    }

    // MARK: - Making

    /// A number of which nothing is known, or what has no size at all.
    static var scalar: EstimatedSize { number(Bounds(0, CostEstimate.unknownSize)) }

    static func number(_ bounds: Bounds) -> EstimatedSize {
        EstimatedSize(.scalar, bounds, nil, depth: 0)
    }

    static func text(_ count: Bounds) -> EstimatedSize {
        EstimatedSize(.text, count, nil, depth: 0)
    }

    /// Of what nobody knows anything, down to the last part.
    static func unknown(
        _ count: Bounds = Bounds(0, CostEstimate.unknownSize)
    ) -> EstimatedSize {
        EstimatedSize(.any, count, nil, depth: 0)
    }

    static func list(_ count: Bounds, of element: EstimatedSize) -> EstimatedSize {
        made(.list, count, key: nil, element)
    }

    static func map(
        _ count: Bounds, from key: EstimatedSize, to element: EstimatedSize
    ) -> EstimatedSize {
        made(.map, count, key: key, element)
    }

    private static func made(
        _ kind: Kind, _ count: Bounds, key: EstimatedSize?, _ element: EstimatedSize
    ) -> EstimatedSize {
        // A value that lies deeper is none.
        let isDeep = element.depth >= Meter.valueDepth
        return EstimatedSize(
            kind, count, Parts(key: key, element: isDeep ? .unknown() : element),
            depth: isDeep ? 1 : element.depth + 1)
    }

    /// Of what the host puts in, or a record: its parts are made when they are asked for.
    static func declared(_ kind: Kind, _ count: Bounds, _ parts: Parts) -> EstimatedSize {
        EstimatedSize(kind, count, parts, depth: 1)
    }

    /// One of them. Choices of choices are choices: none lies within another.
    static func any(of sizes: [EstimatedSize]) -> EstimatedSize {
        guard sizes.count != 1 else { return sizes[0] }
        var seen: Set<ObjectIdentifier> = []
        var leaves: [Kind: Bounds] = [:]
        var own: [EstimatedSize] = []
        for size in sizes {
            for one in size.choices.isEmpty ? [size] : size.choices {
                guard seen.insert(ObjectIdentifier(one)).inserted else { continue }
                if one.parts == nil {
                    leaves[one.kind] = leaves[one.kind]?.or(one.count) ?? one.count
                } else {
                    own.append(one)
                }
            }
        }
        own += leaves.map { EstimatedSize($0.key, $0.value, nil, depth: 0) }
        guard let first = own.first, own.count > 1 else { return own.first ?? .scalar }
        let kind = own.allSatisfy { $0.kind == first.kind } ? first.kind : .any
        let count = own.dropFirst().reduce(first.count) { $0.or($1.count) }
        return EstimatedSize(
            kind, count, Parts(of: own), depth: own.map(\.depth).max() ?? 0,
            choices: own.count > maximumChoices ? [] : own)
    }

    /// With the same within.
    func with(_ count: Bounds) -> EstimatedSize {
        EstimatedSize(kind, count, parts, depth: depth)
    }

    /// One behind the other.
    func followed(by other: EstimatedSize) -> EstimatedSize {
        let all = count + other.count
        switch (kind, other.kind) {
        case (.scalar, .scalar): return .number(all)
        case (.text, .text): return .text(all)
        case (.list, .list): return .list(all, of: .any(of: [element, other.element]))
        default:
            let within = EstimatedSize.any(of: [element, other.element])
            return Self.made(.any, all, key: nil, within)
        }
    }

    // MARK: - Looking within

    /// An element of a list, a value of a map.
    var element: EstimatedSize { parts?.element ?? self }

    var key: EstimatedSize { parts?.key ?? (kind == .any && parts == nil ? self : .scalar) }

    func field(_ name: String) -> EstimatedSize { parts?.field(name) ?? self }

    /// What a loop with one name goes through.
    var gone: EstimatedSize {
        switch kind {
        case .map: key
        case .any: .any(of: [key, element])
        default: element
        }
    }

    /// Steps of looking at a text, or at the parts of a list or map.
    var steps: Int {
        switch kind {
        case .scalar: 0
        case .text: count.most / 10
        default: count.most
        }
    }

    /// A text that is taken out of something is copied.
    var copying: Int {
        switch kind {
        case .text: count.most / 50
        case .any: choices.reduce(parts == nil ? count.most / 50 : 0) { max($0, $1.copying) }
        default: 0
        }
    }

    /// Steps of looking at all of it, whatever lies within. Of what nobody knows the first level counts.
    var allSteps: Int { allSteps(levels: 64) }

    private func allSteps(levels: Int) -> Int {
        if let work { return work }
        // A record that holds itself, or what lies very deep.
        guard !isAtWork, levels > 0 else { return Bounds.sum(1, count.most) }
        isAtWork = true
        defer { isAtWork = false }
        let all =
            choices.isEmpty
            ? ownSteps(levels: levels - 1)
            : choices.reduce(0) { max($0, $1.allSteps(levels: levels - 1)) }
        work = all
        return all
    }

    private func ownSteps(levels: Int) -> Int {
        guard let parts else {
            switch kind {
            case .scalar: return 2
            // It is copied, compared and perhaps copied once more.
            case .text: return Bounds.sum(2, count.most / 10 + count.most / 25)
            default: return Bounds.sum(2, count.most)
            }
        }
        if kind == .record {
            return parts.names.reduce(1) {
                let own = parts.field($1).allSteps(levels: levels)
                return Bounds.sum($0, Bounds.sum(3 + $1.utf8.count / 10, own))
            }
        }
        var each = Bounds.sum(1, parts.element.allSteps(levels: levels))
        if kind != .list { each = Bounds.sum(each, key.allSteps(levels: levels)) }
        return Bounds.sum(1, Bounds.product(count.most, each))
    }

    // MARK: - Parts

    /// What stands within, of a size and of all that hold the same.
    final class Parts {
        typealias Made = () -> EstimatedSize

        /// Names of a record’s fields.
        let names: [String]
        private let makeElement: Made
        private let makeKey: Made?
        /// `nil` where a field is one of the elements.
        private let makeField: ((String) -> EstimatedSize)?
        /// Whether what was made is kept: what somebody else keeps might hold itself.
        private let keeps: Bool
        private var elements: EstimatedSize?
        private var keys: EstimatedSize?
        private var fields: [String: EstimatedSize] = [:]

        init(
            names: [String] = [], keeps: Bool = true, key: Made? = nil, element: @escaping Made,
            field: ((String) -> EstimatedSize)? = nil
        ) {
            self.names = names
            self.keeps = keeps
            makeElement = element
            makeKey = key
            makeField = field
        }

        convenience init(key: EstimatedSize?, element: EstimatedSize) {
            self.init(key: key.map { key in { key } }, element: { element })
        }

        /// Of any of them.
        convenience init(of sizes: [EstimatedSize]) {
            let hasFields = sizes.contains { $0.parts?.makeField != nil }
            self.init(
                names: Array(Set(sizes.flatMap { $0.parts?.names ?? [] })),
                key: { .any(of: sizes.map(\.key)) }, element: { .any(of: sizes.map(\.element)) },
                field: hasFields ? { name in .any(of: sizes.map { $0.field(name) }) } : nil)
        }

        var element: EstimatedSize {
            if let elements { return elements }
            let made = makeElement()
            if keeps { elements = made }
            return made
        }

        var key: EstimatedSize? {
            if let keys { return keys }
            let made = makeKey?()
            if keeps { keys = made }
            return made
        }

        func field(_ name: String) -> EstimatedSize {
            guard let makeField else { return element }
            if let known = fields[name] { return known }
            let made = makeField(name)
            if keeps { fields[name] = made }
            return made
        }
    }
}
