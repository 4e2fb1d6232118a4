package protocol_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

func TestIdempotencyKey(t *testing.T) {
	tests := []struct {
		name        string
		first, then string // keys
		replayed    bool
	}{
		{"same", "k", "k", true},
		{"blanks around it", "k", "\t k ", true},
		{"another", "k", "K", false},
		{"quotes are a part of it", "k", `"k"`, false},
		{"UTF-8", "ké", "ké", true},
		{"longest", strings.Repeat("x", 255), strings.Repeat("x", 255), true},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := open(t, m)
				r := s.subscribe(t, "topic=a")
				first := s.request(t, http.MethodPost, "", "topic=a&data=x", "Idempotency-Key", tt.first)
				id := readAll(t, first)
				if first.StatusCode != 200 || first.Header.Get("Idempotency-Replayed") != "" {
					t.Fatalf("%s, replayed %q", first.Status, first.Header.Get("Idempotency-Replayed"))
				}
				then := s.request(t, http.MethodPost, "", "topic=a&data=x", "Idempotency-Key", tt.then)
				again := readAll(t, then)
				if then.StatusCode != 200 || (again == id) != tt.replayed || (then.Header.Get("Idempotency-Replayed") == "true") != tt.replayed {
					t.Errorf("%s, id %q after %q, replayed %q", then.Status, again, id, then.Header.Get("Idempotency-Replayed"))
				}
				s.post(t, "topic=a&data=end")
				if !tt.replayed {
					r.want("x")
				}
				r.want("x", "end")
			})
		}
	})
}

// TestIdempotencyKeyKeepsThePublishersID: the answer is the id that subscribers see.
func TestIdempotencyKeyKeepsThePublishersID(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		for range 2 {
			if id := s.post(t, "topic=a&id=mine", "Idempotency-Key", "k"); id != "mine" {
				t.Errorf("id %q", id)
			}
		}
		if head := s.hub.Head(); head.Offset != 1 {
			t.Errorf("head is %v", head)
		}
	})
}

// TestIdempotencyKeyReused: with the key of another update nothing is published, whatever differs.
func TestIdempotencyKeyReused(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		first := s.post(t, "topic=a&data=x", "Idempotency-Key", "k")
		for _, form := range []string{
			"topic=a&data=y", "topic=b&data=x", "topic=a&topic=b&data=x", "topic=a&data=x&private",
			"topic=a&data=x&id=i", "topic=a&data=x&type=t", "topic=a&data=x&retry=0",
		} {
			resp := s.request(t, http.MethodPost, "", form, "Idempotency-Key", "k")
			wantProblem(t, resp, http.StatusUnprocessableEntity, "Idempotency-Key", "another update")
		}
		if id := s.post(t, "topic=a&data=x", "Idempotency-Key", "k"); id != first || s.hub.Head().Offset != 1 {
			t.Errorf("id %q, want %q; head %v", id, first, s.hub.Head())
		}
	})
}

func TestIdempotencyKeyRefuses(t *testing.T) {
	tests := []struct {
		name   string
		values []string
		words  []string
		limit  string
	}{
		{"empty", []string{""}, []string{"empty"}, ""},
		{"blank", []string{" \t"}, []string{"empty"}, ""},
		{"long", []string{strings.Repeat("x", 256)}, []string{"256", "255"}, ""},
		{"longer than the hub's limit, with its scope", []string{strings.Repeat("x", 197)}, []string{"KeyBytes", "200", "201"}, "KeyBytes"},
		{"different", []string{"a", "b"}, []string{`"a"`, `"b"`}, ""},
		{"format character", []string{"a\u200db"}, []string{"U+200D"}, ""},
		{"not UTF-8", []string{"\xff"}, []string{"UTF-8"}, ""},
	}
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{Limits: hub.Limits{KeyBytes: 200}}, protocol.Options{Authorizer: protocol.AllowAll()})
		post := func(values ...string) *http.Response {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader("topic=a"))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header["Idempotency-Key"] = values
			resp, err := s.transport.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { resp.Body.Close() })
			return resp
		}
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				if p := wantProblem(t, post(tt.values...), 400, "Idempotency-Key", tt.words...); p.Limit != tt.limit {
					t.Errorf("limit %q, want %q", p.Limit, tt.limit)
				}
			})
		}
		if resp := post("same", " same "); resp.StatusCode != 200 {
			t.Errorf("twice the same: %s", resp.Status)
		}
		if head := s.hub.Head(); head.Offset != 1 {
			t.Errorf("head is %v", head)
		}
	})
}

// TestIdempotencyKeyInFlight: what has the key of a publication that is under way waits for it, and gets its id.
func TestIdempotencyKeyInFlight(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		log := &slowLog{Log: newMemory(t, eventlog.Retention{}), begun: make(chan struct{}, 100), gate: make(chan struct{})}
		s := serve(t, m, hub.Options{Log: log}, protocol.Options{Authorizer: protocol.AllowAll()})
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		type answer struct {
			id       string
			replayed bool
		}
		answers := make(chan answer, 20)
		post := func() {
			resp, err := s.do(ctx, http.MethodPost, "", "topic=a&data=once", "Idempotency-Key", "k")
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			body, err := io.ReadAll(resp.Body)
			if err != nil || resp.StatusCode != http.StatusOK {
				t.Errorf("%s %s %v", resp.Status, body, err)
			}
			answers <- answer{string(body), resp.Header.Get("Idempotency-Replayed") == "true"}
		}
		var posts sync.WaitGroup
		posts.Go(post)
		wait(t, log.begun, "Append")
		for range 9 {
			posts.Go(post)
		}
		select {
		case a := <-answers:
			t.Errorf("answered %+v before the first was durable", a)
		default:
		}
		close(log.gate)
		posts.Wait()
		close(answers)
		ids, fresh, n := map[string]bool{}, 0, 0
		for a := range answers {
			n++
			ids[a.id] = true
			if !a.replayed {
				fresh++
			}
		}
		if n != 10 || len(ids) != 1 || fresh != 1 || s.hub.Head().Offset != 1 {
			t.Errorf("%d answers, ids %v, %d not replayed, head %v", n, ids, fresh, s.hub.Head())
		}
	})
}

func TestForeignPageUsesKeys(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serveFriend(t, m)
		resp := s.request(t, http.MethodOptions, "", "", "Origin", friend,
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "idempotency-key")
		if got := resp.Header.Get("Access-Control-Allow-Headers"); !strings.Contains(got, "Idempotency-Key") {
			t.Errorf("allowed are %s", got)
		}
		resp = s.request(t, http.MethodPost, "", "topic=a", "Origin", friend, "Idempotency-Key", "k")
		if got := resp.Header.Get("Access-Control-Expose-Headers"); !strings.Contains(got, "Idempotency-Replayed") {
			t.Errorf("exposed are %s", got)
		}
	})
}
