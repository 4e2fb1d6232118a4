package protocol_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

func TestStreamHead(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		want := http.Header{
			"Content-Type":      {"text/event-stream"},
			"Cache-Control":     {"no-store"},
			"X-Accel-Buffering": {"no"},
			"Vary":              {"Accept-Encoding"},
			"Accept-Query":      {"application/x-www-form-urlencoded"},
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp := s.request(t, method, "topic=a", "", "Accept", "application/json")
			got := resp.Header.Clone()
			for _, ofHTTP := range []string{"Date", "Connection"} {
				delete(got, ofHTTP)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s (-want +got):\n%s", method, diff)
			}
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", method, resp.Status)
			}
		}
	})
}

// TestFirstBytes: the first bytes of a body come at once, for proxies that hold a head back until then.
func TestFirstBytes(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range []struct{ query, want string }{
			{"topic=a", ":\n"},
			{"topic=a&signals=1", "id: " + s.hub.Head().String() + "\nevent: tidings.hello\ndata: {"},
		} {
			r := s.subscribe(t, tt.query)
			got := make([]byte, len(tt.want))
			if _, err := io.ReadFull(r.response.Body, got); err != nil || string(got) != tt.want {
				t.Errorf("%s: first bytes %q, %v; want %q", tt.query, got, err, tt.want)
			}
		}
	})
}

// TestHeadRegistersNobody: HEAD is answered as GET would be, and no stream begins.
func TestHeadRegistersNobody(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}})
		resp := s.request(t, http.MethodHead, "topic=a", "", "Last-Event-ID", id)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Mercure-Last-Event-ID") != id {
			t.Errorf("%s, Mercure-Last-Event-ID %q", resp.Status, resp.Header.Get("Mercure-Last-Event-ID"))
		}
		if n := len(subscribers(t, s.hub)); n != 0 {
			t.Errorf("%d subscribers", n)
		}
	})
}

func subscribers(t testing.TB, h *hub.Hub) []fanout.SubscriberState {
	t.Helper()
	state, err := h.State(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var all []fanout.SubscriberState
	for _, s := range state.Fanout.Shards {
		all = append(all, s.Subscribers...)
	}
	return all
}

func TestMethods(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, method := range []string{"PUT", "DELETE", "PATCH", "query", "get", "TRACE"} {
			resp := s.request(t, method, "topic=a", "")
			wantProblem(t, resp, http.StatusMethodNotAllowed, "", method, "GET HEAD OPTIONS POST QUERY")
			if got := resp.Header.Get("Allow"); got != "GET, HEAD, OPTIONS, POST, QUERY" {
				t.Errorf("%s: Allow %q", method, got)
			}
		}
		resp := s.request(t, http.MethodOptions, "", "")
		if got := resp.Header.Get("Allow"); resp.StatusCode != http.StatusNoContent || got != "GET, HEAD, OPTIONS, POST, QUERY" {
			t.Errorf("OPTIONS: %s, Allow %q", resp.Status, got)
		}
	})
}

func TestStreamHandler(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.StreamHandler(h, protocol.Options{Authorizer: protocol.AllowAll()},
			topic.Matchers{topic.Exact("a"), topic.Exact("b")})
		if err != nil {
			t.Fatal(err)
		}
		url, transport := listen(t, m, handler)
		t.Cleanup(func() { h.Close() })
		s := &server{hub: h, url: url + "/clocks", transport: transport}

		r := s.subscribe(t, "topic={c}&matchers=2&match=d&foo")
		first := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "a"})
		s.publish(t, eventlog.Update{Topics: []string{"c"}, Data: "c"})
		s.publish(t, eventlog.Update{Topics: []string{"d"}, Data: "d"})
		s.publish(t, eventlog.Update{Topics: []string{"b"}, Data: "b", Private: true})
		r.want("a", "b")

		r = s.subscribe(t, "signals=1&last_event_id="+strings.ReplaceAll(first, "#", "%23"))
		if got := r.answer(); got != first {
			t.Errorf("head says %q, want %q", got, first)
		}
		checkHello(t, r.next().Data, "resumed")
		r.want("b")

		wantProblem(t, s.request(t, http.MethodGet, "signals=yes", ""), 400, "signals")
		wantProblem(t, s.request(t, http.MethodGet, "lastEventID=1&last_event_id=2", ""), 400, "last_event_id")
		resp := s.request(t, http.MethodPost, "", "topic=a")
		wantProblem(t, resp, http.StatusMethodNotAllowed, "", "POST")
		if got := resp.Header.Get("Allow"); got != "GET, HEAD, OPTIONS" {
			t.Errorf("Allow %q", got)
		}
	})
}

// TestShutdown: the hub's end is the proper end of every stream; what comes later is told to come back.
func TestShutdown(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := newMemory(t, eventlog.Retention{}) // of the test's own, and of the hub's own below
		for _, own := range []eventlog.Log{log, nil} {
			s := serve(t, m, hub.Options{Log: own}, protocol.Options{Authorizer: protocol.AllowAll()})
			r := s.subscribe(t, "topic=a")
			s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "last"})
			r.want("last")
			if err := s.hub.Shutdown(context.Background()); err != nil {
				t.Fatal(err)
			}
			if e, err := r.decoder.Decode(); err != io.EOF {
				t.Errorf("after the end: %+v, %v", e, err)
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				resp := s.request(t, method, "topic=a", "topic=a")
				wantProblem(t, resp, http.StatusServiceUnavailable, "", "shutting down")
				if got, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || got < 1 {
					t.Errorf("%s: Retry-After %d, %v", method, got, err)
				}
			}
		}
	})
}

// TestShutdownOfASlowReader: what a reader that is behind has begun is finished, then its stream ends properly.
func TestShutdownOfASlowReader(t *testing.T) {
	const published = crowdBytes / crowdEvent
	run(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := stuckServer(t, m, j, 10*time.Minute)
		r, _ := stuckReader(t, s)
		for i := range published {
			s.publish(t, update(i+1))
		}
		wait(t, j.behind, "the reader behind")
		shut := make(chan error, 1)
		go func() { shut <- s.hub.Shutdown(context.Background()) }()
		got := 0
		for {
			e, err := r.decoder.Decode()
			if err == io.EOF {
				break
			}
			if err == nil && e.Type == fanout.SignalBye {
				continue
			}
			if err != nil || e.Data != update(got+1).Data {
				t.Fatalf("update %d: id %s, %.20q, %v", got+1, e.ID, e.Data, err)
			}
			got++
		}
		if err := wait(t, shut, "Shutdown"); err != nil {
			t.Error(err)
		}
		if e := wait(t, j.ended, "the end"); e.reason != fanout.EndShutdown {
			t.Errorf("ended because of %v", e.reason)
		}
		if got == 0 || got == published {
			t.Errorf("%d of %d updates came: the reader was not cut short", got, published)
		}
	})
}

// TestConcurrentStreams: many streams on one client see everything in one order.
func TestConcurrentStreams(t *testing.T) {
	const streams, publishers, each = 120, 8, 10
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		readers := make([]*reader, streams)
		for i := range readers {
			readers[i] = s.subscribe(t, "topic=a&topic="+strconv.Itoa(i))
		}
		var group sync.WaitGroup
		for p := range publishers {
			group.Go(func() {
				for i := range each {
					form := fmt.Sprintf("topic=a&data=%d-%d", p, i)
					resp, err := s.do(t.Context(), http.MethodPost, "", form)
					if err != nil {
						t.Error(err)
						return
					}
					if resp.StatusCode != http.StatusOK {
						t.Error(resp.Status)
					}
					resp.Body.Close()
				}
			})
		}
		got := make([][]string, streams)
		for i, r := range readers {
			group.Go(func() {
				for range publishers * each {
					e, err := r.decoder.Decode()
					if err != nil {
						t.Error(err)
						return
					}
					got[i] = append(got[i], e.Data)
				}
			})
		}
		group.Wait()
		if len(slices.Compact(slices.Sorted(slices.Values(got[0])))) != publishers*each {
			t.Errorf("not %d different events: %v", publishers*each, got[0])
		}
		for i := range got {
			if !slices.Equal(got[i], got[0]) {
				t.Fatalf("stream %d: %v\nstream 0: %v", i, got[i], got[0])
			}
		}
	})
}

// TestPeerGone: a subscriber that goes is let go.
func TestPeerGone(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := serve(t, m, hub.Options{Fanout: fanout.Options{Observer: j.observer()}}, protocol.Options{})
		r := s.subscribe(t, "topic=a&signals=1")
		r.next()
		r.leave()
		if e := wait(t, j.ended, "the end"); e.reason != fanout.EndGone {
			t.Errorf("ended because of %v", e.reason)
		}
		if n := len(subscribers(t, s.hub)); n != 0 {
			t.Errorf("%d subscribers", n)
		}
	})
}

// hidden is middleware's response writer that hides what net/http's can do.
type hidden struct{ http.ResponseWriter }

// unwrapped is one that says what it wraps.
type unwrapped struct{ hidden }

func (w unwrapped) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func TestMiddleware(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.Handler(h, protocol.Options{})
		if err != nil {
			t.Fatal(err)
		}
		mux := http.NewServeMux()
		mux.HandleFunc("/hidden", func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(hidden{w}, r) })
		mux.HandleFunc("/unwrapped", func(w http.ResponseWriter, r *http.Request) { handler.ServeHTTP(unwrapped{hidden{w}}, r) })
		url, transport := listen(t, m, mux)
		t.Cleanup(func() { h.Close() })

		s := &server{hub: h, url: url + "/hidden", transport: transport}
		wantProblem(t, s.request(t, http.MethodGet, "topic=a", ""), http.StatusInternalServerError, "", "flushed", "http.Flusher")
		if n := len(subscribers(t, h)); n != 0 {
			t.Errorf("%d subscribers", n)
		}
		s = &server{hub: h, url: url + "/unwrapped", transport: transport}
		r := s.subscribe(t, "topic=a")
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
		r.want("hi")
	})
}

// TestHTTP10: a client of HTTP/1.0 gets the plain stream, without chunks, until the connection ends.
func TestHTTP10(t *testing.T) {
	for _, m := range []mode{modeHTTP1, modeTaken, modeBare} {
		t.Run(string(m), func(t *testing.T) { testHTTP10(t, m) })
	}
}

func testHTTP10(t *testing.T, m mode) {
	s := open(t, m)
	conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(s.url, "http://"), protocol.DefaultPath))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(conn, "GET %s?topic=a HTTP/1.0\r\n\r\n", protocol.DefaultPath)
	in := bufio.NewReader(conn)
	for line := ""; line != "\r\n"; {
		if line, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(strings.ToLower(line), "transfer-encoding") {
			t.Errorf("head has %q", line)
		}
	}
	id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
	want := ":\nid: " + id + "\ndata: hi\n\n"
	got := make([]byte, len(want))
	if _, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Errorf("body %q, %v; want %q", got, err, want)
	}
	if err := s.hub.Shutdown(context.Background()); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(in); err != nil || !regexp.MustCompile(`^retry: [1-5]\d\d\d\n\n$`).Match(rest) {
		t.Errorf("at the end: %q, %v", rest, err)
	}
}

// TestConnections: a stream of HTTP/1 ends its connection, whose write deadline has outlived it; those of HTTP/2
// share one.
func TestConnections(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var connections atomic.Int32
		s := serve(t, m, hub.Options{}, protocol.Options{}, func(c *http.Server) {
			c.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
		})
		const streams = 5
		readers := make([]*reader, streams)
		for i := range readers {
			readers[i] = s.subscribe(t, "topic=a")
			if got := readers[i].response.Close; got != m.http1() {
				t.Errorf("stream %d: the connection is to be closed: %v", i, got)
			}
		}
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
		for _, r := range readers {
			r.want("hi")
		}
		want := int32(1)
		if m.http1() {
			want = streams
		}
		if got := connections.Load(); got != want {
			t.Errorf("%d connections, want %d", got, want)
		}
	})
}

// TestRecorder: a response writer that knows no deadlines gets its stream all the same.
func TestRecorder(t *testing.T) {
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	w := &leaving{httptest.NewRecorder(), cancel}
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, protocol.DefaultPath+"?topic=a", nil)
	handler.ServeHTTP(w, r)
	if w.Code != http.StatusOK || w.Body.String() != ":\n" || !w.Flushed {
		t.Errorf("status %d, body %q, flushed %v", w.Code, w.Body, w.Flushed)
	}
}

// leaving is a peer that goes when the first bytes have come.
type leaving struct {
	*httptest.ResponseRecorder
	leave func()
}

func (l *leaving) Flush() {
	l.ResponseRecorder.Flush()
	l.leave()
}

// broken is a response writer whose connection is gone.
type broken struct{ *httptest.ResponseRecorder }

func (broken) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
func (broken) FlushError() error         { return io.ErrClosedPipe }

// TestHeadCannotBeWritten: a peer that goes before the first byte leaves no subscriber behind.
func TestHeadCannotBeWritten(t *testing.T) {
	for _, query := range []string{"topic=a", "topic=a&signals=1"} {
		j := newJournal()
		h := newHub(t, hub.Options{Fanout: fanout.Options{Observer: j.observer()}})
		handler, err := protocol.Handler(h, protocol.Options{})
		if err != nil {
			t.Fatal(err)
		}
		handler.ServeHTTP(broken{httptest.NewRecorder()}, httptest.NewRequest(http.MethodGet, "/?"+query, nil))
		if e := wait(t, j.ended, "the end"); e.reason != fanout.EndGone {
			t.Errorf("%s: ended because of %v", query, e.reason)
		}
	}
}
