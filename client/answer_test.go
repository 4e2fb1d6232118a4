package client_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/ssetest"
)

// What an answer other than a stream leads to: the end, or another attempt.
func TestStatus(t *testing.T) {
	retried := map[int]bool{408: true, 425: true, 429: true, 500: true, 502: true, 503: true, 504: true, 507: true, 599: true}
	for _, status := range []int{
		201, 205, 206, 210, 299, 300, 304, 400, 401, 403, 404, 405, 408, 410, 421, 425, 429, 500, 501, 502, 503, 504, 505, 507, 599,
	} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			server := ssetest.NewServer(t,
				ssetest.Script{ssetest.Answer(status, "Retry-After", "60")}, ssetest.Script{ssetest.Send("data: x\n\n")})
			var seen states
			events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{OnState: seen.add})))
			if retried[status] {
				if err != nil || data(events) != "x" {
					t.Fatalf("received %+v, %v", events, err)
				}
				err = seen.waits()[0].Err
			} else if n := len(server.Requests()); n != 1 {
				t.Errorf("%d requests, want 1", n)
			}
			if failed, ok := errors.AsType[*client.StatusError](err); !ok || failed.Code != status {
				t.Errorf("error %v", err)
			}
		})
	}
}

func TestNoContentEndsTheLoop(t *testing.T) {
	server := ssetest.NewServer(t)
	var seen states
	events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{OnState: seen.add})))
	if err != nil || len(events) != 0 || len(server.Requests()) != 1 {
		t.Errorf("events %+v, %v, %d requests", events, err, len(server.Requests()))
	}
	if len(seen) != 1 || seen[0] != (client.State{Phase: client.Connecting, Attempt: 1}) {
		t.Errorf("states %+v", seen)
	}
}

func TestContentType(t *testing.T) {
	for given, good := range map[string]bool{
		"text/event-stream": true, "text/event-stream;bogus": true, "text/event-stream; charset=latin1": true,
		"text/event-stream;": true, "TEXT/Event-Stream ; x": true,
		"": false, "text/plain": false, "text/event-stream2": false, "x-text/event-stream": false, "text/event-stream, text/plain": false,
	} {
		t.Run(given, func(t *testing.T) {
			server := ssetest.NewServer(t,
				ssetest.Script{ssetest.Answer(200, "Content-Type", given), ssetest.Send("data: ä\n\n")})
			events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
			if good {
				if err != nil || data(events) != "ä" {
					t.Errorf("received %+v, %v", events, err)
				}
				return
			}
			wrong, ok := errors.AsType[*client.ContentError](err)
			if !ok || wrong.Type != given || len(events) != 0 || len(server.Requests()) != 1 {
				t.Errorf("received %+v, %v after %d requests", events, err, len(server.Requests()))
			}
		})
	}
}

// A stream that is encoded as nobody asked for would be read as one without events.
func TestContentEncoding(t *testing.T) {
	for encoding, good := range map[string]bool{"identity": true, "br": false} {
		server := ssetest.NewServer(t, ssetest.Script{
			ssetest.Answer(200, "Content-Type", "text/event-stream", "Content-Encoding", encoding), ssetest.Send("data: x\n\n"),
		})
		_, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
		wrong, ok := errors.AsType[*client.ContentError](err)
		if ok == good || ok && (wrong.Encoding != encoding || !strings.Contains(err.Error(), encoding)) {
			t.Errorf("%s: %v", encoding, err)
		}
	}
}

func TestCheckStatus(t *testing.T) {
	errGone := errors.New("gone for good")
	server := ssetest.NewServer(t,
		ssetest.Script{ssetest.Raw("HTTP/1.1 401 Unauthorized\r\nContent-Length: 5\r\n\r\nlater")},
		ssetest.Script{ssetest.Answer(401)}, ssetest.Script{ssetest.Answer(503)})
	_, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{CheckStatus: func(resp *http.Response) error {
		body, err := io.ReadAll(resp.Body)
		switch {
		case err != nil:
			t.Error(err)
		case resp.StatusCode == 503:
			return errGone
		case string(body) == "later":
			return nil
		}
		if client.CheckStatus(resp) == nil {
			t.Errorf("the default policy tries again on %s", resp.Status)
		}
		return nil
	}})))
	if err != errGone || len(server.Requests()) != 3 {
		t.Errorf("error %v after %d requests", err, len(server.Requests()))
	}
}

func TestRedirects(t *testing.T) {
	stream := ssetest.Script{ssetest.Send("id: 1\ndata: x\n\n")}
	for _, status := range []int{301, 302, 303, 307, 308} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			aim := ssetest.NewServer(t, stream)
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(status, "Location", aim.URL+"/there")})
			events, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{LastEventID: "0"})))
			if err != nil || data(events) != "x" {
				t.Errorf("received %+v, %v", events, err)
			}
			if r := aim.Wait(1); r.Target != "/there" || r.Header.Get("Last-Event-ID") != "0" {
				t.Errorf("arrived as %+v", r)
			}
			if n := len(server.Requests()); n != 2 {
				t.Errorf("%d requests to the URL that was given, want 2", n)
			}
		})
	}
	for name, header := range map[string][]string{"no Location": nil, "empty Location": {"Location", ""}} {
		t.Run(name, func(t *testing.T) {
			server := ssetest.NewServer(t, ssetest.Script{ssetest.Answer(307, header...)})
			_, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
			if status, ok := errors.AsType[*client.StatusError](err); !ok || status.Code != 307 {
				t.Errorf("error %v", err)
			}
		})
	}
	t.Run("in a circle", func(t *testing.T) {
		var server *ssetest.Server
		scripts := make([]ssetest.Script, 20)
		for i := range scripts {
			scripts[i] = ssetest.Script{ssetest.Answer(302, "Location", "/again")}
		}
		server = ssetest.NewServer(t, scripts...)
		_, err := all(t.Context(), newSource(t, server.URL, soon(client.Options{})))
		if err == nil || !strings.Contains(err.Error(), "redirects") || len(server.Requests()) != 10 {
			t.Errorf("error %v after %d requests", err, len(server.Requests()))
		}
	})
}

// What is beyond a limit would come again after a reconnect.
func TestLimitsEndTheLoop(t *testing.T) {
	for what, o := range map[string]client.Options{"line": {MaxLine: 20}, "event": {MaxEvent: 20}} {
		server := ssetest.NewServer(t, ssetest.Script{ssetest.Send("id: 1\ndata: ok\n\ndata: 123456789\ndata: 123456789012345\n\n")})
		events, err := all(t.Context(), newSource(t, server.URL, soon(o)))
		limit, ok := errors.AsType[*sse.LimitError](err)
		if !ok || limit.What != what || limit.Limit != 20 || data(events) != "ok" || len(server.Requests()) != 1 {
			t.Errorf("%s: received %+v, %v after %d requests", what, events, err, len(server.Requests()))
		}
	}
}
