import Contracts
import FoundationEssentials
import Kernel
import Mustache
import Storage

/// Pages from templates; every value is escaped unless a template says otherwise, and none does.
struct ConsoleViews: Sendable {
    private let library: MustacheLibrary

    init() {
        var templates: [String: MustacheTemplate] = [:]
        for (name, text) in ConsoleTemplates.all {
            do { templates[name] = try MustacheTemplate(string: text) } catch {
                preconditionFailure("template \(name) does not parse: \(error)")
            }
        }
        library = MustacheLibrary(templates: templates)
    }

    func render(_ page: some Sendable, _ template: String) -> String {
        library.render(page, withTemplate: template) ?? ""
    }
}

/// A moment as people read it; an absent one is shown as unknown.
enum Shown {
    static func moment(_ value: JSONValue?) -> String {
        guard case .string(let text) = value else { return "unknown" }
        return text.prefix(19).replacing("T", with: " ") + " UTC"
    }

    static func text(_ value: JSONValue?) -> String {
        switch value {
        case .string(let text): text.isEmpty ? "unknown" : text
        case .integer(let number): String(number)
        case .number(let number): String(number)
        case .bool(let truth): truth ? "yes" : "no"
        default: "unknown"
        }
    }

    static func money(_ value: JSONValue?) -> String {
        guard case .integer(let units) = value?["minorUnits"],
            case .string(let code) = value?["currency"], let currency = Currency(code)
        else { return "unknown" }
        return Money(minorUnits: units, currency: currency).description
    }

    static func list(_ value: JSONValue?) -> [JSONValue] {
        guard case .array(let items) = value else { return [] }
        return items
    }
}
