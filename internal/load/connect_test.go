package load

import "testing"

// What a connection costs this process beside its system calls: the request, and the head of the answer.
func BenchmarkConnect(b *testing.B) {
	o := Options{URL: "http://127.0.0.1:8080/.well-known/mercure", SubscribeQuery: "topic={topic}"}.WithDefaults()
	r := &run{options: o, plan: newPlan(&o)}
	head := []byte("HTTP/1.1 200 OK\r\nCache-Control: no-store\r\nConnection: close\r\nContent-Type: text/event-stream\r\n" +
		"X-Accel-Buffering: no\r\nDate: Sun, 22 Nov 2026 12:00:00 GMT\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n:\n\r\n")
	b.ReportAllocs()
	fields := r.streamFields()
	var request []byte
	var known knownHead
	for b.Loop() {
		var err error
		if request, err = r.streamRequest(request[:0], 7, &fields); err != nil {
			b.Fatal(err)
		}
		var answer response
		if _, _, err := answer.body(head, &known); err != nil {
			b.Fatal(err)
		}
	}
}
