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
}

// wantProblem reads a refusal and checks that it says everything that it must.
func wantProblem(t *testing.T, resp *http.Response, status int, field string, words ...string) problem {
	t.Helper()
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
	if p.Field != field {
		t.Errorf("field %q is named, want %q: %s", p.Field, field, p.Detail)
	}
	if p.Detail == "" {
		t.Error("no detail")
	}
	for _, w := range words {
		if !strings.Contains(p.Detail, w) {
			t.Errorf("detail %q does not mention %q", p.Detail, w)
		}
	}
	return p
}
