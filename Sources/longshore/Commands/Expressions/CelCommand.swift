import ArgumentParser

struct CelCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cel",
        abstract: "Tries out expressions in CEL, the language of mappings, rules and filters.",
        discussion: """
            docs/expressions.md is the language in two pages, with every function and an example.

              longshore cel eval '1 + 2'
              longshore cel eval 'order.lines.exists(l, l.quantity > 5)' --vars order.json
              longshore cel check 'order.adress.country' --env order.env.json
              longshore cel repl --vars order.json
            """,
        subcommands: [
            CelEvalCommand.self, CelCheckCommand.self, CelReplCommand.self,
            CelConformanceCommand.self,
        ])
}
