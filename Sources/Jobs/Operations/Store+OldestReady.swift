package import Storage

extension Store {
    /// The first due job of each partition: an index look-up each, however long the queue is.
    /// - Parameter most: partitions looked at; what lies beyond is left out.
    package func oldestReadyJobs(most: Int) async throws -> [JobHeader] {
        try await bookkeeping { session in
            try session.readyPartitions().prefix(most).compactMap { name in
                try session.readyJobs(partition: name, after: .min, limit: 1).first
            }
        }
    }
}
