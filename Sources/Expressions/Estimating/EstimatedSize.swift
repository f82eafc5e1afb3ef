/// What is known of a value before it is there: how much it holds, and how much what it holds does.
///
/// An optional has the size of its value.
final class EstimatedSize {
    enum Kind {
        /// What has no size; of a number ``count`` is how large it may be.
        case scalar
        case text, list, map, record
        /// Known only when it runs.
        case any
    }

    typealias Within = () -> EstimatedSize

    let kind: Kind
    /// Elements, entries, or bytes of text.
    let count: Bounds
    /// Worked out once, since many may share it: an element of a list, a value of a map.
    private(set) lazy var element = makeElement()
    private(set) lazy var key = makeKey()
    let fieldNames: [String]

    private let makeElement: Within
    private let makeKey: Within
    private let makeField: ((String) -> EstimatedSize)?
    /// What it is one of, where they are of several kinds.
    private let either: [EstimatedSize]
    private var fields: [String: EstimatedSize] = [:]
    private var works: [Int: Int] = [:]

    /// - Parameter field: `nil` where a field is one of the elements.
    init(
        _ kind: Kind, _ count: Bounds, key: @escaping Within = { .scalar },
        element: @escaping Within = { .scalar }, fieldNames: [String] = [],
        field: ((String) -> EstimatedSize)? = nil, either: [EstimatedSize] = []
    ) {
        self.kind = kind
        self.count = count
        self.fieldNames = fieldNames
        self.either = either
        makeKey = key
        makeElement = element
        makeField = field
    }

    /// A number of which nothing is known, or what has no size at all.
    static var scalar: EstimatedSize {
        EstimatedSize(.scalar, Bounds(0, CostEstimate.unknownSize))
    }

    static func text(_ count: Bounds) -> EstimatedSize { EstimatedSize(.text, count) }

    /// Of what nobody knows anything, down to the last part.
    static var unknown: EstimatedSize {
        EstimatedSize(
            .any, Bounds(0, CostEstimate.unknownSize), key: { .unknown }, element: { .unknown })
    }

    /// Of what would take too long to find out.
    static var endless: EstimatedSize {
        EstimatedSize(
            .any, Bounds(0, Bounds.endless), key: { .endless }, element: { .endless })
    }

    func field(_ name: String) -> EstimatedSize {
        if let known = fields[name] { return known }
        let found = makeField?(name) ?? element
        fields[name] = found
        return found
    }

    /// What a loop with one name goes through.
    var gone: EstimatedSize {
        switch kind {
        case .map: key
        case .any: key === element ? element : .any(of: [key, element])
        default: element
        }
    }

    /// Steps of looking at a text, or at the parts of a list or map.
    var steps: Int { kind == .text ? count.most / 10 : count.most }

    /// Steps of looking at all of it, whatever lies within. Of what nobody knows the first level counts.
    var allSteps: Int { allSteps(levels: 4) }

    private func allSteps(levels: Int) -> Int {
        if let known = works[levels] { return known }
        let all: Int
        switch kind {
        case .scalar: all = 1
        // It is copied, compared and perhaps copied once more.
        case .text: all = Bounds.sum(1, count.most / 10 + count.most / 25)
        case .any:
            all = either.reduce(Bounds.sum(1, count.most)) {
                max($0, $1.allSteps(levels: max(levels - 1, 0)))
            }
        case .list where levels > 0:
            all = Bounds.product(count.most, Bounds.sum(1, element.allSteps(levels: levels - 1)))
        case .map where levels > 0:
            let entry = Bounds.sum(
                key.allSteps(levels: levels - 1), element.allSteps(levels: levels - 1))
            all = Bounds.product(count.most, Bounds.sum(1, entry))
        case .record where levels > 0:
            all = fieldNames.reduce(1) {
                Bounds.sum($0, Bounds.sum(3, field($1).allSteps(levels: levels - 1)))
            }
        case .list, .map, .record: all = Bounds.sum(1, count.most)
        }
        works[levels] = all
        return all
    }

    /// One of them. All at once: one by one they would lie as deep within each other as there are.
    static func any(of sizes: [EstimatedSize]) -> EstimatedSize {
        var seen: Set<ObjectIdentifier> = []
        let own = sizes.filter { seen.insert(ObjectIdentifier($0)).inserted }
        guard let first = own.first, own.count > 1 else { return own.first ?? .scalar }
        let isOne = own.allSatisfy { $0.kind == first.kind }
        return EstimatedSize(
            isOne ? first.kind : .any, own.dropFirst().reduce(first.count) { $0.or($1.count) },
            key: { .any(of: own.map(\.key)) }, element: { .any(of: own.map(\.element)) },
            fieldNames: isOne ? first.fieldNames : [],
            field: { name in .any(of: own.map { $0.field(name) }) }, either: isOne ? [] : own)
    }

    /// With the same within.
    func with(_ count: Bounds) -> EstimatedSize {
        EstimatedSize(
            kind, count, key: { self.key }, element: { self.element }, fieldNames: fieldNames,
            field: { self.field($0) })
    }

    /// One behind the other.
    func followed(by other: EstimatedSize) -> EstimatedSize {
        EstimatedSize(
            kind == other.kind ? kind : .any, count + other.count,
            element: { .any(of: [self.element, other.element]) })
    }
}
