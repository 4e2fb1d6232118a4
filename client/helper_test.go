package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
)

// patience is how long a test waits for what ought to happen at once.
const patience = 30 * time.Second

// mode is a version of HTTP.
type mode string

const (
	modeHTTP1 mode = "HTTP1"
	modeHTTP2 mode = "HTTP2" // over TLS
	modeH2C   mode = "h2c"
)

// matrix runs f over every version of HTTP.
func matrix(t *testing.T, f func(t *testing.T, m mode)) {
	t.Helper()
	for _, m := range []mode{modeHTTP1, modeHTTP2, modeH2C} {
		t.Run(string(m), func(t *testing.T) { f(t, m) })
	}
}

func (m mode) protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(m == modeHTTP1)
	p.SetHTTP2(m == modeHTTP2)
	p.SetUnencryptedHTTP2(m == modeH2C)
	return p
}

// listen serves handler and returns its URL and a client for it.
func listen(t *testing.T, m mode, handler http.HandlerFunc) (string, *http.Client) {
	t.Helper()
	ts := httptest.NewUnstartedServer(handler)
	ts.Config.Protocols = m.protocols()
	if m == modeHTTP2 {
		ts.EnableHTTP2 = true
		ts.StartTLS()
	} else {
		ts.Start()
	}
	t.Cleanup(ts.Close)
	transport := ts.Client().Transport.(*http.Transport).Clone()
	transport.Protocols = m.protocols()
	t.Cleanup(transport.CloseIdleConnections)
	return ts.URL, &http.Client{Transport: transport}
}

// soon makes a source reconnect without a pause that a test would notice.
func soon(o client.Options) client.Options {
	o.Backoff, o.MaxBackoff, o.MaxRetry = time.Millisecond, 2*time.Millisecond, time.Millisecond
	return o
}

func newSource(t testing.TB, url string, o client.Options) *client.Source {
	t.Helper()
	source, err := client.New(url, o)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// all returns the events up to the source's end, and its error.
func all(ctx context.Context, source *client.Source) (events []sse.Event, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for event, err := range source.Events(ctx) {
		if err != nil {
			return events, err
		}
		events = append(events, event)
	}
	return events, nil
}

// data returns the data of events.
func data(events []sse.Event) string {
	texts := make([]string, 0, len(events))
	for _, event := range events {
		texts = append(texts, event.Data)
	}
	return strings.Join(texts, " ")
}

// roundTrip answers a request.
type roundTrip func(*http.Request) (*http.Response, error)

// transport answers requests without a network, each by the next of its functions and at last with 204.
type transport struct {
	answers  []roundTrip
	requests []*http.Request
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		defer r.Body.Close()
	}
	n := len(tr.requests)
	tr.requests = append(tr.requests, r)
	if n < len(tr.answers) {
		return tr.answers[n](r)
	}
	return answer(http.StatusNoContent)(r)
}

// client returns a client that uses the transport.
func (tr *transport) client() *http.Client { return &http.Client{Transport: tr} }

// answer answers with a status and header fields.
func answer(status int, header ...string) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		resp := &http.Response{
			StatusCode: status, Status: http.StatusText(status), Header: http.Header{}, Body: http.NoBody, Request: r,
		}
		for i := 0; i < len(header); i += 2 {
			resp.Header.Set(header[i], header[i+1])
		}
		return resp, nil
	}
}

// errNetwork is what a fake network fails with.
var errNetwork = errors.New("the network is down")

func fail(*http.Request) (*http.Response, error) { return nil, errNetwork }

// part is what a fake stream does next: it pauses, and then sends text, or fails with err.
type part struct {
	pause time.Duration
	text  string
	err   error
}

// stream answers with a stream of parts, which hangs after the last one unless that has an error.
func stream(parts ...part) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		resp, _ := answer(http.StatusOK, "Content-Type", "text/event-stream")(r)
		resp.Body = &fakeBody{ctx: r.Context(), parts: parts}
		return resp, nil
	}
}

type fakeBody struct {
	ctx   context.Context
	parts []part
}

func (b *fakeBody) Read(p []byte) (int, error) {
	if len(b.parts) == 0 {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	next := b.parts[0]
	b.parts = b.parts[1:]
	timer := time.NewTimer(next.pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return copy(p, next.text), next.err
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
}

func (*fakeBody) Close() error { return nil }

// end is the part that ends a stream in good order, cut the one that breaks it.
var (
	end = part{err: io.EOF}
	cut = part{err: io.ErrUnexpectedEOF}
)

// states collects what OnState is told.
type states []client.State

func (s *states) add(state client.State) { *s = append(*s, state) }

// waits returns the states of waiting.
func (s states) waits() states {
	var waits states
	for _, state := range s {
		if state.Phase == client.Waiting {
			waits = append(waits, state)
		}
	}
	return waits
}
