import Kernel
import Testing

@Suite struct TraceContextTests {
    private let id = "4bf92f3577b34da6a3ce929d0e0e4736"

    @Test func `a caller's trace is taken up and passed on`() {
        let trace = TraceContext(traceparent: "00-\(id)-00f067aa0ba902b7-01")

        #expect(trace?.traceID == id)
        #expect(trace?.traceparent(span: 255) == "00-\(id)-00000000000000ff-01")
        // A later version may say more behind; what we know of it holds.
        #expect(TraceContext(traceparent: "01-\(id)-00f067aa0ba902b7-01-x")?.traceID == id)
    }

    @Test(arguments: [
        "", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01", "00-é-é-é",
    ])
    func `a header that is none is ignored`(_ header: String) {
        #expect(TraceContext(traceparent: header) == nil)
    }
}
