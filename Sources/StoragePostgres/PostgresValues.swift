import CPostgres
import Storage

/// The values of one statement, in the binary form of their types.
struct PostgresValues {
    /// Object identifiers of types, as the server's catalogue has them since ever.
    enum Kind {
        static let bytes: Oid = 17
        static let integer: Oid = 20
        static let text: Oid = 25
        static let blobs: Oid = 1001
        static let texts: Oid = 1009
        static let integers: Oid = 1016
        static let unknown: Oid = 0
    }

    private(set) var types: [Oid] = []
    private var contents: [[UInt8]?] = []
    private var formats: [Int32] = []

    var count: Int { types.count }

    func with(_ text: String?) -> Self {
        adding(Kind.text, text.map { Array($0.utf8) })
    }

    func with(_ number: Int64?) -> Self {
        adding(Kind.integer, number.map { withUnsafeBytes(of: $0.bigEndian, Array.init) })
    }

    func with(_ number: Int) -> Self { with(Int64(number)) }

    func with(blob: [UInt8]?) -> Self { adding(Kind.bytes, blob) }

    /// An array of `bigint`, as one value.
    func with(numbers: [Int64?]) -> Self {
        with(Kind.integers, of: Kind.integer, numbers, size: 12) { number, bytes in
            withUnsafeBytes(of: number.bigEndian) { bytes += $0 }
        }
    }

    /// An array of texts that may be missing, as one value.
    func with(texts: [String?]) -> Self {
        with(Kind.texts, of: Kind.text, texts, size: 40) { $1 += $0.utf8 }
    }

    func with(blobs: [[UInt8]?]) -> Self {
        with(Kind.blobs, of: Kind.bytes, blobs, size: 200) { $1 += $0 }
    }

    /// An array in its binary form: dimensions, whether some are missing, the elements' type, how
    /// many, the first one's number; then each with its length.
    /// - Parameter size: bytes an element takes, more or less.
    private func with<T>(
        _ type: Oid, of element: Oid, _ items: [T?], size: Int,
        _ append: (T, inout [UInt8]) -> Void
    ) -> Self {
        var bytes: [UInt8] = []
        func put(_ number: Int32, at place: Int? = nil) {
            withUnsafeBytes(of: number.bigEndian) { raw in
                guard let place else { return bytes += raw }
                for (offset, byte) in raw.enumerated() { bytes[place + offset] = byte }
            }
        }
        bytes.reserveCapacity(20 + items.count * size)
        let isSparse: Int32 = items.contains { $0 == nil } ? 1 : 0
        for number in [1, isSparse, Int32(element), Int32(items.count), 1] { put(number) }
        for item in items {
            guard let item else {
                put(-1)
                continue
            }
            let place = bytes.count
            put(0)
            append(item, &bytes)
            put(Int32(bytes.count - place - 4), at: place)
        }
        return adding(type, bytes)
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

    private func adding(_ type: Oid, _ content: [UInt8]?) -> Self {
        var values = self
        values.add(type, content)
        return values
    }

    /// A text, too, has its length and no end mark: one that holds a zero is refused, not cut short.
    mutating func add(_ type: Oid, _ content: [UInt8]?) {
        types.append(type)
        contents.append(content)
        formats.append(1)
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
