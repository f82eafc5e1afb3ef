import Glibc

/// An IPv4 or IPv6 address.
struct IPAddress: HostValue, Hashable {
    /// 4 or 16.
    let bytes: [UInt8]

    var typeName: String { "net.IP" }

    /// Without a zone; an IPv4 address within an IPv6 one is not taken in dots.
    init?(_ text: String) {
        // Nothing but what an address is made of: a zero byte would end it early.
        let isPlain = text.utf8.allSatisfy {
            Lexer.isHex($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ".")
        }
        guard text.utf8.count <= 45, isPlain, !(text.contains(":") && text.contains(".")) else {
            return nil
        }
        let isOld = !text.contains(":")
        var buffer = [UInt8](repeating: 0, count: isOld ? 4 : 16)
        guard inet_pton(isOld ? AF_INET : AF_INET6, text, &buffer) == 1 else { return nil }
        bytes = buffer
    }

    init(bytes: [UInt8]) { self.bytes = bytes }

    var isOld: Bool { bytes.count == 4 }

    /// As RFC 5952 has it: groups without leading zeros, the longest run of zero groups left out.
    var text: String {
        if isOld { return bytes.map(String.init).joined(separator: ".") }
        let groups = (0..<8).map { Int(bytes[2 * $0]) << 8 | Int(bytes[2 * $0 + 1]) }
        var longest = 0..<0
        var start = 0
        while start < 8 {
            var end = start
            while end < 8, groups[end] == 0 { end += 1 }
            if end - start > max(longest.count, 1) { longest = start..<end }
            start = max(end, start + 1)
        }
        func written(_ range: Range<Int>) -> String {
            groups[range].map { String($0, radix: 16) }.joined(separator: ":")
        }
        if longest.isEmpty { return written(0..<8) }
        return written(0..<longest.lowerBound) + "::" + written(longest.upperBound..<8)
    }

    func isEqual(to other: any HostValue) -> Bool { (other as? IPAddress) == self }

    var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }
    var isLoopback: Bool {
        isOld ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes[15] == 1
    }
    var isMulticast: Bool { isOld ? bytes[0] & 0xF0 == 0xE0 : bytes[0] == 0xFF }
    var isLinkLocalMulticast: Bool {
        isOld
            ? bytes[0] == 224 && bytes[1] == 0 && bytes[2] == 0
            : bytes[0] == 0xFF && bytes[1] & 0x0F == 2
    }
    var isLinkLocalUnicast: Bool {
        isOld ? bytes[0] == 169 && bytes[1] == 254 : bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80
    }
    var isGlobalUnicast: Bool {
        !isUnspecified && !isLoopback && !isMulticast && !isLinkLocalUnicast
            && !(isOld && bytes.allSatisfy { $0 == 255 })
    }
}

/// A range of addresses.
struct AddressRange: HostValue, Hashable {
    let address: IPAddress
    let prefix: Int

    var typeName: String { "net.CIDR" }

    init(address: IPAddress, prefix: Int) {
        self.address = address
        self.prefix = prefix
    }

    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let address = IPAddress(String(parts[0])),
            parts[1].utf8.allSatisfy(Lexer.isDigit), let prefix = Int(parts[1]),
            prefix <= address.bytes.count * 8, prefix == 0 || !parts[1].hasPrefix("0")
        else { return nil }
        self.init(address: address, prefix: prefix)
    }

    var text: String { "\(address.text)/\(prefix)" }

    func isEqual(to other: any HostValue) -> Bool { (other as? AddressRange) == self }

    var masked: IPAddress {
        IPAddress(
            bytes: address.bytes.enumerated().map { index, byte in
                let bits = min(max(prefix - index * 8, 0), 8)
                return bits == 0 ? 0 : byte & (0xFF << UInt8(8 - bits))
            })
    }

    func contains(_ other: IPAddress) -> Bool {
        other.bytes.count == address.bytes.count
            && AddressRange(address: other, prefix: prefix).masked == masked
    }

    func contains(_ other: AddressRange) -> Bool {
        other.prefix >= prefix && contains(other.address)
    }
}

/// Addresses and ranges of addresses.
enum Network {
    static let library = Library(
        functions: constructors + questions + ranges, types: ["net.IP", "net.CIDR"])

    /// Longer texts are no addresses.
    private static let maximumBytes = 100

    private static func address(_ text: String) throws(EvaluationError) -> IPAddress {
        guard text.utf8.count <= maximumBytes, let address = IPAddress(text) else {
            throw EvaluationError(.conversion, "“\(text.prefix(60))” is no IP address")
        }
        return address
    }

    private static func range(_ text: String) throws(EvaluationError) -> AddressRange {
        guard text.utf8.count <= maximumBytes, let range = AddressRange(text) else {
            throw EvaluationError(.conversion, "“\(text.prefix(60))” is no range of IP addresses")
        }
        return range
    }

    private static func onText(
        _ name: String, _ body: @escaping @Sendable (String) throws(EvaluationError) -> Value
    ) -> FunctionBody {
        .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            guard case .string(let text) = a else { throw .noOverload(name, a) }
            try meter.charge(25)
            return try body(text)
        }
    }

    private static let constructors: [Function] = [
        Function(
            "cidr(string) -> net.CIDR",
            onText("cidr") { (text: String) throws(EvaluationError) -> Value in
                .host(try range(text))
            }),
        Function("isIP(string) -> bool", onText("isIP") { .bool((try? address($0)) != nil) }),
        Function("isCIDR(string) -> bool", onText("isCIDR") { .bool((try? range($0)) != nil) }),
        Function(
            "ip.isCanonical(string) -> bool",
            onText("ip.isCanonical") { (text: String) throws(EvaluationError) -> Value in
                .bool(CodePoints.areEqual(try address(text).text, text))
            }),
        Function(
            "ip(string) -> net.IP",
            onText("ip") { (text: String) throws(EvaluationError) -> Value in
                .host(try address(text))
            }),
    ]

    private static func ask(
        _ name: String, _ body: @escaping @Sendable (IPAddress) -> Value
    ) -> FunctionBody {
        .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            guard case .host(let host) = a, let address = host as? IPAddress else {
                throw .noOverload(name, a)
            }
            return body(address)
        }
    }

    private static let questions: [Function] = [
        Function("net.IP.family() -> int", ask("family") { .int($0.isOld ? 4 : 6) }),
        Function(
            "net.IP.isUnspecified() -> bool", ask("isUnspecified") { .bool($0.isUnspecified) }),
        Function("net.IP.isLoopback() -> bool", ask("isLoopback") { .bool($0.isLoopback) }),
        Function(
            "net.IP.isGlobalUnicast() -> bool",
            ask("isGlobalUnicast") { .bool($0.isGlobalUnicast) }),
        Function(
            "net.IP.isLinkLocalMulticast() -> bool",
            ask("isLinkLocalMulticast") { .bool($0.isLinkLocalMulticast) }),
        Function(
            "net.IP.isLinkLocalUnicast() -> bool",
            ask("isLinkLocalUnicast") { .bool($0.isLinkLocalUnicast) }),
    ]

    private static func onRange(
        _ name: String, _ body: @escaping @Sendable (AddressRange) -> Value
    ) -> FunctionBody {
        .unary { (a: Value, meter: inout Meter) throws(EvaluationError) -> Value in
            guard case .host(let host) = a, let range = host as? AddressRange else {
                throw .noOverload(name, a)
            }
            return body(range)
        }
    }

    private static let ranges: [Function] = [
        Function(
            ["net.CIDR.containsIP(net.IP) -> bool", "net.CIDR.containsIP(string) -> bool"],
            .binary(containsIP)),
        Function(
            ["net.CIDR.containsCIDR(net.CIDR) -> bool", "net.CIDR.containsCIDR(string) -> bool"],
            .binary(containsCIDR)),
        Function("net.CIDR.ip() -> net.IP", onRange("ip") { .host($0.address) }),
        Function(
            "net.CIDR.masked() -> net.CIDR",
            onRange("masked") { .host(AddressRange(address: $0.masked, prefix: $0.prefix)) }),
        Function(
            "net.CIDR.prefixLength() -> int", onRange("prefixLength") { .int(Int64($0.prefix)) }),
    ]

    private static func containsIP(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .host(let host) = a, let range = host as? AddressRange else {
            throw .noOverload("containsIP", a, b)
        }
        if case .string(let text) = b {
            try meter.charge(25)
            return .bool(range.contains(try address(text)))
        }
        guard case .host(let other) = b, let wanted = other as? IPAddress else {
            throw .noOverload("containsIP", a, b)
        }
        return .bool(range.contains(wanted))
    }

    private static func containsCIDR(
        _ a: Value, _ b: Value, _ meter: inout Meter
    ) throws(EvaluationError) -> Value {
        guard case .host(let host) = a, let own = host as? AddressRange else {
            throw .noOverload("containsCIDR", a, b)
        }
        if case .string(let text) = b {
            try meter.charge(25)
            return .bool(own.contains(try range(text)))
        }
        guard case .host(let other) = b, let wanted = other as? AddressRange else {
            throw .noOverload("containsCIDR", a, b)
        }
        return .bool(own.contains(wanted))
    }
}
