package import Kernel
package import Storage

/// What asking the other side about an effect showed.
package enum EffectLook: Sendable {
    case happened
    case absent
    case refused(RecordedFault)
}

/// How an effect stands in the end.
package enum EffectOutcome: Sendable {
    case happened
    case refused(RecordedFault)
}

/// Makes outside effects happen once although calls may be lost, repeated or cut.
///
/// The intent and its outside key are durable before the call, the outcome after it. An answer
/// that never came is asked about before the call is repeated; what did happen is never repeated.
/// An attempt that was given up neither calls nor records any more.
package struct EffectLedger: Sendable {
    package init() {}

    /// - Parameters:
    ///   - look: asks the other side; only called when an earlier answer was lost.
    ///   - call: the effect itself. `unavailable` and unknown errors leave the outcome unknown;
    ///     `limited` and `unauthenticated` mean nothing happened; other faults are a refusal.
    ///   - settle: writes that commit with the outcome.
    /// - Throws: what `look` or `call` threw, where a later try may still succeed.
    package func perform(
        scope: String, key: String, in context: JobContext,
        look: @Sendable () async throws -> EffectLook, call: @Sendable () async throws -> Void,
        settle: @escaping @Sendable (EffectOutcome, Transaction) throws -> Void
    ) async throws -> EffectOutcome {
        if FailurePoint.isPlanted("confirmWithoutLedger"), scope.hasSuffix(":confirm") {
            try await call()
            return try await finish(nil, .happened, context, settle)
        }
        var effect = try await plan(scope, key, context)
        switch effect.state {
        case .happened: return .happened
        case .refused:
            return .refused(
                effect.fault ?? RecordedFault(kind: .refused, code: "jobs.refused", detail: ""))
        case .calling:
            effect = try await change(effect.id, context) { $0.looks += 1 }
            switch try await look() {
            case .happened:
                FailurePoint.reach("effect.hadHappened")
                return try await finish(effect.id, .happened, context, settle)
            case .refused(let fault):
                FailurePoint.reach("effect.wasRefused")
                return try await finish(effect.id, .refused(fault), context, settle)
            case .absent: FailurePoint.reach("effect.hadNotHappened")
            }
        case .planned: break
        }
        effect = try await change(effect.id, context) {
            $0.state = .calling
            $0.calls += 1
        }
        return try await send(effect, context, look, call, settle)
    }

    private func send(
        _ effect: Effect, _ context: JobContext,
        _ look: @Sendable () async throws -> EffectLook,
        _ call: @Sendable () async throws -> Void,
        _ settle: @escaping @Sendable (EffectOutcome, Transaction) throws -> Void
    ) async throws -> EffectOutcome {
        let id = effect.id
        FailurePoint.pass("effect.beforeCall")
        try context.confirm()
        do {
            try await call()
        } catch {
            let fault = RecordedFault(error)
            switch fault.kind {
            case .unavailable, .defect, .conflict: throw error
            case .limited, .unauthenticated, .forbidden:
                _ = try await change(id, context) { $0.state = .planned }
                throw error
            case .invalid, .notFound, .refused:
                // An earlier call may have arrived late, after it was looked for: what has happened
                // already is refused as well.
                if effect.calls > 1, case .happened = try await look() {
                    FailurePoint.reach("effect.happenedLate")
                    return try await finish(id, .happened, context, settle)
                }
                return try await finish(id, .refused(fault), context, settle)
            }
        }
        FailurePoint.pass("effect.afterCall")
        return try await finish(id, .happened, context, settle)
    }

    private func plan(_ scope: String, _ key: String, _ context: JobContext) async throws -> Effect
    {
        try await context.write { transaction in
            if let known = try transaction.find(Effect.byKey, scope, key) { return known }
            let effect = Effect(
                id: transaction.decision.newID(), scope: scope, key: key, state: .planned,
                calls: 0, looks: 0, fault: nil, plannedAt: transaction.decision.now,
                settledAt: nil)
            try transaction.insert(effect)
            return effect
        }
    }

    private func change(
        _ id: Identifier<EffectTag>, _ context: JobContext,
        _ change: @escaping @Sendable (inout Effect) -> Void
    ) async throws -> Effect {
        try await context.write { transaction in
            var effect = try transaction.require(Effect.self, id)
            change(&effect)
            try transaction.update(effect)
            return effect
        }
    }

    private func finish(
        _ id: Identifier<EffectTag>?, _ outcome: EffectOutcome, _ context: JobContext,
        _ settle: @escaping @Sendable (EffectOutcome, Transaction) throws -> Void
    ) async throws -> EffectOutcome {
        try await context.write { transaction in
            if let id {
                var effect = try transaction.require(Effect.self, id)
                effect.settledAt = transaction.decision.now
                switch outcome {
                case .happened: effect.state = .happened
                case .refused(let fault):
                    effect.state = .refused
                    effect.fault = fault
                }
                try transaction.update(effect)
            }
            try settle(outcome, transaction)
            return outcome
        }
    }
}
