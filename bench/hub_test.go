package bench_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// running is a hub on a log on disk behind the binary's own server of HTTP/1.1.
type running struct {
	b     *testing.B
	log   *disk.Log
	hub   *hub.Hub
	addr  string
	close func()
}

// app is what the server serves.
type app struct {
	handler http.Handler
	hub     *hub.Hub
}

func (a app) Handler() http.Handler { return a.handler }

func (a app) Shutdown(context.Context) error { return a.hub.Close() }

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
	ctx, stop := context.WithCancel(context.Background())
	s, err := server.Listen(ctx, server.Options{Addr: "127.0.0.1:0"})
	if err != nil {
		b.Fatal(err)
	}
	r.addr = s.Addr().String()
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx, app{handler, r.hub}) }()
	r.close = func() {
		stop()
		if err := errors.Join(<-served, r.log.Close()); err != nil {
			b.Error(err)
		}
	}
	return r
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
