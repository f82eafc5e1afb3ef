/// Patterns that are written out, made once for a check and a compilation, within a budget: an expression may
/// hold thousands, and each may be large.
final class PatternShelf {
    enum Found {
        case made(Pattern)
        case wrong(EvaluationError)
        /// Left to be made when it runs, where it is paid for.
        case tooMany
    }

    /// Parts of all patterns together; one that cannot be made counts as ``Pattern/stepsOfWrong`` would.
    private static let budget = 8000

    private var left = budget
    private var known: [String: Found] = [:]

    func pattern(_ text: String) -> Found {
        if let found = known[text] { return found }
        guard left > 0 else { return .tooMany }
        let found: Found
        do {
            let pattern = try Pattern(text)
            left -= pattern.size + 50
            found = .made(pattern)
        } catch {
            left -= Pattern.stepsOfWrong / Pattern.stepsPerPart
            found = .wrong(error)
        }
        known[text] = found
        return found
    }
}
