import FoundationEssentials
package import Kernel

/// Where a page ended: opaque text for callers, the last row's ordering values inside.
package struct PageCursor: Sendable, LosslessStringConvertible {
    private struct Content: Codable {
        let index: String
        let values: [IndexValue]
    }

    private let content: Content

    init(index: String, values: [IndexValue]) {
        content = Content(index: index, values: values)
    }

    /// Goes on behind a record among those whose columns of `index` are all given.
    package init<R: Record>(after id: Identifier<R.Tag>, among index: Index<R>) {
        content = Content(index: index.name, values: [.text(id.rawValue)])
    }

    /// Goes on behind a record whose remaining columns of `index` have these values.
    package init<R: Record>(
        after id: Identifier<R.Tag>, at values: [any Indexable], among index: Index<R>
    ) {
        content = Content(
            index: index.name, values: values.map(\.indexValue) + [.text(id.rawValue)])
    }

    package init?(_ text: String) {
        var padded = text
        padded.replace("-", with: "+")
        padded.replace("_", with: "/")
        while padded.utf8.count % 4 != 0 { padded.append("=") }
        guard text.utf8.count <= 2000, let data = Data(base64Encoded: padded),
            let content = try? JSONDecoder().decode(Content.self, from: data)
        else { return nil }
        self.content = content
    }

    package var description: String {
        guard let data = try? JSONEncoder().encode(content) else {
            preconditionFailure("index values are plain JSON")
        }
        var text = data.base64EncodedString()
        text.replace("+", with: "-")
        text.replace("/", with: "_")
        text.replace("=", with: "")
        return text
    }

    /// - Throws: `StorageError.cursorMalformed` for a cursor of another list.
    func values(for index: CollectionShape.Index, equals: Int) throws -> [IndexValue] {
        guard content.index == index.name,
            content.values.count == index.columns.count - equals + 1
        else {
            throw StorageError(.cursorMalformed, "this cursor is of another list", field: "cursor")
        }
        return content.values
    }
}
