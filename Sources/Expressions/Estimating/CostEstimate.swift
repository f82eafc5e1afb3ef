/// How many steps an expression may need, before it runs: an estimate, not a bound. What holds is
/// ``Limits/cost``.
public enum CostEstimate {
    /// What a list, map or text of unknown size is taken to hold at most.
    public static let unknownSize = 100

    /// - Parameter environment: whose types and ``Environment/sizes`` say what there is.
    /// - Returns: of ``Limits/cost``, from the least to the most, where nothing fails and no value is still
    ///   text of JSON; it stops at `Int.max / 2`.
    public static func of(_ tree: Syntax, in environment: Environment) -> ClosedRange<Int> {
        of(tree, Surroundings(environment))
    }

    static func of(_ tree: Syntax, _ surroundings: Surroundings) -> ClosedRange<Int> {
        var estimator = Estimator(surroundings)
        return estimator.cost(of: tree).range
    }
}
