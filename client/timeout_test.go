package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/ssetest"
)

const hello = `event: tidings.hello
id: #e.7
data: {"subscriber":"s","epoch":"e","position":"#e.7","verdict":"fresh","heartbeat":15000,"limits":{"matchers":100,"matcherBytes":4096}}

`

// A stream is dead when nothing comes, not even a comment.
func TestIdleTimeout(t *testing.T) {
	comment := func(after time.Duration) part { return part{pause: after, text: ":\n"} }
	for _, tt := range []struct {
		name  string
		o     client.Options
		parts []part
		dead  time.Duration // when the stream is given up; 0 for never
		after time.Duration // how long it was silent then
	}{
		{"silent", client.Options{IdleTimeout: 5 * time.Second}, nil, 5 * time.Second, 5 * time.Second},
		{"heartbeats", client.Options{IdleTimeout: 5 * time.Second}, []part{comment(4 * time.Second), comment(4 * time.Second)}, 13 * time.Second, 5 * time.Second},
		{"half a line", client.Options{IdleTimeout: 5 * time.Second}, []part{{pause: 4 * time.Second, text: "da"}}, 9 * time.Second, 5 * time.Second},
		{"none", client.Options{}, []part{comment(time.Hour)}, 0, 0},
		{"the hub's heartbeat", client.Options{Signals: true}, []part{{text: hello}}, 45 * time.Second, 45 * time.Second},
		{"beats the hub's heartbeat", client.Options{Signals: true, IdleTimeout: time.Minute}, []part{{text: hello}}, time.Minute, time.Minute},
		{"a heartbeat that was not asked for", client.Options{}, []part{{text: hello}}, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				if tt.dead == 0 {
					tt.parts = append(tt.parts, part{pause: 24 * time.Hour, err: cut.err})
				}
				begun := time.Now()
				s := waitsOf(t, &transport{answers: repeat(1, stream(tt.parts...))}, tt.o, 1)[0]
				timeout, ok := errors.AsType[*client.TimeoutError](s.Err)
				switch {
				case tt.dead == 0:
					if ok || time.Since(begun) < 24*time.Hour {
						t.Errorf("given up after %v: %v", time.Since(begun), s.Err)
					}
				case !ok || *timeout != client.TimeoutError{What: "byte", After: tt.after} || !timeout.Timeout():
					t.Errorf("failed with %v", s.Err)
				case time.Since(begun) != tt.dead:
					t.Errorf("given up after %v, want %v", time.Since(begun), tt.dead)
				}
			})
		})
	}
}

// A program that takes its time over an event is no silent server.
func TestSlowLoopIsNotIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answers: repeat(1, stream(part{text: "data: 1\n\n"}, part{text: "data: 2\n\n"}, end))}
		var seen states
		source := newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client(), IdleTimeout: time.Second, OnState: seen.add})
		n := 0
		for _, err := range source.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			n++
			time.Sleep(time.Hour)
		}
		if waits := seen.waits(); n != 2 || len(waits) != 1 || waits[0].Err != client.ErrEnded {
			t.Errorf("%d events, waited %+v", n, waits)
		}
	})
}

// lateBody delivers an event at the moment when the connection is given up.
type lateBody struct {
	io.Closer
	ctx context.Context
}

func (b lateBody) Read(p []byte) (int, error) {
	<-b.ctx.Done()
	return copy(p, "data: x\n\n"), nil
}

// A loop that is left over an event that came with the timeout has been left for good.
func TestLeavingAtTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answers: repeat(2, func(r *http.Request) (*http.Response, error) {
			resp, _ := answer(http.StatusOK, "Content-Type", "text/event-stream")(r)
			resp.Body = lateBody{resp.Body, r.Context()}
			return resp, nil
		})}
		events := 0
		for _, err := range newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client(), IdleTimeout: time.Second}).Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			events++
			break
		}
		if events != 1 || len(tr.requests) != 1 {
			t.Errorf("%d events of %d requests, want 1 of 1", events, len(tr.requests))
		}
	})
}

func TestConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		tr := &transport{answers: repeat(1, func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, r.Context().Err()
		})}
		s := waitsOf(t, tr, client.Options{}, 1)[0]
		timeout, ok := errors.AsType[*client.TimeoutError](s.Err)
		if !ok || *timeout != (client.TimeoutError{What: "answer", After: 30 * time.Second}) || time.Since(begun) != 30*time.Second {
			t.Errorf("after %v: %v", time.Since(begun), s.Err)
		}
	})
}

// The same over sockets: what is slow is left, and the next connection goes on.
func TestTimeoutsOnSockets(t *testing.T) {
	for name, script := range map[string]ssetest.Script{
		"no head":     {ssetest.Stall()},
		"half a head": {ssetest.Raw("HTTP/1.1 200 OK\r\nContent-Ty"), ssetest.Stall()},
		"no bytes":    {ssetest.Send("id: 1\nda"), ssetest.Stall()},
	} {
		t.Run(name, func(t *testing.T) {
			server := ssetest.NewServer(t, script, ssetest.Script{ssetest.Send("data: x\n\n")})
			var seen states
			events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{
				ConnectTimeout: 200 * time.Millisecond, IdleTimeout: 200 * time.Millisecond, OnState: seen.add,
			})))
			if err != nil || data(events) != "x" || events[0].ID != "" {
				t.Errorf("received %+v, %v", events, err)
			}
			if _, ok := errors.AsType[*client.TimeoutError](seen.waits()[0].Err); !ok {
				t.Errorf("waited for %v", seen.waits()[0].Err)
			}
		})
	}
}
