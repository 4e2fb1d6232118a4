package client_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/internal/leaktest"
	"github.com/tidings-hub/tidings/ssetest"
)

// The context's end is the loop's, wherever that is, and nothing of it is left.
func TestCancel(t *testing.T) {
	dialling := make(chan struct{}, 1)
	stuck := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		dialling <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	const event = "data: x\n\n"
	for _, tt := range []struct {
		name   string
		o      client.Options
		script ssetest.Script
		there  func(client.State) bool // when to cancel, beside an event's arrival
	}{
		{"dialling", client.Options{}, nil, nil},
		{"before the head", client.Options{}, ssetest.Script{ssetest.Stall()}, nil},
		{"reading", client.Options{}, ssetest.Script{ssetest.Send(":\n"), ssetest.Stall()}, func(s client.State) bool { return s.Phase == client.Open }},
		{"waiting", client.Options{MinRetry: time.Hour}, ssetest.Script{ssetest.Answer(503)}, func(s client.State) bool { return s.Phase == client.Waiting }},
		{"in the loop", client.Options{}, ssetest.Script{ssetest.Send(event + event), ssetest.Stall()}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server := ssetest.NewServer(t, tt.script)
			before := runtime.NumGoroutine()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			state := make(chan struct{}, 1)
			tt.o.OnState = func(s client.State) {
				if tt.there != nil && tt.there(s) {
					state <- struct{}{}
				}
			}
			if standard := http.DefaultTransport; tt.name == "dialling" {
				http.DefaultTransport = stuck // of which the source's own is made
				defer func() { http.DefaultTransport = standard }()
			}
			source := newSource(t, server.URL, tt.o)
			events := 0
			ended := make(chan error, 1)
			go func() {
				for _, err := range source.Events(ctx) {
					if err != nil {
						ended <- err
						return
					}
					events++
					cancel()
				}
				ended <- nil
			}()
			switch tt.name {
			case "dialling":
				<-dialling
				cancel()
			case "before the head":
				server.Wait(1)
				cancel()
			case "reading", "waiting":
				<-state
				cancel()
			}
			select {
			case err := <-ended:
				if err != context.Canceled {
					t.Errorf("ended with %v", err)
				}
			case <-time.After(patience):
				t.Fatal("the loop does not end")
			}
			if want := map[bool]int{true: 1}[tt.name == "in the loop"]; events != want {
				t.Errorf("%d events, want %d: none comes after the context's end", events, want)
			}
			if err := leaktest.Wait(before); err != nil {
				t.Error(err)
			}
		})
	}
}

// To leave the loop is enough.
func TestLeavingCleansUp(t *testing.T) {
	server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("data: x\n\n"), ssetest.Stall()})
	before := runtime.NumGoroutine()
	for _, err := range newSource(t, server.URL, client.Options{}).Events(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		break
	}
	if err := leaktest.Wait(before); err != nil {
		t.Error(err)
	}
}

// The source's own connections end with the loop. Over HTTP/2 they would outlast the stream that was cancelled.
func TestOwnConnectionsEndWithTheLoop(t *testing.T) {
	matrix(t, func(t *testing.T, m mode) {
		for _, where := range []string{"before the head", "reading", "leaving"} {
			t.Run(where, func(t *testing.T) {
				there := make(chan struct{})
				url, _ := listen(t, m, func(w http.ResponseWriter, r *http.Request) {
					if where != "before the head" {
						w.Header().Set("Content-Type", "text/event-stream")
						_, _ = io.WriteString(w, map[string]string{"reading": ":\n", "leaving": "data: x\n\n"}[where])
						_ = http.NewResponseController(w).Flush()
					}
					close(there)
					<-r.Context().Done()
				})
				standard := http.DefaultTransport
				transport := standard.(*http.Transport).Clone() // of which the source's own is made
				transport.Protocols = m.protocols()
				transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: true}
				http.DefaultTransport = transport
				defer func() { http.DefaultTransport = standard }()
				source := newSource(t, url, client.Options{})
				before := runtime.NumGoroutine()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				go func() {
					if <-there; where != "leaving" {
						cancel()
					}
				}()
				for _, err := range source.Events(ctx) {
					if left := err == nil; left != (where == "leaving") || !left && err != context.Canceled {
						t.Errorf("ended with %v", err)
					}
					break
				}
				if err := leaktest.Wait(before); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// A wait ends at the moment of cancelling; no attempt follows.
func TestCancelInBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tr := &transport{answers: repeat(9, fail)}
		ctx, cancel := context.WithTimeout(t.Context(), 90*time.Minute)
		defer cancel()
		begun := time.Now()
		_, last := all(context.WithoutCancel(ctx), newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client(), MaxFailures: 1}))
		if !errors.Is(last, errNetwork) {
			t.Fatal(last)
		}
		source := newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client(), MinRetry: time.Hour, MaxRetry: time.Hour})
		for _, err := range source.Events(ctx) {
			last = err
		}
		if last != context.DeadlineExceeded || time.Since(begun) != 90*time.Minute || len(tr.requests) != 3 {
			t.Errorf("%v after %v and %d attempts", last, time.Since(begun), len(tr.requests))
		}
	})
}

func TestEndedContextSendsNothing(t *testing.T) {
	tr := &transport{}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := all(ctx, newSource(t, "http://hub.test/", client.Options{HTTPClient: tr.client()}))
	if err != context.Canceled || len(tr.requests) != 0 {
		t.Errorf("%v after %d requests", err, len(tr.requests))
	}
}
