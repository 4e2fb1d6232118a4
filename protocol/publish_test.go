package protocol_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

func publish(t testing.TB, h *hub.Hub, u eventlog.Update) string {
	t.Helper()
	receipt, err := h.Publish(context.Background(), u, topic.All())
	if err != nil {
		t.Fatal(err)
	}
	return receipt.ID
}

func TestPublish(t *testing.T) {
	tests := []struct {
		name string
		form string
		want sse.Event // without the id, if the form has none
	}{
		{"data", "topic=a&data=hi", sse.Event{Data: "hi"}},
		{"no data", "topic=a", sse.Event{}},
		{"all fields", "topic=b&topic=a&data=hi&id=mine&type=news&retry=1500&private", sse.Event{
			ID: "mine", Type: "news", Data: "hi", Retry: 1500 * time.Millisecond,
		}},
		{"retry 0", "topic=a&retry=0", sse.Event{Retry: sse.RetryNow}},
		{"long retry", "topic=a&retry=99999999999999999999999999", sse.Event{Retry: sse.MaxRetry}},
		{"retry with leading zeros", "topic=a&retry=0020", sse.Event{Retry: 20 * time.Millisecond}},
		{"lines", "topic=a&data=1%0D%0A2%0D3%0A4%0A", sse.Event{Data: "1\n2\n3\n4\n"}},
		{"form decoding", "topic=a&data=1+2%2B3;x=4%zz%", sse.Event{Data: "1 2+3;x=4%zz%"}},
		{"equals signs are data", "topic=a&data=a=b=c", sse.Event{Data: "a=b=c"}},
		{"empty pairs", "&&topic=a&&data=x&", sse.Event{Data: "x"}},
		{"the first field counts", "topic=a&data=1&data=2&id=x&id=y&type=t&type=u&retry=1&retry=z", sse.Event{
			ID: "x", Type: "t", Data: "1", Retry: time.Millisecond,
		}},
		{"an empty first field counts", "topic=a&data=&data=2", sse.Event{}},
		{"unknown fields", "topic=a&data=1&foo=%ff&Data=2&match=x&matchers", sse.Event{Data: "1"}},
		{"empty id and type", "topic=a&data=1&id=&type=", sse.Event{Data: "1"}},
		{"unusual id", "topic=a&id=" + url.QueryEscape(`id-["é ☃"]`), sse.Event{ID: `id-["é ☃"]`}},
		{"reserved names elsewhere", "topic=error&topic=a&data=open&id=mercure", sse.Event{ID: "mercure", Data: "open"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := s.subscribe(t, "topic=a")
				resp := s.request(t, http.MethodPost, "", tt.form)
				id := readAll(t, resp)
				if resp.StatusCode != http.StatusOK {
					t.Fatalf("%s %s", resp.Status, id)
				}
				if got := resp.Header.Get("Content-Type"); got != "text/plain; charset=utf-8" {
					t.Errorf("Content-Type %q", got)
				}
				want := tt.want
				if want.ID == "" {
					want.ID = id
					if _, ok := eventlog.ParsePosition(id); !ok {
						t.Errorf("generated id %q is no position", id)
					}
				}
				if id != want.ID {
					t.Errorf("body is %q, want the id %q", id, want.ID)
				}
				if diff := cmp.Diff(want, r.next()); diff != "" {
					t.Errorf("event (-want +got):\n%s", diff)
				}
			})
		}
	})
}

func TestPublishRefuses(t *testing.T) {
	long := strings.Repeat("x", 5000)
	tests := []struct {
		name   string
		form   string
		status int
		field  string
		words  []string
	}{
		{"no topic", "data=hi", 400, "topic", []string{"topic is missing"}},
		{"nothing", "", 400, "topic", []string{"topic is missing"}},
		{"empty topic", "topic=", 400, "topic", []string{"empty"}},
		{"one empty topic", "topic=a&topic=", 400, "topic", []string{"empty"}},
		{"wildcard", "topic=a&topic=*", 400, "topic", []string{`"*"`}},
		{"control character in topic", "topic=a%00", 400, "topic", []string{"U+0000"}},
		{"format character in topic", "topic=%E2%80%AE", 400, "topic", []string{"U+202E"}},
		{"invalid UTF-8 in topic", "topic=%C3", 400, "topic", []string{"UTF-8"}},
		{"reserved topic", "topic=a&topic=https://other.example/.well-known/mercure/subscriptions", 400, "topic", []string{"namespace", "other.example"}},
		{"invalid UTF-8 in data", "topic=a&data=%ff", 400, "data", []string{"data", "UTF-8"}},
		{"line end in id", "topic=a&id=a%0Ab", 400, "id", []string{"id", "U+000A"}},
		{"id of the hub's", "topic=a&id=%23x", 400, "id", []string{`"#"`}},
		{"id earliest", "topic=a&id=earliest", 400, "id", []string{"earliest"}},
		{"type open", "topic=a&type=open", 400, "type", []string{`"open"`}},
		{"type error", "topic=a&type=error", 400, "type", []string{`"error"`}},
		{"type mercure", "topic=a&type=mercure", 400, "type", []string{`"mercure"`}},
		{"type of a signal", "topic=a&type=tidings.gap", 400, "type", []string{`"tidings.gap"`}},
		{"NUL in type", "topic=a&type=%00", 400, "type", []string{"U+0000"}},
		{"retry is no number", "topic=a&retry=1s", 400, "retry", []string{"digits", `"1s"`}},
		{"retry is negative", "topic=a&retry=-1", 400, "retry", []string{"digits"}},
		{"retry is signed", "topic=a&retry=%2B1", 400, "retry", []string{"digits"}},
		{"retry in other digits", "topic=a&retry=%D9%A1", 400, "retry", []string{"digits"}},
		{"retry is empty", "topic=a&retry=", 400, "retry", []string{"retry", "empty"}},
		{"too many topics", strings.Repeat("topic=a&", 101), 413, "topic", []string{"Topics", "101", "100"}},
		{"long topic", "topic=" + long, 413, "topic", []string{"TopicBytes", "5000", "4096"}},
		{"long id", "topic=a&id=" + long, 413, "id", []string{"IDBytes", "1024"}},
		{"long type", "topic=a&type=" + long, 413, "type", []string{"TypeBytes", "256"}},
		{"long data", "topic=a&data=" + strings.Repeat("%C3%A9", 500_001), 413, "data", []string{"DataBytes", "1000000", "1000002"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, "topic=*")
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				resp := s.request(t, http.MethodPost, "", tt.form)
				wantProblem(t, resp, tt.status, tt.field, tt.words...)
			})
		}
		s.post(t, "topic=a&data=the+first")
		r.want("the first") // and nothing of what was refused
	})
}

func TestPublishOnlyForms(t *testing.T) {
	tests := []struct {
		name        string
		contentType string
		ok          bool
	}{
		{"form", "application/x-www-form-urlencoded", true},
		{"in capitals", "Application/X-WWW-Form-Urlencoded", true},
		{"UTF-8", "application/x-www-form-urlencoded; charset=UTF-8", true},
		{"UTF-8 in quotes", `application/x-www-form-urlencoded;charset="utf-8"`, true},
		{"utf8", "application/x-www-form-urlencoded; charset=utf8", true},
		{"other charset", "application/x-www-form-urlencoded; charset=iso-8859-1", false},
		{"multipart", "multipart/form-data; boundary=x", false},
		{"JSON", "application/json", false},
		{"text", "text/plain", false},
		{"malformed", "application/x-www-form-urlencoded; ;", false},
		{"empty", "", false},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				resp := s.request(t, http.MethodPost, "", "topic=a", "Content-Type", tt.contentType)
				if tt.ok {
					if resp.StatusCode != http.StatusOK {
						t.Fatalf("%s %s", resp.Status, readAll(t, resp))
					}
					return
				}
				wantProblem(t, resp, http.StatusUnsupportedMediaType, "Content-Type", "application/x-www-form-urlencoded", tt.contentType)
			})
		}
	})
}

func TestBodyLimit(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{Authorizer: protocol.AllowAll(), MaxBodyBytes: 100})
		s.post(t, "topic=a&data="+strings.Repeat("x", 100-len("topic=a&data=")))
		resp := s.request(t, http.MethodPost, "", "topic=a&data="+strings.Repeat("x", 101-len("topic=a&data=")))
		if p := wantProblem(t, resp, 413, "", "MaxBodyBytes", "100"); p.Limit != "MaxBodyBytes" || p.Max != 100 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
	})
}

// TestDefaultBodyLimit: an update at the hub's limits can be published with every byte escaped, and what is far
// beyond is not read.
// roomOf is a body of which nothing comes, and which remembers for how much of it there was room.
type roomOf struct{ most int }

func (r *roomOf) Read(p []byte) (int, error) {
	r.most = max(r.most, len(p))
	return 0, io.ErrUnexpectedEOF
}

// TestDeclaredBodyTakesNoRoom: what a client says that it is going to send takes memory only as it comes.
func TestDeclaredBodyTakesNoRoom(t *testing.T) {
	handler, err := protocol.Handler(newHub(t, hub.Options{}), protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		t.Fatal(err)
	}
	for _, method := range []string{http.MethodPost, "QUERY"} {
		t.Run(method, func(t *testing.T) {
			body := new(roomOf)
			r := httptest.NewRequest(method, protocol.DefaultPath, body)
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.ContentLength = 1 << 20
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, r)
			if w.Code != http.StatusBadRequest {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			if body.most == 0 || body.most > 32<<10 {
				t.Errorf("there is room for %d bytes before any has come", body.most)
			}
		})
	}
}

func TestDefaultBodyLimit(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Limits: hub.Limits{DataBytes: 1000, Topics: 2, TopicBytes: 50}},
			protocol.Options{Authorizer: protocol.AllowAll()})
		full := strings.Repeat("topic="+strings.Repeat("%61", 50)+"&", 2) + "data=" + strings.Repeat("%62", 1000)
		s.post(t, full)
		wantProblem(t, s.request(t, http.MethodPost, "", full+"%62"), 413, "data", "DataBytes", "1001")
		wantProblem(t, s.request(t, http.MethodPost, "", full+strings.Repeat("x", 100_000)), 413, "", "MaxBodyBytes")
	})
}

func TestPublishNeedsAGrant(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) {
				return protocol.Access{Grant: topic.Grant{Publish: topic.Matchers{topic.Exact("a"), topic.Exact("b")}}}, nil
			}),
		})
		r := s.subscribe(t, "topic=*")
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=c"), 403, "topic", "not granted")
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=a&topic=c"), 403, "topic", "not granted")
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=c&type=mercure"), 400, "type") // whatever the grant
		s.post(t, "topic=a&topic=b&data=granted")
		r.want("granted")
	})
}

func TestPublishWithoutAuthorizer(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{})
		wantProblem(t, s.request(t, http.MethodPost, "", "topic=a"), 403, "", "not open")
	})
}

// slowLog is a log whose Append waits for the test.
type slowLog struct {
	eventlog.Log
	begun chan struct{}
	gate  chan struct{}
}

func (l *slowLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	l.begun <- struct{}{}
	<-l.gate
	return l.Log.Append(ctx, batch)
}

func newMemory(t testing.TB, r eventlog.Retention) *eventlog.Memory {
	t.Helper()
	log, err := eventlog.NewMemory(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

func TestPublishBeyondTheQueue(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := &slowLog{
			Log:   newMemory(t, eventlog.Retention{}),
			begun: make(chan struct{}, 10), gate: make(chan struct{}),
		}
		limits := hub.Limits{Topics: 1, TopicBytes: 10, IDBytes: 10, TypeBytes: 10, DataBytes: 1000, KeyBytes: 10, QueueBytes: 1100}
		s := serve(t, m, hub.Options{Log: log, Limits: limits}, protocol.Options{Authorizer: protocol.AllowAll()})
		form := "topic=a&data=" + strings.Repeat("x", 1000)
		responses := make(chan *http.Response, 4)
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		post := func() {
			resp, err := s.do(ctx, http.MethodPost, "", form)
			if err != nil {
				t.Error(err)
				return
			}
			responses <- resp
		}
		go post()
		wait(t, log.begun, "Append") // the first is with the log, so that there is room for one more
		for range 3 {
			go post()
		}
		for range 2 {
			resp := wait(t, responses, "refusal")
			if p := wantProblem(t, resp, 503, ""); p.Limit != "QueueBytes" || resp.Header.Get("Retry-After") != "1" {
				t.Errorf("limit %q, Retry-After %q", p.Limit, resp.Header.Get("Retry-After"))
			}
			resp.Body.Close()
		}
		close(log.gate)
		for range 2 {
			resp := wait(t, responses, "answer")
			if resp.StatusCode != http.StatusOK {
				t.Errorf("%s after the log went on", resp.Status)
			}
			resp.Body.Close()
		}
	})
}

// TestPublishBrokenOff: a body that ends early publishes nothing.
func TestPublishBrokenOff(t *testing.T) {
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		t.Fatal(err)
	}
	body := io.MultiReader(strings.NewReader("topic=a&data=half"), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequest(http.MethodPost, protocol.DefaultPath, body)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	wantProblem(t, w.Result(), http.StatusBadRequest, "", "body")
	if head := h.Head(); head.Offset != 0 {
		t.Errorf("head is %v", head)
	}
}
