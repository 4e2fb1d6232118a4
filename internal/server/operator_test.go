package server_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/topic"
)

const operatorToken = "the-operator's-token-of-32-bytes-"

// operated is a hub with an operator's API, and the reasons for which its streams ended.
type operated struct {
	hub         *hub.Hub
	url         string
	revocations *auth.Revocations
	ended       chan fanout.EndReason
}

func operate(t *testing.T) *operated {
	t.Helper()
	revocations, err := auth.OpenRevocations(filepath.Join(t.TempDir(), "revoked"), 100, nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &operated{revocations: revocations, ended: make(chan fanout.EndReason, 10)}
	metrics := new(server.Metrics)
	options := hub.Options{Observer: metrics.Updates(hub.Observer{})}
	options.Fanout.Observer = metrics.Subscribers(fanout.Observer{
		Ended: func(_ fanout.SubscriberID, why fanout.EndReason) { o.ended <- why },
	})
	if o.hub, err = hub.New(options); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.hub.Close() })
	handler, err := server.NewOperator(server.OperatorOptions{
		Token: operatorToken, Hub: o.hub, Metrics: metrics, Revocations: revocations,
	})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	o.url = s.URL
	return o
}

// ask sends a request with the operator's token, and returns the status and body of its answer.
func (o *operated) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	return o.askAs(t, "bearer "+operatorToken, method, path, body)
}

func (o *operated) askAs(t *testing.T, credentials, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, o.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if credentials != "" {
		r.Header.Set("Authorization", credentials)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// subscribe opens a stream that belongs to the bearer of token, nil for nobody's.
func (o *operated) subscribe(t *testing.T, token *auth.Token) {
	t.Helper()
	request := hub.Request{Matchers: topic.Matchers{topic.Any()}}
	if token != nil {
		request.Bearer = token
	}
	sub, err := o.hub.Subscribe(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	sink := fanout.NewResponseSink(time.Minute, fanout.FormEvent)
	if _, err := sub.Attach(sink); err != nil {
		t.Fatal(err)
	}
	go func() { _ = sink.Run(context.Background(), httptest.NewRecorder()) }() // the Observer tells how it ends
}

func TestOperatorToken(t *testing.T) {
	o := operate(t)
	for name, credentials := range map[string]string{
		"none": "", "another": "Bearer " + strings.Repeat("x", 33), "a part": "Bearer " + operatorToken[:32],
		"another scheme": "Basic " + operatorToken, "the token alone": operatorToken, "empty": "Bearer ",
	} {
		for _, path := range []string{"/state", "/metrics", "/revocations", "/nothing"} {
			if status, _ := o.askAs(t, credentials, http.MethodGet, path, ""); status != http.StatusUnauthorized {
				t.Errorf("%s: GET %s is answered %d", name, path, status)
			}
		}
	}
	if status, body := o.askAs(t, "", http.MethodGet, "/healthz", ""); status != http.StatusOK || body != "ok\n" {
		t.Errorf("GET /healthz: %d %q", status, body)
	}
	if status, _ := o.ask(t, http.MethodGet, "/state", ""); status != http.StatusOK {
		t.Errorf("GET /state: %d", status)
	}
	if _, err := server.NewOperator(server.OperatorOptions{Token: "short", Hub: o.hub}); err == nil {
		t.Error("a short token is accepted")
	}
}

// TestRevoke: the streams of who has the token end at once, others' do not, and the revocation is kept.
func TestRevoke(t *testing.T) {
	o := operate(t)
	o.subscribe(t, &auth.Token{ID: "1", Subject: "ann"})
	o.subscribe(t, &auth.Token{ID: "2", Subject: "ann"})
	o.subscribe(t, &auth.Token{ID: "3", Subject: "bob"})
	o.subscribe(t, nil)
	status, body := o.ask(t, http.MethodPost, "/revocations", `{"sub":"ann"}`)
	if status != http.StatusOK || !strings.Contains(body, `"streams":2`) {
		t.Errorf("POST: %d %s", status, body)
	}
	for range 2 {
		if why := <-o.ended; why != fanout.EndRevoked {
			t.Errorf("a stream ended because of %v", why)
		}
	}
	state, err := o.hub.State(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	left := 0
	for _, s := range state.Fanout.Shards {
		left += len(s.Subscribers)
	}
	if left != 2 {
		t.Errorf("%d streams are left, want 2", left)
	}
	if !o.revocations.Revoked(&auth.Token{Subject: "ann"}) {
		t.Error("the revocation is not in force")
	}
	status, body = o.ask(t, http.MethodGet, "/revocations", "")
	var list []auth.Revocation
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != http.StatusOK {
		t.Fatalf("GET: %d %q, %v", status, body, err)
	}
	if diff := cmp.Diff([]auth.Revocation{{Subject: "ann"}}, list); diff != "" {
		t.Errorf("revocations (-want +got):\n%s", diff)
	}
	if status, body = o.ask(t, http.MethodDelete, "/revocations", `[{"sub":"ann"}]`); status != http.StatusOK || !strings.Contains(body, `"removed":1`) {
		t.Errorf("DELETE: %d %s", status, body)
	}
	if o.revocations.Revoked(&auth.Token{Subject: "ann"}) {
		t.Error("the revocation is still in force")
	}
	for bad, why := range map[string]string{
		"": "neither", "x": "neither", `{}`: "must have one", `{"sub":"a","jti":"b"}`: "must have one", `[{"token":"zz"}]`: "hash",
		`[]`: "empty", `{"sub":"a","untill":"2027-01-01T00:00:00Z"}`: "untill", `{"sub":"a","until":"tomorrow"}`: "tomorrow",
		`{"sub":"a"}{"sub":"b"}`: "follows", `null`: "must have one",
	} {
		status, body := o.ask(t, http.MethodPost, "/revocations", bad)
		if status != http.StatusBadRequest || !strings.Contains(body, why) {
			t.Errorf("POST of %q: %d %s, want 400 that says %q", bad, status, body, why)
		}
	}
	if status, _ := o.ask(t, http.MethodPost, "/revocations", strings.Repeat(" ", 2<<20)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("POST of 2 MiB: %d", status)
	}
}

// TestMetrics: what happens is counted under its reason.
func TestMetrics(t *testing.T) {
	o := operate(t)
	o.subscribe(t, &auth.Token{ID: "1"})
	if _, err := o.hub.Publish(t.Context(), eventlog.Update{Topics: []string{"a"}}, topic.All()); err != nil {
		t.Fatal(err)
	}
	if _, err := o.hub.Publish(t.Context(), eventlog.Update{Topics: []string{"a"}}, topic.Grant{}); err == nil {
		t.Fatal("publishing without a grant is not refused")
	}
	if status, _ := o.ask(t, http.MethodPost, "/revocations", `{"jti":"1"}`); status != http.StatusOK {
		t.Fatal(status)
	}
	_, text := o.ask(t, http.MethodGet, "/metrics", "")
	for _, want := range []string{
		"tidings_updates_committed_total 1\n", "tidings_refused_total{reason=\"forbidden\"} 1\n",
		"tidings_ended_total{reason=\"revoked\"} 1\n", "tidings_subscribers 0\n", "tidings_subscribers_attached_total 1\n",
		"tidings_behind_total{reason=\"slow\"} 0\n", "# TYPE tidings_ended_total counter\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics have no %q:\n%s", want, text)
		}
	}
	for _, r := range fanout.EndReasons() {
		if !strings.Contains(text, `tidings_ended_total{reason="`+r.String()+`"}`) {
			t.Errorf("metrics have no reason %v", r)
		}
	}
}
