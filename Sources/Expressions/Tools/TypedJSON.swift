/// Data from outside as values of declared types: JSON has no moments, amounts or exact numbers.
extension Environment {
    /// - Parameters:
    ///   - value: as ``JSONView`` reads it.
    ///   - path: names it in errors, such as `order.lines[2].price`.
    /// - Returns: the value with texts as moments, durations, decimals and bytes (base64) where the type
    ///   says so, ints as uints, doubles, decimals and quantities, and money from `"12.50 EUR"` or
    ///   `{"minorUnits": 1250, "currency": "EUR"}`. A field that is null is left out
    ///   where its type knows no null; an optional is none.
    /// - Throws: `EvaluationError.conversion`, which names the field.
    public func conformed(
        _ value: Value, to type: ValueType, at path: String
    ) throws(EvaluationError) -> Value {
        switch (type, value) {
        case (.dyn, _), (.parameter, _), (.null, .null): return value
        case (.optional, .null): return .optional(OptionalValue(nil))
        case (.bool, .bool), (.int, .int), (.string, .string), (.double, .double),
            (.uint, .uint):
            return value
        case (.list(let element), .list(let list)):
            var values: [Value] = []
            for index in 0..<list.count {
                values.append(
                    try conformed(list[index], to: element, at: "\(path)[\(index)]"))
            }
            return .list(values)
        case (.map(let key, let inner), .map(let map)):
            return try entries(map, key, inner, at: path)
        case (.optional(let inner), _):
            return .optional(OptionalValue(try conformed(value, to: inner, at: path)))
        case (.named("Money"), _), (.named("Quantity"), _):
            return try hostValue(value, type, at: path)
        case (.named(let name), .map(let map)):
            let record = record(name)
            return try fields(map, at: path) { record?.fields[$0] ?? .dyn }
        default: return try converted(value, to: type, at: path)
        }
    }

    /// JSON's names as keys of the type that is wanted.
    private func entries(
        _ map: MapValue, _ key: ValueType, _ inner: ValueType, at path: String
    ) throws(EvaluationError) -> Value {
        var builder = MapBuilder()
        for (index, own) in map.keys.enumerated() {
            let value = map.value(at: index)
            guard case .string(let name) = own, !isMissing(value, as: inner) else { continue }
            let wanted: Value? =
                switch key {
                case .int: Int64(name).map { .int($0) }
                case .uint: UInt64(name).map { .uint($0) }
                case .bool: ["true": .bool(true), "false": .bool(false)][name]
                default: own
                }
            guard let wanted,
                builder.add(
                    wanted, try conformed(value, to: inner, at: "\(path).\(name)"))
            else {
                throw EvaluationError(
                    .conversion, "\(path): “\(name.prefix(40))” is no key of type \(key.text)")
            }
        }
        return .map(MapValue(builder))
    }

    private func fields(
        _ map: MapValue, at path: String, _ type: (String) -> ValueType
    ) throws(EvaluationError) -> Value {
        var builder = MapBuilder()
        for (index, key) in map.keys.enumerated() {
            guard case .string(let name) = key else { continue }
            let (value, wanted) = (map.value(at: index), type(name))
            if isMissing(value, as: wanted) { continue }
            _ = builder.add(key, try conformed(value, to: wanted, at: "\(path).\(name)"))
        }
        return .map(MapValue(builder))
    }

    /// Whether null stands where the type knows none: what others leave out, some write as null.
    public func isMissing(_ value: Value, as type: ValueType) -> Bool {
        guard case .null = value else { return false }
        switch type {
        case .dyn, .parameter, .null, .optional: return false
        default: return true
        }
    }

    private func converted(
        _ value: Value, to type: ValueType, at path: String
    ) throws(EvaluationError) -> Value {
        let name: String? =
            switch (type, value) {
            case (.timestamp, .string), (.timestamp, .int): "timestamp"
            case (.duration, .string), (.duration, .int): "duration"
            case (.decimal, .string), (.decimal, .int), (.decimal, .uint): "decimal"
            case (.uint, .int): "uint"
            case (.double, .int), (.double, .uint): "double"
            case (.bytes, .string): "base64.decode"
            default: nil
            }
        guard let name, let function = function(name, isMember: false, count: 1) else {
            throw mismatch(value, type, path)
        }
        var meter = Meter(Limits())
        do { return try function.call([value], &meter) } catch {
            let message = name == "uint" ? "a uint is 0 or more" : error.message
            throw EvaluationError(.conversion, "\(path): \(message)")
        }
    }

    private func hostValue(
        _ value: Value, _ type: ValueType, at path: String
    ) throws(EvaluationError) -> Value {
        var meter = Meter(Limits())
        do throws(EvaluationError) {
            switch (type, value) {
            case (.named("Quantity"), .int):
                if let function = function("quantity", isMember: false, count: 1) {
                    return try function.call([value], &meter)
                }
            case (.named("Money"), .string(let text)):
                let parts = text.split(separator: " ").map { Value.string(String($0)) }
                guard parts.count == 2 else {
                    throw EvaluationError(
                        .conversion,
                        "“\(text.prefix(40))” is no amount with its currency, such as 12.50 USD")
                }
                if let function = function("money", isMember: false, count: 2) {
                    return try function.call(parts, &meter)
                }
            case (.named("Money"), .map(let map)):
                var values: [String: Value] = [:]
                for field in ["minorUnits", "currency", "amount"] {
                    values[field] = map[.string(field)]
                }
                if case .string(let amount)? = values["amount"] {
                    values["amount"] = DecimalValue(amount).map { .decimal($0) }
                }
                if let make = record("Money")?.make { return try make(values) }
            default: break
            }
        } catch { throw EvaluationError(.conversion, "\(path): \(error.message)") }
        throw mismatch(value, type, path)
    }

    private func mismatch(
        _ value: Value, _ type: ValueType, _ path: String
    ) -> EvaluationError {
        EvaluationError(
            .conversion, "\(path): \(type.textWithArticle) was expected, not \(value.plainTypeName)"
        )
    }

    /// The type that a wrong name was probably meant to be.
    public func typeName(nearestTo name: String) -> String? {
        let known = ValueType.simple.keys.filter { !$0.contains(".") } + records.keys
        return known.first { $0.lowercased() == name.lowercased() }
            ?? Suggestion.nearest(to: name, among: known)
    }

    /// A name in a type that stands for nothing; `nil` where all are known.
    public func unknownName(in type: ValueType) -> String? {
        switch type {
        case .named(let name): typeName(name) == nil ? name : nil
        case .list(let element): unknownName(in: element)
        case .map(let key, let value): unknownName(in: key) ?? unknownName(in: value)
        case .optional(let value): unknownName(in: value)
        case .type(let inner): inner.flatMap { unknownName(in: $0) }
        default: nil
        }
    }
}
