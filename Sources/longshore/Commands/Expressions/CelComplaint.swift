/// Something is wrong with what a file or the command line says. How to use the command is no cure for it, so
/// that it is not said.
struct CelComplaint: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
