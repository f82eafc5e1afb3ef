/// A state machine declared as a table: the one source for guards, for the actions an API offers,
/// for pictures and for property tests.
public struct StateMachine<State: Hashable & Sendable, Command: Hashable & Sendable>: Sendable {
    public struct Transition: Hashable, Sendable {
        public let from: State
        public let command: Command
        public let to: State

        public init(_ from: State, _ command: Command, _ to: State) {
            self.from = from
            self.command = command
            self.to = to
        }
    }

    public let initial: State
    public let terminal: Set<State>
    public let transitions: [Transition]

    public init(initial: State, terminal: Set<State>, _ transitions: [Transition]) {
        self.initial = initial
        self.terminal = terminal
        self.transitions = transitions
    }

    /// The states a command may lead to; empty where it is not allowed.
    public func targets(of command: Command, in state: State) -> Set<State> {
        Set(transitions.lazy.filter { $0.from == state && $0.command == command }.map(\.to))
    }

    public func allows(_ command: Command, in state: State) -> Bool {
        transitions.contains { $0.from == state && $0.command == command }
    }

    public func commands(in state: State) -> Set<Command> {
        Set(transitions.lazy.filter { $0.from == state }.map(\.command))
    }

    /// States from which no terminal one can be reached: always empty in a sound table.
    public var deadEnds: Set<State> {
        var reaching = terminal
        var grew = true
        while grew {
            let more = transitions.filter { reaching.contains($0.to) }.map(\.from)
            let before = reaching.count
            reaching.formUnion(more)
            grew = reaching.count > before
        }
        return Set(transitions.flatMap { [$0.from, $0.to] } + [initial]).subtracting(reaching)
    }
}
