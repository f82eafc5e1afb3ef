/// A word of the language.
struct Token: Sendable {
    enum Kind: Sendable, Hashable {
        case identifier(String)
        /// In backticks: only a field.
        case quoted(String)
        case literal(Literal)
        /// A sign or a reserved word that is one (`in`).
        case sign(String)
        /// Digits that fit only with a minus before them.
        case leastInt
        case end
    }

    let kind: Kind
    let range: SourceRange
}
