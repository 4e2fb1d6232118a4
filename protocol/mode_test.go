package protocol_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
)

// mode is a version of HTTP that every server test runs over.
type mode string

const (
	modeHTTP1 mode = "HTTP1"
	modeTaken mode = "HTTP1taken" // streams are taken over from the server, where the system can
	modeBare  mode = "HTTP1bare"  // streams are taken over, but something wraps their sockets
	modeHTTP2 mode = "HTTP2"      // over TLS
	modeH2C   mode = "h2c"
)

// run runs f over every version of HTTP.
func run(t *testing.T, f func(t *testing.T, m mode)) {
	t.Helper()
	for _, m := range []mode{modeHTTP1, modeTaken, modeBare, modeHTTP2, modeH2C} {
		t.Run(string(m), func(t *testing.T) { f(t, m) })
	}
}

// http1 reports whether m is HTTP/1.1.
func (m mode) http1() bool { return m == modeHTTP1 || m.takesOver() }

// takesOver reports whether streams are taken over from the server.
func (m mode) takesOver() bool { return m == modeTaken || m == modeBare }

func (m mode) protocols() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(m.http1())
	p.SetHTTP2(m == modeHTTP2)
	p.SetUnencryptedHTTP2(m == modeH2C)
	return p
}

// patience is how long a test waits for what must happen.
const patience = 3 * time.Minute

// listen serves handler on a free port and returns its URL and a transport for it.
func listen(t testing.TB, m mode, handler http.Handler, configure ...func(*http.Server)) (string, *http.Transport) {
	t.Helper()
	ts := httptest.NewUnstartedServer(handler)
	ts.Config.Protocols = m.protocols()
	if m == modeBare {
		ts.Listener = wrapping{ts.Listener}
	}
	for _, c := range configure {
		c(ts.Config)
	}
	if m == modeHTTP2 {
		ts.EnableHTTP2 = true
		ts.StartTLS()
	} else {
		ts.Start()
	}
	t.Cleanup(ts.Close)
	transport := ts.Client().Transport.(*http.Transport).Clone()
	transport.Protocols = m.protocols()
	transport.DisableCompression = true // tests that ask for it say so
	t.Cleanup(transport.CloseIdleConnections)
	return ts.URL, transport
}

// wrapping is a listener whose connections hide their sockets.
type wrapping struct{ net.Listener }

func (l wrapping) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	return struct{ net.Conn }{conn}, err
}

// server is a hub on the web.
type server struct {
	hub       *hub.Hub
	url       string // of the hub
	transport *http.Transport
}

// serve puts a hub on the web at the default path.
func serve(t testing.TB, m mode, ho hub.Options, po protocol.Options, configure ...func(*http.Server)) *server {
	t.Helper()
	h := newHub(t, ho)
	po.TakeOver = m.takesOver()
	handler, err := protocol.Handler(h, po)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath, handler)
	url, transport := listen(t, m, mux, configure...)
	t.Cleanup(func() { h.Close() }) // before the server waits for its handlers
	return &server{hub: h, url: url + protocol.DefaultPath, transport: transport}
}

// open serves a hub with the default options on which everything is allowed.
func open(t testing.TB, m mode) *server {
	t.Helper()
	return serve(t, m, hub.Options{}, protocol.Options{Authorizer: protocol.AllowAll()})
}

func newHub(t testing.TB, o hub.Options) *hub.Hub {
	t.Helper()
	h, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// request sends a request to the hub; header are names and values in turn. The body is closed with the test.
func (s *server) request(t testing.TB, method, query, body string, header ...string) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return s.requestContext(t, ctx, method, query, body, header...)
}

func (s *server) requestContext(t testing.TB, ctx context.Context, method, query, body string, header ...string) *http.Response {
	t.Helper()
	resp, err := s.do(ctx, method, query, body, header...)
	if err != nil {
		t.Fatalf("%s ?%s: %v", method, query, err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// do is for goroutines that cannot end the test.
func (s *server) do(ctx context.Context, method, query, body string, header ...string) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.url, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.URL.RawQuery = query
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header[http.CanonicalHeaderKey(header[i])] = []string{header[i+1]}
	}
	return s.transport.RoundTrip(r) // HTTP/2 or not: the transport speaks nothing else
}

// post publishes a form and returns the event's id.
func (s *server) post(t testing.TB, form string, header ...string) string {
	t.Helper()
	resp := s.request(t, http.MethodPost, "", form, header...)
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s %s", form, resp.Status, body)
	}
	return body
}

// publish publishes past HTTP.
func (s *server) publish(t testing.TB, u eventlog.Update) string {
	t.Helper()
	return publish(t, s.hub, u)
}

// reader is a subscriber.
type reader struct {
	t        testing.TB
	response *http.Response
	decoder  *sse.Decoder
	cancel   context.CancelFunc
	comments int
}

// subscribe opens a stream.
func (s *server) subscribe(t testing.TB, query string, header ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	resp := s.requestContext(t, ctx, http.MethodGet, query, "", header...)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("GET ?%s: %s %s", query, resp.Status, readAll(t, resp))
	}
	r := &reader{t: t, response: resp, cancel: cancel}
	r.decoder = sse.NewDecoder(resp.Body, sse.Options{OnComment: func(string) { r.comments++ }})
	return r
}

// next returns the next event.
func (r *reader) next() sse.Event {
	r.t.Helper()
	e, err := r.decoder.Decode()
	if err != nil {
		r.t.Fatalf("stream: %v", err)
	}
	return e
}

// want reads events and compares their data.
func (r *reader) want(data ...string) {
	r.t.Helper()
	for _, d := range data {
		if e := r.next(); e.Data != d {
			r.t.Fatalf("got %+v, want data %q", e, d)
		}
	}
}

// leave ends the subscriber's request.
func (r *reader) leave() {
	r.cancel()
	r.response.Body.Close()
}

// answer is the id that the response's head says the stream begins behind.
func (r *reader) answer() string {
	r.t.Helper()
	legacy, modern := r.response.Header.Values("Last-Event-ID"), r.response.Header.Values("Mercure-Last-Event-ID")
	if len(legacy) != 1 || len(modern) != 1 || legacy[0] != modern[0] {
		r.t.Fatalf("Last-Event-ID %q, Mercure-Last-Event-ID %q", legacy, modern)
	}
	return legacy[0]
}

func readAll(t testing.TB, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// journal records what the fan-out's observer sees.
type journal struct {
	live   chan fanout.SubscriberID
	behind chan fanout.SubscriberID
	ended  chan end
}

type end struct {
	id     fanout.SubscriberID
	reason fanout.EndReason
}

func newJournal() *journal {
	const room = 4096 // more than any test makes happen
	return &journal{
		live:   make(chan fanout.SubscriberID, room),
		behind: make(chan fanout.SubscriberID, room),
		ended:  make(chan end, room),
	}
}

func (j *journal) observer() fanout.Observer {
	return fanout.Observer{
		Live:   func(id fanout.SubscriberID) { j.live <- id },
		Behind: func(id fanout.SubscriberID, _ fanout.BehindReason) { j.behind <- id },
		Ended:  func(id fanout.SubscriberID, why fanout.EndReason) { j.ended <- end{id, why} },
	}
}

// wait returns what c delivers next.
func wait[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("never happened: %s", what)
		panic("unreachable")
	}
}
