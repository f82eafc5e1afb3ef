package import Storage

extension Store {
    /// So many partitions are looked at in one reading: others read in between.
    private static let partitionsPerReading = 1000

    /// The first due job of each partition: an index look-up each, however long the queue is.
    /// - Parameter most: partitions looked at, in the order of their names; all unless said otherwise.
    package func oldestReadyJobs(most: Int = .max) async throws -> [JobHeader] {
        let names = try await survey { try $0.readyPartitions() }.prefix(most)
        var heads: [JobHeader] = []
        for start in stride(
            from: names.startIndex, to: names.endIndex, by: Self.partitionsPerReading)
        {
            let some = names[start..<min(start + Self.partitionsPerReading, names.endIndex)]
            heads += try await survey { session in
                try some.compactMap {
                    try session.readyJobs(partition: $0, after: .min, limit: 1).first
                }
            }
        }
        return heads
    }
}
