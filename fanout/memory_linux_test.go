package fanout_test

import (
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// BenchmarkIdleSubscriber measures what an idle subscriber with a socket of its own takes of the heap: everything of
// ours, the index included, and nothing of the kernel's.
func BenchmarkIdleSubscriber(b *testing.B) {
	const n = 5000
	for b.Loop() {
		memory, err := eventlog.NewMemory(eventlog.Retention{})
		if err != nil {
			b.Fatal(err)
		}
		f, err := fanout.New(memory, 0, fanout.Options{})
		if err != nil {
			b.Fatal(err)
		}
		filter := subscriptionOf("a").Filter
		peers := make([]int, n)
		before := heap()
		for i := range peers {
			var sink fanout.Sink
			sink, peers[i] = socketPair(b)
			o := fanout.Subscription{ID: fanout.NewSubscriberID(), Filter: filter, First: []*fanout.Frame{fanout.NewComment()}}
			if _, err := f.Attach(o, sink); err != nil {
				b.Fatal(err)
			}
		}
		if _, err := f.State(b.Context()); err != nil { // every shard has taken its own
			b.Fatal(err)
		}
		b.ReportMetric(float64(heap()-before)/n, "B/subscriber")
		for _, p := range peers {
			unix.Close(p)
		}
		if err := f.Shutdown(b.Context()); err != nil {
			b.Fatal(err)
		}
		memory.Close()
	}
}

// heap returns how much of the heap is in use.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // what finalizers let go of
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// socketPair returns a sink, and the descriptor of its peer.
func socketPair(b *testing.B) (fanout.Sink, int) {
	b.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		b.Fatal(err)
	}
	file := os.NewFile(uintptr(pair[0]), "peer")
	conn, err := net.FileConn(file)
	if err != nil {
		b.Fatal(err)
	}
	file.Close()
	sink, err := fanout.NewSocketSink(conn, fanout.FormChunk, fanout.SocketOptions{Stall: time.Minute})
	if err != nil {
		b.Fatal(err)
	}
	return sink, pair[1]
}
