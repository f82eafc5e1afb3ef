/// The most urgent waiting jobs of one partition, in order; a bounded part of what the queue holds.
struct ReadyWindow: Sendable {
    private var jobs: [ReadyJob] = []
    /// Index of the first not taken yet; the front is dropped now and then.
    private var head = 0

    var count: Int { jobs.count - head }
    var first: ReadyJob? { head < jobs.count ? jobs[head] : nil }

    /// Puts a job in its place. - Returns: the job that finds no room any more, the last in order.
    mutating func insert(_ job: ReadyJob, limit: Int) -> ReadyJob? {
        var low = head
        var high = jobs.count
        while low < high {
            let middle = (low + high) / 2
            if jobs[middle] < job { low = middle + 1 } else { high = middle }
        }
        jobs.insert(job, at: low)
        return count > limit ? jobs.popLast() : nil
    }

    mutating func popFirst() -> ReadyJob? {
        guard head < jobs.count else { return nil }
        defer { compact() }
        head += 1
        return jobs[head - 1]
    }

    private mutating func compact() {
        guard head > 512 || head == jobs.count else { return }
        jobs.removeFirst(head)
        head = 0
    }
}
