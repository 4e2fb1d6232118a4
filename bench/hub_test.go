package bench_test

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/descriptors"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// running is a hub on a log on disk behind a server of HTTP/1.1.
type running struct {
	b    *testing.B
	log  *disk.Log
	hub  *hub.Hub
	http *http.Server
	addr string
}

// openLog opens a log that keeps everything, written through before it answers.
func openLog(b *testing.B, dir string) *disk.Log {
	b.Helper()
	log, err := disk.Open(dir, disk.Options{Retention: eventlog.Retention{MaxBytes: 1 << 40}})
	if err != nil {
		b.Fatal(err)
	}
	return log
}

// serve runs a hub on the log in dir until close is called.
func serve(b *testing.B, dir string, o fanout.Options) *running {
	b.Helper()
	r := &running{b: b, log: openLog(b, dir)}
	var err error
	if r.hub, err = hub.New(hub.Options{Log: r.log, Fanout: o}); err != nil {
		b.Fatal(err)
	}
	handler, err := protocol.Handler(r.hub, protocol.Options{TakeOver: true, Authorizer: protocol.AllowAll()})
	if err != nil {
		b.Fatal(err)
	}
	if err := descriptors.Reserve(4096); err != nil { // as internal/server does
		b.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	r.addr = listener.Addr().String()
	r.http = &http.Server{Handler: handler, ReadHeaderTimeout: 10 * time.Second}
	go r.http.Serve(listener)
	return r
}

func (r *running) close() {
	r.hub.Close()
	r.http.Close()
	if err := r.log.Close(); err != nil {
		r.b.Error(err)
	}
}

// publish publishes updates without HTTP, a thousand at once.
func (r *running) publish(updates []eventlog.Update) {
	r.b.Helper()
	for len(updates) > 0 {
		n := min(1000, len(updates))
		batch := make([]hub.Submission, n)
		for i, u := range updates[:n] {
			batch[i].Update = u
		}
		for _, o := range r.hub.PublishAll(context.Background(), batch, topic.All()) {
			if o.Err != nil {
				r.b.Fatal(o.Err)
			}
		}
		updates = updates[n:]
	}
}
