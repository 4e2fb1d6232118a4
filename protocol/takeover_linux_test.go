package protocol_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
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

// takenOver runs test in the modes in which connections are taken over: as sockets, and as what wraps them.
func takenOver(t *testing.T, test func(t *testing.T, m mode)) {
	for _, m := range []mode{modeTaken, modeBare} {
		t.Run(string(m), func(t *testing.T) { test(t, m) })
	}
}

// taken is a hub behind middleware, on a server that counts the connections that are taken from it.
type taken struct {
	*server
	hijacked atomic.Int32
}

func serveTaken(t *testing.T, m mode, ho hub.Options, po protocol.Options, around func(http.Handler) http.Handler) *taken {
	t.Helper()
	h := newHub(t, ho)
	po.TakeOver = true
	handler, err := protocol.Handler(h, po)
	if err != nil {
		t.Fatal(err)
	}
	if around != nil {
		handler = around(handler)
	}
	s := new(taken)
	url, transport := listen(t, m, handler, func(c *http.Server) {
		c.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateHijacked {
				s.hijacked.Add(1)
			}
		}
	})
	t.Cleanup(func() { h.Close() })
	s.server = &server{hub: h, url: url, transport: transport}
	return s
}

// dial opens a connection of which the test sees every byte.
func (s *server) dial(t testing.TB) net.Conn {
	t.Helper()
	host, _, _ := strings.Cut(strings.TrimPrefix(s.url, "http://"), "/")
	conn, err := net.Dial("tcp", host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience / 10)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// ask sends a request on conn.
func ask(t testing.TB, conn net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(conn, strings.ReplaceAll(text, "\n", "\r\n")); err != nil {
		t.Fatal(err)
	}
}

func chunk(text string) string { return fmt.Sprintf("%x\r\n%s\r\n", len(text), text) }

// TestTakenWire: every byte of a stream on a connection that was taken over. The head is what middleware has left of it.
func TestTakenWire(t *testing.T) {
	const date = "Mon, 01 Jan 2024 00:00:00 GMT"
	around := func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			for name, value := range map[string]string{
				"Date": date, "X-Frame-Options": "DENY", "Set-Cookie": "a=b\r\nX-Smuggled: c", "Vary": "Cookie",
				"Content-Length": "5", "Trailer": "X-Late", "Connection": "keep-alive", "Keep-Alive": "timeout=5",
			} {
				w.Header().Set(name, value)
			}
			next.ServeHTTP(w, r)
		})
	}
	head := func(first, last string) string {
		return strings.ReplaceAll(first+`
Accept-Query: application/x-www-form-urlencoded
Cache-Control: no-store
Connection: close
Content-Type: text/event-stream
Date: `+date+`
Set-Cookie: a=b  X-Smuggled: c
`+last+`Vary: Cookie
Vary: Accept-Encoding
X-Accel-Buffering: no
X-Frame-Options: DENY

`, "\n", "\r\n")
	}
	takenOver(t, func(t *testing.T, m mode) {
		s := serveTaken(t, m, hub.Options{}, protocol.Options{}, around)
		now, then := s.dial(t), s.dial(t)
		ask(t, now, "GET /?topic=a HTTP/1.1\nHost: h\n\n")
		wantNext(t, now, head("HTTP/1.1 200 OK", "Transfer-Encoding: chunked\n")+chunk(":\n"))
		ask(t, then, "GET /?topic=a HTTP/1.0\nConnection: keep-alive\n\n")
		wantNext(t, then, head("HTTP/1.0 200 OK", "")+":\n")

		id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi\nthere"})
		event := "id: " + id + "\ndata: hi\ndata: there\n\n"
		wantNext(t, now, chunk(event))
		wantNext(t, then, event)
		if n := s.hijacked.Load(); n != 2 {
			t.Errorf("%d connections were taken over", n)
		}
		if err := s.hub.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wantEnd(t, now, `d\r\nretry: \d{4}\n\n\r\n0\r\n\r\n`)
		wantEnd(t, then, `retry: \d{4}\n\n`)
	})
}

// TestTakenDate: the head has a date also if nobody has set one.
func TestTakenDate(t *testing.T) {
	takenOver(t, func(t *testing.T, m mode) {
		s := serveTaken(t, m, hub.Options{}, protocol.Options{}, nil)
		before := time.Now().Truncate(time.Second)
		got, err := http.ParseTime(s.subscribe(t, "topic=a").response.Header.Get("Date"))
		if err != nil || got.Before(before) || got.After(time.Now()) {
			t.Errorf("Date %v, %v", got, err)
		}
	})
}

// TestTakenGzip: a compressed stream is a gzip member with its trailer, also in chunks, and nothing behind it.
func TestTakenGzip(t *testing.T) {
	takenOver(t, func(t *testing.T, m mode) {
		for _, version := range []string{"1.0", "1.1"} {
			for _, off := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, NoCompression %v", version, off), func(t *testing.T) {
					testTakenGzip(t, m, version, off)
				})
			}
		}
	})
}

func testTakenGzip(t *testing.T, m mode, version string, off bool) {
	s := serveTaken(t, m, hub.Options{}, protocol.Options{NoCompression: off}, nil)
	conn := s.dial(t)
	ask(t, conn, "GET /?topic=a HTTP/"+version+"\nHost: h\nAccept-Encoding: gzip\n\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantHeader := map[bool][2]string{false: {"Accept-Encoding", "gzip"}, true: {}}[off]
	if got := [2]string{resp.Header.Get("Vary"), resp.Header.Get("Content-Encoding")}; got != wantHeader {
		t.Errorf("Vary and Content-Encoding %q, want %q", got, wantHeader)
	}
	chunked := cmp.Equal(resp.TransferEncoding, []string{"chunked"})
	if chunked != (version == "1.1") || !resp.Close {
		t.Errorf("chunked: %v, to be closed: %v", chunked, resp.Close)
	}
	body := io.Reader(resp.Body)
	if !off {
		unzipped, err := gzip.NewReader(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		unzipped.Multistream(false)
		body = unzipped
	}
	wantNext(t, body, ":\n")
	for i := range 20 {
		text := strings.Repeat(strconv.Itoa(i), 1+i*i*i*4)
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: text})
		wantNext(t, body, "id: "+id+"\ndata: "+text+"\n\n") // before the next is published
	}
	if err := s.hub.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	wantEnd(t, body, `retry: \d{4}\n\n`)
	for _, behind := range []io.Reader{resp.Body, in} {
		wantEnd(t, behind, "")
	}
}

// hooked is middleware's response writer, of which the connection is taken while something else happens.
type hooked struct {
	http.ResponseWriter
	during func()
}

func (w hooked) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.during()
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

// TestTakenTooLate: a stream that cannot begin after its connection was taken over is refused in full, and gives back
// what it had.
func TestTakenTooLate(t *testing.T) {
	for _, tt := range []struct {
		name   string
		during func(*testing.T, *hub.Hub)
		words  []string
	}{
		{"another was faster", func(t *testing.T, h *hub.Hub) {
			sub, err := h.Subscribe(t.Context(), hub.Request{Matchers: topic.Matchers{topic.Exact("b")}})
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := sub.Attach(fanout.NewResponseSink(time.Minute, fanout.FormEvent)); err != nil {
				t.Error(err)
			}
		}, []string{"Subscribers is 1"}},
		{"the hub has ended", func(t *testing.T, h *hub.Hub) {
			if err := h.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}, []string{"shutting down"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			takenOver(t, func(t *testing.T, m mode) {
				var s *taken
				s = serveTaken(t, m, hub.Options{Limits: hub.Limits{Subscribers: 1}}, protocol.Options{
					AllowOrigin: func(string) bool { return true }, MaxPerAddress: 1,
				}, func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						next.ServeHTTP(hooked{w, func() { tt.during(t, s.hub) }}, r)
					})
				})
				for _, more := range []string{strings.Repeat("more", 3000), ""} { // the second is refused before
					conn := s.dial(t)
					ask(t, conn, "GET /?topic=a HTTP/1.0\nHost: h\nOrigin: https://o\nAccept-Encoding: gzip\n\n"+more)
					in := bufio.NewReader(conn)
					resp, err := http.ReadResponse(in, nil)
					if err != nil {
						t.Fatal(err)
					}
					if n := s.hijacked.Load(); n != 1 {
						t.Fatalf("%d connections were taken over", n)
					}
					wantProblem(t, resp, http.StatusServiceUnavailable, "", tt.words...)
					if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || seconds < 1 {
						t.Errorf("Retry-After %d, %v", seconds, err)
					}
					if got := resp.Header.Get("Access-Control-Allow-Origin"); got == "" {
						t.Error("the page that asks may not read the answer")
					}
					for _, name := range []string{"Content-Encoding", "X-Accel-Buffering", "Transfer-Encoding"} {
						if got := resp.Header.Get(name); got != "" {
							t.Errorf("%s: %s", name, got)
						}
					}
					if _, err := in.ReadByte(); err != io.EOF {
						t.Errorf("behind the answer: %v", err)
					}
				}
			})
		})
	}
}

// TestTakenAddressIsReleased: a stream counts for its address until it ends, however it does, though its handler has
// long returned.
func TestTakenAddressIsReleased(t *testing.T) {
	takenOver(t, func(t *testing.T, m mode) {
		j := newJournal()
		s := serveTaken(t, m, hub.Options{Fanout: fanout.Options{Observer: j.observer()}}, protocol.Options{MaxPerAddress: 1}, nil)
		for _, leave := range []func(net.Conn){
			func(conn net.Conn) { conn.Close() },
			func(conn net.Conn) { _ = conn.(*net.TCPConn).CloseWrite() },
			func(conn net.Conn) { _, _ = conn.Write(make([]byte, 100_000)) },
		} {
			conn := s.dial(t)
			ask(t, conn, "GET /?topic=a HTTP/1.1\nHost: h\n\n")
			wantNext(t, conn, "HTTP/1.1 200 OK\r\n")
			wantProblem(t, s.request(t, http.MethodGet, "topic=a", ""), http.StatusTooManyRequests, "")
			leave(conn)
			wait(t, j.ended, "the end")
			for { // the place is given back right behind it
				resp := s.request(t, http.MethodGet, "topic=a", "")
				if resp.StatusCode == http.StatusOK {
					resp.Body.Close()
					break
				}
				wantProblem(t, resp, http.StatusTooManyRequests, "")
			}
			wait(t, j.ended, "the end of the next")
			waitForPlace(t, s)
		}
	})
}

// waitForPlace returns when a stream can begin again, without beginning one.
func waitForPlace(t *testing.T, s *taken) {
	t.Helper()
	for s.request(t, http.MethodHead, "topic=a", "").StatusCode != http.StatusOK {
	}
}

// TestTakenChatty: who sends much more than its request is let go.
func TestTakenChatty(t *testing.T) {
	j := newJournal()
	s := serveTaken(t, modeTaken, hub.Options{Fanout: fanout.Options{Observer: j.observer()}}, protocol.Options{}, nil)
	const limit = 64 << 10
	conn := s.dial(t)
	request := "GET /?topic=a HTTP/1.1\r\nHost: h\r\n\r\n"
	if _, err := io.WriteString(conn, request+strings.Repeat("x", limit)); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantNext(t, resp.Body, ":\n")
	id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
	wantNext(t, resp.Body, "id: "+id+"\ndata: hi\n\n")
	if _, err := conn.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if e := wait(t, j.ended, "the end"); e.reason != fanout.EndChatty {
		t.Errorf("ended because of %v", e.reason)
	}
}

// TestTakenServesNothingElse: requests before a stream are served, those behind it never.
func TestTakenServesNothingElse(t *testing.T) {
	takenOver(t, func(t *testing.T, m mode) {
		s := serveTaken(t, m, hub.Options{}, protocol.Options{Authorizer: protocol.AllowAll()}, nil)
		conn := s.dial(t)
		post := func(data string) string {
			form := "topic=a&data=" + data
			return fmt.Sprintf("POST / HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: %d\n\n%s", len(form), form)
		}
		ask(t, conn, post("before")+"GET /?topic=a HTTP/1.1\nHost: h\n\n"+post("behind"))
		in := bufio.NewReader(conn)
		first, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		if body := readAll(t, first); body != s.hub.Head().String() || first.Close {
			t.Errorf("%s %q, to be closed: %v", first.Status, body, first.Close)
		}
		second, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantNext(t, second.Body, ":\n")
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
		wantNext(t, second.Body, "id: "+id+"\ndata: hi\n\n")
		if err := s.hub.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		wantEnd(t, second.Body, `retry: \d{4}\n\n`)
		wantEnd(t, in, "")
		if head := s.hub.Head().String(); head != id {
			t.Errorf("the head is %s, not %s: more was published", head, id)
		}
	})
}

// TestTakenServerShutdown: the server's Shutdown does not wait for streams that were taken over, nor end them; the
// hub's does.
func TestTakenServerShutdown(t *testing.T) {
	takenOver(t, func(t *testing.T, m mode) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.Handler(h, protocol.Options{TakeOver: true})
		if err != nil {
			t.Fatal(err)
		}
		var web *http.Server
		url, transport := listen(t, m, handler, func(s *http.Server) { web = s })
		s := &server{hub: h, url: url, transport: transport}
		r := s.subscribe(t, "topic=a")
		if m == modeTaken { // the other is still in its handler, which net/http does not wait for
			if n := h.Sockets(); n != 1 {
				t.Errorf("%d sockets", n)
			}
		}
		if err := web.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "still here"})
		r.want("still here")
		if err := h.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		if e, err := r.decoder.Decode(); err != io.EOF {
			t.Errorf("at the end: %+v, %v", e, err)
		}
		if n := h.Sockets(); n != 0 {
			t.Errorf("%d sockets are left", n)
		}
	})
}

// flushing is middleware's response writer that lets nothing through but flushing.
type flushing struct{ hidden }

func (w flushing) Flush() { w.ResponseWriter.(http.Flusher).Flush() }

// TestTakenNot: a connection that cannot be taken over has its stream all the same.
func TestTakenNot(t *testing.T) {
	check := func(t *testing.T, s *taken) {
		r := s.subscribe(t, "topic=a")
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
		r.want("hi")
		if n, sockets := s.hijacked.Load(), s.hub.Sockets(); n != 0 || sockets != 0 {
			t.Errorf("%d connections were taken over, %d sockets", n, sockets)
		}
		if err := s.hub.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if e, err := r.decoder.Decode(); err != io.EOF {
			t.Errorf("at the end: %+v, %v", e, err)
		}
	}
	t.Run("middleware hides it", func(t *testing.T) {
		check(t, serveTaken(t, modeTaken, hub.Options{}, protocol.Options{}, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(flushing{hidden{w}}, r) })
		}))
	})
	t.Run("HTTP2", func(t *testing.T) { check(t, serveTaken(t, modeHTTP2, hub.Options{}, protocol.Options{}, nil)) })
	t.Run("h2c", func(t *testing.T) { check(t, serveTaken(t, modeH2C, hub.Options{}, protocol.Options{}, nil)) })
	t.Run("HTTP1 with TLS", func(t *testing.T) {
		h := newHub(t, hub.Options{})
		handler, err := protocol.Handler(h, protocol.Options{TakeOver: true})
		if err != nil {
			t.Fatal(err)
		}
		s := new(taken)
		ts := httptest.NewUnstartedServer(handler)
		ts.Config.ConnState = func(_ net.Conn, state http.ConnState) {
			if state == http.StateHijacked {
				s.hijacked.Add(1)
			}
		}
		ts.StartTLS()
		t.Cleanup(ts.Close)
		t.Cleanup(func() { h.Close() })
		s.server = &server{hub: h, url: ts.URL, transport: ts.Client().Transport.(*http.Transport)}
		check(t, s)
	})
}
