package protocol_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// problem is what clients see of a refusal.
type problem struct {
	Type   string
	Title  string
	Status int
	Detail string
	Field  string
	Limit  string
	Max    int64

	RequestID string
}

// wantProblem reads a refusal and checks that it says everything that it must.
func wantProblem(t *testing.T, resp *http.Response, status int, field string, words ...string) problem {
	t.Helper()
	p := readProblem(t, resp, status)
	if p.Field != field {
		t.Errorf("field %q is named, want %q: %s", p.Field, field, p.Detail)
	}
	for _, w := range words {
		if !strings.Contains(p.Detail, w) {
			t.Errorf("detail %q does not mention %q", p.Detail, w)
		}
	}
	return p
}

// readProblem reads a refusal and checks what all have.
func readProblem(t *testing.T, resp *http.Response, status int) problem {
	t.Helper()
	if resp.StatusCode == http.StatusOK && resp.Header.Get("Content-Type") == "text/event-stream" {
		t.Fatalf("got a stream, want %d", status)
	}
	body := readAll(t, resp)
	if resp.StatusCode != status {
		t.Fatalf("got %s %s, want %d", resp.Status, body, status)
	}
	if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
		t.Errorf("Content-Type %q", got)
	}
	var p problem
	if err := json.Unmarshal([]byte(body), &p); err != nil {
		t.Fatalf("%v in %s", err, body)
	}
	if p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Status != status {
		t.Errorf("problem %+v does not go with status %d", p, status)
	}
	if p.RequestID != resp.Header.Get("X-Request-Id") {
		t.Errorf("request id %q, X-Request-Id %q", p.RequestID, resp.Header.Get("X-Request-Id"))
	}
	if challenged := resp.Header.Get("WWW-Authenticate") != ""; !challenged && (status == 401 || status == 403) {
		t.Errorf("%d without WWW-Authenticate", status)
	}
	if p.Detail == "" {
		t.Error("no detail")
	}
	return p
}
