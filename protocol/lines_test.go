package protocol_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

const ndjson = "application/x-ndjson"

// lineResult is the answer to a line as clients see it.
type lineResult struct {
	ID       string
	Replayed bool
	Line     int
	Status   int
	Detail   string
	Field    string
	Limit    string
	Max      int64
}

// postLines publishes newline-delimited JSON.
func (s *server) postLines(t testing.TB, lines ...string) *http.Response {
	t.Helper()
	return s.request(t, http.MethodPost, "", strings.Join(lines, "\n"), "Content-Type", ndjson)
}

// results publishes lines and returns their answers.
func (s *server) results(t testing.TB, lines ...string) []lineResult {
	t.Helper()
	resp := s.postLines(t, lines...)
	body := readAll(t, resp)
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != ndjson {
		t.Fatalf("%s %s %s", resp.Status, resp.Header.Get("Content-Type"), body)
	}
	var results []lineResult
	for text := range strings.Lines(body) {
		var r lineResult
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatalf("%v in %q", err, text)
		}
		results = append(results, r)
	}
	return results
}

func TestLines(t *testing.T) {
	tests := []struct {
		name string
		line string
		want sse.Event // without the id, if the line has none
	}{
		{"data", `{"topic":"a","data":"hi"}`, sse.Event{Data: "hi"}},
		{"no data", `{"topic":"a"}`, sse.Event{}},
		{"several topics", `{"topics":["b","a"],"data":"x"}`, sse.Event{Data: "x"}},
		{"all members", `{"topic":"a","data":"hi","id":"mine","type":"news","retry":1500,"private":true}`, sse.Event{
			ID: "mine", Type: "news", Data: "hi", Retry: 1500 * time.Millisecond,
		}},
		{"all null", `{"topic":"a","topics":null,"id":null,"type":null,"retry":null,"private":null,"key":null}`, sse.Event{}},
		{"retry 0", `{"topic":"a","retry":0}`, sse.Event{Retry: sse.RetryNow}},
		{"long retry", `{"topic":"a","retry":99999999999999999999999999}`, sse.Event{Retry: sse.MaxRetry}},
		{"object", `{"topic":"a","data": { "b" : [ 1.50, "x y", null ], "a" : 1e400 } }`, sse.Event{Data: `{"b":[1.50,"x y",null],"a":1e400}`}},
		{"number", `{"topic":"a","data":12345678901234567890}`, sse.Event{Data: "12345678901234567890"}},
		{"null", `{"topic":"a","data":null}`, sse.Event{Data: "null"}},
		{"characters of HTML in an object", `{"topic":"a","data":{"a":"<&>"}}`, sse.Event{Data: `{"a":"<&>"}`}},
		{"escapes", `{"topic":"\u0061","data":"\u00e9\ud834\udd1e\n2"}`, sse.Event{Data: "é𝄞\n2"}},
		{"half a pair in an object", `{"topic":"a","data":{"a":"\ud834"}}`, sse.Event{Data: `{"a":"\ud834"}`}},
		{"half a pair in an unknown member", `{"topic":"a","data":"x","name":"\ud834"}`, sse.Event{Data: "x"}},
		{"no escape of a pair", `{"topic":"a","data":"\\ud834\ufffd"}`, sse.Event{Data: "\\ud834\ufffd"}},
		{"unknown members", `{"topic":"a","data":"x","name":"y","Idempotency-Key":7}`, sse.Event{Data: "x"}},
		{"blanks around it", "\t {\"topic\":\"a\",\"data\":\"x\"} \r", sse.Event{Data: "x"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := s.subscribe(t, "topic=a")
				results := s.results(t, tt.line)
				if len(results) != 1 || results[0].ID == "" {
					t.Fatalf("answers %+v", results)
				}
				want := tt.want
				if want.ID == "" {
					want.ID = results[0].ID
				}
				if diff := cmp.Diff(want, r.next()); diff != "" || results[0].ID != want.ID {
					t.Errorf("id %q, event (-want +got):\n%s", results[0].ID, diff)
				}
			})
		}
	})
}

// TestLinesRefuse: what is wrong with a line is said of that line, and the others are published.
func TestLinesRefuse(t *testing.T) {
	tests := []struct {
		name   string
		line   string
		status int
		field  string
		words  []string
	}{
		{"not JSON", `topic=a`, 400, "", []string{"not JSON"}},
		{"cut off", `{"topic":"a"`, 400, "", []string{"not JSON", "end"}},
		{"two on a line", `{"topic":"a"}{"topic":"a"}`, 400, "", []string{"not JSON"}},
		{"array", `[{"topic":"a"}]`, 400, "", []string{"array", "object"}},
		{"text", `"a"`, 400, "", []string{"string", "object"}},
		{"null", `null`, 400, "topic", []string{"topic is missing"}},
		{"not UTF-8", "{\"topic\":\"a\",\"data\":\"\xff\"}", 400, "", []string{"UTF-8"}},
		{"high half of a pair", `{"topic":"a","data":"x\ud834y"}`, 400, "data", []string{"surrogate"}},
		{"low half of a pair", `{"topic":"a","data":"\ud834\udd1e\udd1e"}`, 400, "data", []string{"surrogate"}},
		{"two high halves", `{"topic":"a","data":"\uD834\uD834\uDD1E"}`, 400, "data", []string{"surrogate"}},
		{"half a pair at the end", `{"topic":"a","data":"\\\ud834"}`, 400, "data", []string{"surrogate"}},
		{"half a pair in a topic", `{"topics":["a","\ud834"]}`, 400, "topics", []string{"surrogate"}},
		{"half a pair in an id", `{"topic":"a","id":"\ud834"}`, 400, "id", []string{"surrogate"}},
		{"half a pair in a type", `{"topic":"a","type":"\ud834"}`, 400, "type", []string{"surrogate"}},
		{"half a pair in a key", `{"topic":"a","key":"\ud834"}`, 400, "key", []string{"surrogate"}},
		{"no topic", `{"data":"x"}`, 400, "topic", []string{"missing"}},
		{"no topics", `{"topics":[]}`, 400, "topic", []string{"missing"}},
		{"empty topic", `{"topics":["a",""]}`, 400, "topic", []string{"empty"}},
		{"topic and topics", `{"topic":"a","topics":["b"]}`, 400, "topics", []string{"mixed"}},
		{"topic is a number", `{"topic":1}`, 400, "topic", []string{`"topic"`, "number"}},
		{"topics are a text", `{"topics":"a"}`, 400, "topics", []string{`"topics"`, "string"}},
		{"reserved topic", `{"topic":"/.well-known/mercure"}`, 400, "topic", []string{"namespace"}},
		{"wildcard", `{"topic":"*"}`, 400, "topic", []string{`"*"`}},
		{"private is a text", `{"topic":"a","private":"yes"}`, 400, "private", []string{`"private"`, "string"}},
		{"id of the hub's", `{"topic":"a","id":"#x"}`, 400, "id", []string{`"#"`}},
		{"reserved type", `{"topic":"a","type":"tidings.gap"}`, 400, "type", []string{"reserved"}},
		{"retry is a text", `{"topic":"a","retry":"1"}`, 400, "retry", []string{"digits"}},
		{"retry is negative", `{"topic":"a","retry":-1}`, 400, "retry", []string{"digits"}},
		{"retry is a fraction", `{"topic":"a","retry":1.5}`, 400, "retry", []string{"digits"}},
		{"key is empty", `{"topic":"a","key":" "}`, 400, "key", []string{"empty"}},
		{"long key", `{"topic":"a","key":"` + strings.Repeat("x", 256) + `"}`, 400, "key", []string{"256", "255"}},
		{"control character in key", `{"topic":"a","key":"a\u0000"}`, 400, "key", []string{"U+0000"}},
		{"key is used for something else", `{"topic":"b","key":"used"}`, 422, "key", []string{"another update"}},
		{"not granted", `{"topic":"forbidden"}`, 403, "topic", []string{"not granted"}},
		{"long type", `{"topic":"a","type":"` + strings.Repeat("x", 257) + `"}`, 413, "type", []string{"TypeBytes"}},
	}
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) {
				return protocol.Access{Grant: topic.Grant{Publish: topic.Matchers{topic.Exact("a"), topic.Exact("b")}}}, nil
			}),
		})
		s.results(t, `{"topic":"a","key":"used"}`)
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				r := s.subscribe(t, "topic=*")
				results := s.results(t, `{"topic":"a","data":"before"}`, "", tt.line, `{"topic":"a","data":"behind"}`)
				if len(results) != 3 || results[0].ID == "" || results[2].ID == "" {
					t.Fatalf("answers %+v", results)
				}
				got := results[1]
				if got.Status != tt.status || got.Field != tt.field || got.ID != "" || got.Line != 3 {
					t.Errorf("answer %+v, want status %d for field %q of line 3", got, tt.status, tt.field)
				}
				for _, w := range tt.words {
					if !strings.Contains(got.Detail, w) {
						t.Errorf("detail %q does not mention %q", got.Detail, w)
					}
				}
				if tt.status == 413 && (got.Limit == "" || got.Max == 0) {
					t.Errorf("the limit is not named: %+v", got)
				}
				r.want("before", "behind")
			})
		}
	})
}

// TestLinesInOrder: one answer for each line that is not empty, and the events in the order of the lines.
func TestLinesInOrder(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, "topic=a")
		const n = 2000
		lines := []string{"", "\r"}
		for i := range n {
			lines = append(lines, fmt.Sprintf(`{"topic":"a","data":%d}`, i))
		}
		results := s.results(t, append(lines, "", "")...)
		if len(results) != n {
			t.Fatalf("%d answers", len(results))
		}
		for i := range n {
			if e := r.next(); e.Data != fmt.Sprint(i) || e.ID != results[i].ID {
				t.Fatalf("event %+v, want %d with id %s", e, i, results[i].ID)
			}
		}
		if results := s.results(t, ""); len(results) != 0 {
			t.Errorf("no lines have answers %+v", results)
		}
	})
}

// TestLinesBeyondLimits: then nothing is published.
func TestLinesBeyondLimits(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{Authorizer: protocol.AllowAll(), MaxBodyBytes: 10_000, MaxLines: 5})
		const line = `{"topic":"a"}`
		p := wantProblem(t, s.postLines(t, line, line, line, "", line, line, line), 413, "", "MaxLines", "5")
		if p.Limit != "MaxLines" || p.Max != 5 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		long := `{"topic":"a","data":"` + strings.Repeat("x", 10_000-2*len(line)) + `"}`
		p = wantProblem(t, s.postLines(t, line, long), 413, "", "MaxBodyBytes", "10000")
		if p.Limit != "MaxBodyBytes" || p.Max != 10_000 {
			t.Errorf("limit %s of %d", p.Limit, p.Max)
		}
		if head := s.hub.Head(); head.Offset != 0 {
			t.Errorf("head is %v after refusals", head)
		}
		exact := `{"topic":"a","data":"` + strings.Repeat("x", 10_000-len(`{"topic":"a","data":""}`)) + `"}`
		if got := s.results(t, exact); len(got) != 1 || got[0].ID == "" {
			t.Errorf("a line as long as the limit: %+v", got)
		}
		if got := s.results(t, line, line, line, line, line, "\n\n"); len(got) != 5 {
			t.Errorf("as many lines as the limit: %+v", got)
		}
	})
}

// TestLinesBrokenOff: a body that ends early publishes nothing, also of what had come whole.
func TestLinesBrokenOff(t *testing.T) {
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		t.Fatal(err)
	}
	body := io.MultiReader(strings.NewReader(`{"topic":"a"}`+"\n"+`{"topic":"b"}`), iotest.ErrReader(io.ErrUnexpectedEOF))
	r := httptest.NewRequest(http.MethodPost, protocol.DefaultPath, body)
	r.Header.Set("Content-Type", ndjson)
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	wantProblem(t, w.Result(), http.StatusBadRequest, "", "body")
	if head := h.Head(); head.Offset != 0 {
		t.Errorf("head is %v", head)
	}
}

// TestLinesAreOneBatch: lines wait together and become durable together.
func TestLinesAreOneBatch(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		batches := make(chan int, 10)
		s := serve(t, m, hub.Options{Observer: hub.Observer{Committed: func(n int) { batches <- n }}},
			protocol.Options{Authorizer: protocol.AllowAll()})
		s.results(t, `{"topic":"a"}`, `x`, `{"topic":"b"}`, `{"topic":"c"}`)
		if n := wait(t, batches, "batch"); n != 3 {
			t.Errorf("a batch of %d", n)
		}
	})
}

// TestLinesArePrivate: only true makes an update private.
func TestLinesArePrivate(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
				return protocol.Access{Grant: topic.Grant{Publish: topic.All().Publish}}, nil
			}),
		})
		r := s.subscribe(t, "topic=a")
		s.results(t, `{"topic":"a","data":"secret","private":true}`, `{"topic":"a","data":"public","private":false}`)
		r.want("public")
	})
}

// TestLinesAnswerPlainly: an id is found in the answer by a search for its text.
func TestLinesAnswerPlainly(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		body := readAll(t, open(t, m).postLines(t, `{"topic":"a","id":"/a?b=<1>&c=2"}`))
		if want := `{"id":"/a?b=<1>&c=2"}` + "\n"; body != want {
			t.Errorf("answer %q, want %q", body, want)
		}
	})
}

func TestLinesRefuseTheHeader(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		resp := s.request(t, http.MethodPost, "", `{"topic":"a"}`, "Content-Type", ndjson, "Idempotency-Key", "k")
		wantProblem(t, resp, 400, "Idempotency-Key", `"key"`)
		if head := s.hub.Head(); head != (eventlog.Position{Epoch: head.Epoch}) {
			t.Errorf("head is %v", head)
		}
	})
}

func TestLinesIdempotent(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, "topic=a")
		const line = `{"topic":"a","data":"once","key":"k"}`
		first := s.results(t, line, `{"topic":"a","data":"no key"}`, line)
		if len(first) != 3 || first[0].Replayed || !first[2].Replayed || first[2].ID != first[0].ID {
			t.Errorf("twice in a batch: %+v", first)
		}
		again := s.results(t, line)
		if len(again) != 1 || !again[0].Replayed || again[0].ID != first[0].ID {
			t.Errorf("in another batch: %+v, first %+v", again, first)
		}
		// A form is the same publisher's.
		if id := s.post(t, "topic=a&data=once", "Idempotency-Key", "k"); id != first[0].ID {
			t.Errorf("as a form: %q, want %q", id, first[0].ID)
		}
		s.post(t, "topic=a&data=end")
		r.want("once", "no key", "end")
	})
}

// TestLinesBeyondTheQueue: a body whose updates could never wait together is refused for good, as too long, and not asked
// for again. In two parts it is taken.
func TestLinesBeyondTheQueue(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		limits := hub.Limits{Topics: 1, TopicBytes: 10, IDBytes: 10, TypeBytes: 10, DataBytes: 1000, KeyBytes: 10, QueueBytes: 1100}
		s := serve(t, m, hub.Options{Limits: limits}, protocol.Options{Authorizer: protocol.AllowAll()})
		line := `{"topic":"a","data":"` + strings.Repeat("x", 600) + `"}`
		resp := s.postLines(t, line, line)
		p := wantProblem(t, resp, http.StatusRequestEntityTooLarge, "", "of all updates together is 1202, the limit QueueBytes is 1100")
		if again := resp.Header.Get("Retry-After"); p.Limit != "QueueBytes" || p.Max != 1100 || again != "" {
			t.Errorf("limit %q of %d, Retry-After %q", p.Limit, p.Max, again)
		}
		s.results(t, line)
		s.results(t, line)
	})
}
