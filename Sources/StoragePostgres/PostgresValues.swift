import CPostgres
import Storage

/// The values of one statement, in the binary form of their types.
struct PostgresValues {
    /// Object identifiers of types, as the server's catalogue has them since ever.
    enum Kind {
        static let bytes: Oid = 17
        static let integer: Oid = 20
        static let text: Oid = 25
        static let texts: Oid = 1009
        static let integers: Oid = 1016
        static let unknown: Oid = 0
    }

    private(set) var types: [Oid] = []
    private var contents: [[UInt8]?] = []
    private var formats: [Int32] = []

    var count: Int { types.count }

    func with(_ text: String?) -> Self {
        adding(Kind.text, text.map { Array($0.utf8) }, isBinary: false)
    }

    func with(_ number: Int64?) -> Self {
        adding(Kind.integer, number.map { withUnsafeBytes(of: $0.bigEndian, Array.init) })
    }

    func with(_ number: Int) -> Self { with(Int64(number)) }

    func with(blob: [UInt8]?) -> Self { adding(Kind.bytes, blob) }

    /// An array of texts, as one value: quoted, so that any character may stand in one.
    func with(texts: [String]) -> Self {
        let quoted = texts.map { text in
            "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
        }
        let literal = "{" + quoted.joined(separator: ",") + "}"
        return adding(Kind.texts, Array(literal.utf8), isBinary: false)
    }

    /// An array of `bigint`, as one value in its binary form: dimensions, no nulls, the elements' type,
    /// how many, the first one's number; then each with its length.
    func with(numbers: [Int64]) -> Self {
        var bytes: [UInt8] = []
        func add(_ number: Int32) { withUnsafeBytes(of: number.bigEndian) { bytes += $0 } }
        bytes.reserveCapacity(20 + numbers.count * 12)
        for number in [1, 0, Int32(Kind.integer), Int32(numbers.count), 1] { add(number) }
        for number in numbers {
            add(8)
            withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
        }
        return adding(Kind.integers, bytes)
    }

    func with(_ values: [IndexValue]) -> Self {
        values.reduce(self) { sum, value in
            switch value {
            // The column the value is compared with says what it would be.
            case .null: sum.adding(Kind.unknown, nil)
            case .integer(let number): sum.with(number)
            case .text(let text): sum.with(text)
            }
        }
    }

    /// These values with others before them.
    func prepended(by others: PostgresValues) -> PostgresValues {
        var all = others
        all.types += types
        all.contents += contents
        all.formats += formats
        return all
    }

    private func adding(_ type: Oid, _ content: [UInt8]?, isBinary: Bool = true) -> Self {
        var values = self
        values.add(type, content, isBinary: isBinary)
        return values
    }

    mutating func add(_ type: Oid, _ content: [UInt8]?, isBinary: Bool = true) {
        types.append(type)
        // A text ends with a zero byte; a binary value has its length.
        contents.append(isBinary ? content : content.map { $0 + [0] })
        formats.append(isBinary ? 1 : 0)
    }

    mutating func add(_ number: Int64) {
        add(Kind.integer, withUnsafeBytes(of: number.bigEndian, Array.init))
    }

    /// Hands the driver's arrays to `body`; they live as long as it runs.
    func withArrays<T>(
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> T
    ) -> T {
        // One buffer for all, so that no value needs a pin of its own.
        let total = contents.reduce(0) { $0 + max($1?.count ?? 0, 1) }
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: max(total, 1)) { buffer in
            var pointers: [UnsafePointer<CChar>?] = []
            var lengths: [Int32] = []
            var offset = 0
            for content in contents {
                guard let content else {
                    pointers.append(nil)
                    lengths.append(0)
                    continue
                }
                let start = offset
                for byte in content {
                    buffer[offset] = CChar(bitPattern: byte)
                    offset += 1
                }
                // An empty value needs an address all the same: none would mean NULL.
                if content.isEmpty { offset += 1 }
                pointers.append(buffer.baseAddress.map { UnsafePointer($0 + start) })
                lengths.append(Int32(content.count))
            }
            return body(pointers, lengths, formats)
        }
    }
}

/// What a statement answered: rows read by number, columns by number.
final class PostgresRows {
    private let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { PQclear(result) }

    var count: Int { Int(PQntuples(result)) }

    /// How many rows a statement wrote.
    var changed: Int { Int(String(cString: PQcmdTuples(result))) ?? 0 }

    func map<T>(_ body: (PostgresRow) throws -> T) rethrows -> [T] {
        try (0..<count).map { try body(PostgresRow(result: result, row: Int32($0))) }
    }

    func first<T>(_ body: (PostgresRow) throws -> T) rethrows -> T? {
        guard count > 0 else { return nil }
        return try body(PostgresRow(result: result, row: 0))
    }
}

struct PostgresRow {
    let result: OpaquePointer
    let row: Int32

    func isNull(_ column: Int32) -> Bool { PQgetisnull(result, row, column) == 1 }

    private func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column),
            count: Int(PQgetlength(result, row, column)))
    }

    /// A `bigint`.
    func integer(_ column: Int32) -> Int64 {
        let bytes = bytes(column)
        guard bytes.count == 8 else { return 0 }
        return Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
    }

    func optionalInteger(_ column: Int32) -> Int64? { isNull(column) ? nil : integer(column) }

    func text(_ column: Int32) -> String { String(decoding: bytes(column), as: UTF8.self) }

    func optionalText(_ column: Int32) -> String? { isNull(column) ? nil : text(column) }

    func blob(_ column: Int32) -> [UInt8] { Array(bytes(column)) }

    func optionalBlob(_ column: Int32) -> [UInt8]? { isNull(column) ? nil : blob(column) }
}
