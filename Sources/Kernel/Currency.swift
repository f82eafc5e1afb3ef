/// An ISO 4217 currency in use, with the number of decimals of its minor unit.
///
/// Source: ISO 4217 list one; decimals as published by its maintenance agency, read 2026-11.
public struct Currency: Hashable, Sendable {
    /// Three capital letters.
    public let code: String

    /// - Returns: `nil` for a code that ISO 4217 does not list as money in use.
    public init?(_ code: String) {
        guard Self.decimalsByCode[code] != nil else { return nil }
        self.code = code
    }

    private init(known code: String) { self.code = code }

    /// Digits after the decimal point: 0, 2, 3 or 4.
    public var decimals: Int { Self.decimalsByCode[code] ?? 2 }

    public static let usd = Currency(known: "USD")

    private static let decimalsByCode: [String: Int] = {
        var table: [String: Int] = [:]
        for (decimals, codes) in listed {
            for code in codes.split(separator: " ") { table[String(code)] = decimals }
        }
        return table
    }()

    private static let listed: [(Int, String)] = [
        (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"),
        (3, "BHD IQD JOD KWD LYD OMR TND"),
        (4, "CLF UYW"),
        (
            2,
            """
            AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP \
            BYN BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB \
            EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES \
            KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR \
            MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD \
            RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP \
            TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG
            """
        ),
    ]
}

extension Currency: Codable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let code = try container.decode(String.self)
        guard let value = Currency(code) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "unknown currency \(code); expected ISO 4217")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(code)
    }
}
