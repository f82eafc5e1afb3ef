import Connectors
import Contracts
package import Jobs
package import Kernel
import Storage

/// Acknowledges, confirms or cancels on Walmart, once.
package struct SettleObligation: Job {
    package static let kind: JobKind = "walmart.settleObligation"
    package static let givesUp = false
    package let task: Identifier<WalmartTaskTag>
}

struct SettleObligationWorker: JobWorker {
    let walmart: WalmartAccess
    let ledger: EffectLedger

    func work(_ job: SettleObligation, in context: JobContext) async throws -> JobOutcome {
        let found = try await context.store.read(context.call.tenant) {
            try $0.get(WalmartTask.self, job.task)
        }
        guard var task = found else { return .discard(reason: "the task is gone") }
        if try await isTooEarly(task, context) {
            context.allowance.giveBack()
            return .snooze(.milliseconds(500))
        }
        let api = try await walmart.api(for: task.connection, in: context)
        if task.kind == .cancel, task.cancelTarget == nil {
            task = try await aim(task, api, context)
        }
        let owed = task
        _ = try await ledger.perform(
            scope: Self.scope(task.connection, task.kind), key: task.subject, in: context,
            look: { try await look(owed, api) }, call: { try await call(owed, api) },
            settle: { outcome, transaction in
                try Self.answer(owed, outcome, transaction)
            })
        return .completed
    }

    /// The order shows that nobody tries any more.
    func gaveUp(
        _ job: SettleObligation, because fault: RecordedFault, in transaction: Transaction
    ) throws {
        guard var task = try transaction.get(WalmartTask.self, job.task) else { return }
        task.givenUpAt = transaction.decision.now
        try transaction.update(task)
        try transaction.emit(
            ObligationAnswered(
                order: task.order, kind: task.kind, subject: task.subject, answer: .unknown,
                fault: fault),
            to: "walmart/\(task.connection)/\(task.reference)")
    }

    /// Walmart's states go from acknowledged to shipped: a confirmation waits for the
    /// acknowledgement, but not for ever, since goods that left must be told of.
    private func isTooEarly(_ task: WalmartTask, _ context: JobContext) async throws -> Bool {
        guard task.kind == .confirm, let shippedAt = task.shippedAt,
            context.timekeeper.now < shippedAt + Self.patience
        else { return false }
        return try await context.store.read(context.call.tenant) { reader in
            let effect = try reader.find(
                Effect.byKey, Self.scope(task.connection, .acknowledge), task.order.rawValue)
            let acknowledging = try reader.find(
                WalmartTask.bySubject, ObligationKind.acknowledge.rawValue, task.order.rawValue)
            // An acknowledgement nobody tries any more is not waited for.
            return effect?.settledAt == nil && acknowledging?.givenUpAt == nil
        }
    }

    private static let patience = Duration.seconds(600)

    private static func scope(_ connection: ConnectionID, _ kind: ObligationKind) -> String {
        "\(connection):\(kind.rawValue)"
    }

    /// Writes down, before the first call, what Walmart will show once the cancellation happened:
    /// others may have cancelled units of the same line before.
    private func aim(
        _ task: WalmartTask, _ api: WalmartAPI, _ context: JobContext
    ) async throws -> WalmartTask {
        let order = try WalmartOrder(json: try await api.order(task.reference))
        let lines = order.orderLines?.orderLine?.elements ?? []
        let target = try task.lines.map { wanted in
            let line = lines.first { $0.lineNumber?.value == wanted.line.rawValue }
            let before = Int(exactly: line?.units("Cancelled") ?? 0).flatMap { try? Quantity($0) }
            guard let before else {
                throw ChannelError(.answerMalformed, "the cancelled quantity is not readable")
            }
            return LineQuantity(line: wanted.line, quantity: before + wanted.quantity)
        }
        return try await context.store.writeUnrepeated(context.call) { transaction in
            var aimed = try transaction.require(WalmartTask.self, task.id)
            aimed.cancelTarget = target
            try transaction.update(aimed)
            return aimed
        }
    }

    private func call(_ task: WalmartTask, _ api: WalmartAPI) async throws {
        switch task.kind {
        case .acknowledge: try await api.acknowledge(task.reference)
        case .confirm:
            let body = try WalmartRequests.shipping(
                task.lines, carrier: task.carrier ?? "", trackingNumber: task.trackingNumber ?? "",
                shippedAt: task.shippedAt ?? Instant(microseconds: 0))
            try await api.ship(task.reference, body)
        case .cancel:
            let body = try WalmartRequests.cancellation(
                task.lines, cause: task.cause ?? .operatorDecision)
            try await api.cancel(task.reference, body)
        }
    }

    /// Reads the order to see whether a call whose answer was lost had its effect.
    private func look(_ task: WalmartTask, _ api: WalmartAPI) async throws -> EffectLook {
        let order = try WalmartOrder(json: try await api.order(task.reference))
        let lines = order.orderLines?.orderLine?.elements ?? []
        guard !lines.isEmpty else {
            throw ChannelError(.answerMalformed, "the order came back without lines")
        }
        switch task.kind {
        case .acknowledge:
            let isUntouched = lines.contains { $0.units("Created") > 0 }
            return isUntouched ? .absent : .happened
        case .confirm:
            let found = lines.contains { line in
                (line.orderLineStatuses?.orderLineStatus?.elements ?? []).contains {
                    $0.trackingInfo?.trackingNumber?.value == task.trackingNumber
                }
            }
            return found ? .happened : .absent
        case .cancel:
            let isDone = (task.cancelTarget ?? []).allSatisfy { wanted in
                let line = lines.first { $0.lineNumber?.value == wanted.line.rawValue }
                return (line?.units("Cancelled") ?? 0) >= Int64(wanted.quantity.units)
            }
            return isDone ? .happened : .absent
        }
    }

    private static func answer(
        _ task: WalmartTask, _ outcome: EffectOutcome, _ transaction: Transaction
    ) throws {
        var fault: RecordedFault?
        if case .refused(let refusal) = outcome { fault = refusal }
        try transaction.emit(
            ObligationAnswered(
                order: task.order, kind: task.kind, subject: task.subject,
                answer: fault == nil ? .acknowledged : .refused, fault: fault),
            to: "walmart/\(task.connection)/\(task.reference)")
        // A refusal often means that the order changed there: read it again.
        guard fault != nil else { return }
        try transaction.enqueue(
            FetchOrder(connection: task.connection, reference: task.reference),
            FetchOrder.options(task.connection, task.reference))
    }
}
