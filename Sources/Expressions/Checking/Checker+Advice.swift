extension Checker {
    /// What others call a function that is here under another name.
    static let otherNames: [String: String] = [
        "len": "size", "length": "size", "count": "size", "beginsWith": "startsWith",
        "startsWidth": "startsWith", "any": "exists", "some": "exists", "every": "all",
        "includes": "contains", "toLowerCase": "lowerAscii", "lower": "lowerAscii",
        "toLower": "lowerAscii", "toUpperCase": "upperAscii", "upper": "upperAscii",
        "toUpper": "upperAscii", "match": "matches", "substr": "substring", "unique": "distinct",
        "uniq": "distinct", "sorted": "sort", "number": "double", "float": "double",
        "integer": "int", "date": "timestamp", "str": "string", "abs": "math.abs",
        "min": "math.least", "max": "math.greatest", "round": "math.round",
        "floor": "math.floor", "ceil": "math.ceil",
    ]

    /// What to write in place of a call that does not fit.
    static func cure(_ name: String, _ given: [String], _ signatures: [Signature]) -> String {
        if name == "in" {
            return "on the right stands a list or a map, with elements or keys of that type"
        }
        let numbers = ["int", "uint", "double"]
        if given.contains("Money"),
            given.contains(where: { numbers.contains($0) || $0 == "decimal" })
        {
            return
                "money goes with money, as in money('12.50', 'USD'), times an int; its .amount is a decimal"
        }
        if given.contains("decimal"), given.contains("double") {
            return "a decimal goes with decimals and whole numbers; write decimal('12.50')"
        }
        // Those that take what stands on the left are what was probably meant.
        let fitting = signatures.filter { $0.parameters.first?.text == given.first }
        let shown = fitting.isEmpty ? signatures : fitting
        let takes = shown.map { signature in
            "(" + signature.parameters.map(\.text).joined(separator: ", ") + ")"
        }
        let more = takes.count > 6 ? " and \(takes.count - 6) more" : ""
        return "it takes " + takes.prefix(6).joined(separator: ", ") + more
    }
}
