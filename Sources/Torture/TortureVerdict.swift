import Foundation

/// What one fault did, told from the record outside the disk that failed.
package struct TortureVerdict: Sendable, Codable {
    package let fault: String
    package let rounds: Int
    /// Rounds in which the fault came about: what did not strike proves nothing.
    package private(set) var struck = 0
    package private(set) var tried = 0
    package private(set) var acknowledged = 0
    package private(set) var present = 0
    /// Acknowledged and gone.
    package private(set) var lost = 0
    /// Effects that happened more than once.
    package private(set) var duplicated = 0
    /// In the store, with work that was never done.
    package private(set) var undone = 0
    /// Jobs set aside because the process died twice while they ran alone, and then done by hand.
    package private(set) var quarantined = 0
    /// In the store, and nobody tried to put it there.
    package private(set) var unexpected = 0
    /// What the database's own checks of itself found after a round; empty where it is whole.
    package private(set) var damage: [String] = []
    /// Why it could not be run here; `nil` where it was.
    package private(set) var notRun: String?
    /// Why it did not come to its end; `nil` where it did.
    package private(set) var failed: String?

    package var isSound: Bool {
        lost + duplicated + undone + unexpected == 0 && damage.isEmpty && failed == nil
    }

    /// Whether it can tell anything: it struck, and there was something to lose.
    package var isTelling: Bool { struck > 0 && acknowledged > 0 }

    init(_ fault: Torture.Fault, notRun reason: String) {
        (self.fault, rounds, notRun) = (fault.rawValue, 0, reason)
    }

    init(_ fault: Torture.Fault, rounds: Int, failed reason: String) {
        (self.fault, self.rounds, failed) = (fault.rawValue, rounds, reason)
    }

    /// - Throws: where the record does not end: then nothing can be said.
    init(_ fault: Torture.Fault, rounds: [TortureRound], notebook path: String) throws {
        self.fault = fault.rawValue
        self.rounds = rounds.count
        struck = rounds.count { $0.hasStruck }
        damage = rounds.flatMap(\.damage)
        var tried: Set<Int64> = []
        var acknowledged: Set<Int64> = []
        var present: Set<Int64> = []
        var effects: [Int64: Int] = [:]
        var isWhole = false
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            if line == "end" { isWhole = true }
            let parts = line.split(separator: " ")
            guard parts.count == 2, let number = Int64(parts[1]) else { continue }
            switch parts[0] {
            case "t": tried.insert(number)
            case "a": acknowledged.insert(number)
            case "p": present.insert(number)
            case "q": quarantined += 1
            case "e": effects[number, default: 0] += 1
            default: break
            }
        }
        guard isWhole else {
            throw TortureError("the store could not be listed after “\(fault.rawValue)”")
        }
        self.tried = tried.count
        self.acknowledged = acknowledged.count
        self.present = present.count
        lost = acknowledged.subtracting(present).count
        duplicated = effects.values.count { $0 > 1 }
        undone = present.subtracting(effects.keys).count
        unexpected = present.subtracting(tried).count
    }
}

/// What one round of a fault did.
struct TortureRound: Sendable {
    let hasStruck: Bool
    let damage: [String]
}

package struct TortureError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
