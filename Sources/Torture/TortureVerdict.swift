import Foundation

/// What one fault did, told from the record outside the disk that failed.
package struct TortureVerdict: Sendable, Codable {
    package let fault: String
    package let rounds: Int
    package let tried: Int
    package let acknowledged: Int
    package let present: Int
    /// Acknowledged and gone.
    package let lost: Int
    /// Effects that happened more than once.
    package let duplicated: Int
    /// In the store, with work that was never done.
    package let undone: Int
    /// Jobs set aside because the process died twice while they ran alone, and then done by hand.
    package let quarantined: Int
    /// In the store, and nobody tried to put it there.
    package let unexpected: Int
    /// Why it could not be run here; `nil` where it was.
    package let notRun: String?

    package var isSound: Bool { lost == 0 && duplicated == 0 && undone == 0 && unexpected == 0 }

    init(_ fault: String, notRun reason: String) {
        self.fault = fault
        (rounds, tried, acknowledged, present) = (0, 0, 0, 0)
        (lost, duplicated, undone, unexpected, quarantined) = (0, 0, 0, 0, 0)
        notRun = reason
    }

    /// - Throws: where the record does not end: then nothing can be said.
    init(_ fault: String, rounds: Int, notebook path: String) throws {
        var tried: Set<Int64> = []
        var acknowledged: Set<Int64> = []
        var present: Set<Int64> = []
        var effects: [Int64: Int] = [:]
        var quarantined = 0
        var isWhole = false
        let text = try String(contentsOfFile: path, encoding: .utf8)
        for line in text.split(separator: "\n") {
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
        guard isWhole else { throw TortureError("the store could not be listed after “\(fault)”") }
        self.fault = fault
        self.rounds = rounds
        self.tried = tried.count
        self.quarantined = quarantined
        self.acknowledged = acknowledged.count
        self.present = present.count
        lost = acknowledged.subtracting(present).count
        duplicated = effects.values.filter { $0 > 1 }.count
        undone = present.subtracting(effects.keys).count
        unexpected = present.subtracting(tried).count
        notRun = nil
    }
}

package struct TortureError: Error, CustomStringConvertible {
    package let description: String
    init(_ description: String) { self.description = description }
}
