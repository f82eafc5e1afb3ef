import Kernel

extension Transaction {
    /// Runs a projection's handler: it may write what the projection computes, and nothing else.
    /// - Parameter isAside: whether it fills the side that is not shown.
    package func project(
        _ name: String, isAside: Bool, _ body: () throws -> Void
    ) throws {
        projecting = (name, isAside)
        defer { projecting = nil }
        try body()
    }

    /// Empties the side of a projection that is not shown.
    package func clearAside(_ shown: ProjectionRow, _ shapes: [CollectionShape]) throws {
        forgetsCache = true
        for shape in shapes {
            try perform { try $0.clear(shape.side(shown.side.other)) }
        }
    }

    /// A projection that wrote more than its own could not be computed again.
    func checkOwner<R: Record>(of type: R.Type) throws {
        guard R.projection != projecting?.name else { return }
        let isComputed = R.projection != nil && projecting == nil
        throw refusal(
            isComputed
                ? "\(R.collection) is computed by \(R.projection ?? ""), and written by nobody else"
                : "\(projecting?.name ?? "") writes \(R.collection), which is not its own")
    }

    func checkIsNoProjection(_ what: String) throws {
        guard let projecting else { return }
        throw refusal("\(projecting.name) is a projection and \(what)")
    }

    private func refusal(_ words: String) -> StorageError {
        let fault = StorageError(.notItsOwn, words)
        doom = doom ?? fault
        return fault
    }
}
