package main

import (
	"bufio"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	siteIssuer   = "https://localhost"
	siteResource = "https://localhost/.well-known/mercure"
	siteSecret   = "!ChangeThisMercureHubJWTSecretKey!"
	siteOperator = "an-operators-token-of-many-bytes-x"
)

// startSite runs tidings serve with tokens, the operator's API, and revocations in a file of dir.
func startSite(t *testing.T, dir string) (h *hubProcess, operators string) {
	t.Helper()
	p := start(t, "serve", "--addr", "127.0.0.1:0", "--data", "memory", "--anonymous",
		"--jwt-secret", siteSecret, "--issuer", siteIssuer, "--resource", siteResource,
		"--operator-addr", "127.0.0.1:0", "--operator-token", siteOperator,
		"--revocation-file", filepath.Join(dir, "revoked"))
	line := p.stdout.lineWith(t, "Operators: ")
	operators = strings.TrimSuffix(strings.TrimPrefix(line, "Operators: "), "/")
	h = &hubProcess{process: p}
	return h.ready(t), operators
}

// tokenOf makes a token of a subject with the binary itself.
func tokenOf(t *testing.T, subject string) string {
	t.Helper()
	stdout, stderr, code := runBinary(t, "token", "mint", "--jwt-secret", siteSecret, "--issuer", siteIssuer,
		"--resource", siteResource, "--subject", subject, "--publish", "*", "--subscribe", "*")
	if code != 0 {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	return strings.TrimSpace(stdout)
}

// ask sends a request with a bearer token, none if it is empty.
func ask(t *testing.T, method, url, token, body string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	resp, err := client(t, onlyHTTP1, nil).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestServeWithTokens: the whole way of a token through the binary: made, used, revoked, and refused after a restart.
func TestServeWithTokens(t *testing.T) {
	dir := t.TempDir()
	h, operators := startSite(t, dir)
	ann, bob := tokenOf(t, "ann"), tokenOf(t, "bob")
	update := url.Values{"topic": {"https://example.com/a"}, "data": {"secret"}, "private": {"on"}}.Encode()
	watch := h.url + "?match=" + url.QueryEscape("https://example.com/a")

	if resp := ask(t, http.MethodPost, h.url, "", update); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("publishing without a token: %s", resp.Status)
	}
	streams := map[string]*bufio.Reader{}
	for name, token := range map[string]string{"ann": ann, "bob": bob, "nobody": ""} {
		resp := ask(t, http.MethodGet, watch, token, "")
		if resp.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s", name, resp.Status)
		}
		streams[name] = bufio.NewReader(resp.Body)
	}
	if resp := ask(t, http.MethodPost, h.url, ann, update); resp.StatusCode != http.StatusOK {
		t.Errorf("publishing with a token: %s", resp.Status)
	}
	for _, name := range []string{"ann", "bob"} {
		if got := nextData(t, streams[name]); got != "data: secret\n" {
			t.Errorf("%s got %q", name, got)
		}
	}

	// An operator's token is no publisher's, and the other way round.
	if resp := ask(t, http.MethodGet, operators+"/state", ann, ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("an operator's call with a publisher's token: %s", resp.Status)
	}
	if resp := ask(t, http.MethodPost, h.url, siteOperator, update); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("publishing with the operator's token: %s", resp.Status)
	}

	revoked := ask(t, http.MethodPost, operators+"/revocations", siteOperator, `{"sub":"bob"}`)
	if text, err := io.ReadAll(revoked.Body); err != nil || !strings.Contains(string(text), `"streams":1`) {
		t.Errorf("revoking: %s %s, %v", revoked.Status, text, err)
	}
	if _, err := io.Copy(io.Discard, streams["bob"]); err != nil {
		t.Errorf("bob's stream did not end properly: %v", err)
	}
	if resp := ask(t, http.MethodGet, watch, bob, ""); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked token: %s", resp.Status)
	}
	public := url.Values{"topic": {"https://example.com/a"}, "data": {"public"}}.Encode()
	if resp := ask(t, http.MethodPost, h.url, ann, public); resp.StatusCode != http.StatusOK {
		t.Errorf("ann: %s", resp.Status)
	}
	for _, name := range []string{"ann", "nobody"} {
		if got := nextData(t, streams[name]); got != "data: public\n" {
			t.Errorf("%s got %q, and nothing private", name, got)
		}
	}

	h.signal(t, syscall.SIGINT)
	if code := h.wait(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	again, _ := startSite(t, dir)
	if resp := ask(t, http.MethodPost, again.url, bob, public); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("a revoked token after a restart: %s", resp.Status)
	}
	if resp := ask(t, http.MethodPost, again.url, ann, public); resp.StatusCode != http.StatusOK {
		t.Errorf("another's token after a restart: %s", resp.Status)
	}
}

// TestServeTicketsAreRevoked: who is known to the application alone is sent away too, and stays away.
func TestServeTicketsAreRevoked(t *testing.T) {
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"authorization_details":[{"type":"https://mercure.rocks/authorization-detail",`+
			`"actions":["subscribe"],"topics":[{"match":"a"}]}],"expires_in":600,"subject":"`+r.Header.Get("Cookie")+`"}`)
	}))
	t.Cleanup(application.Close)
	p := start(t, "serve", "--addr", "127.0.0.1:0", "--data", "memory", "--authorize-url", application.URL,
		"--operator-addr", "127.0.0.1:0", "--operator-token", siteOperator)
	operators := strings.TrimSuffix(strings.TrimPrefix(p.stdout.lineWith(t, "Operators: "), "Operators: "), "/")
	h := (&hubProcess{process: p}).ready(t)
	watch := func(cookie string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, h.url+"?match=a", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", cookie)
		resp, err := client(t, onlyHTTP1, nil).Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { resp.Body.Close() })
		return resp
	}
	stream := watch("ann")
	if stream.StatusCode != http.StatusOK {
		t.Fatalf("ann: %s", stream.Status)
	}
	revoked := ask(t, http.MethodPost, operators+"/revocations", siteOperator, `{"sub":"ann"}`)
	if text, err := io.ReadAll(revoked.Body); err != nil || !strings.Contains(string(text), `"streams":1`) {
		t.Errorf("revoking: %s %s, %v", revoked.Status, text, err)
	}
	if _, err := io.Copy(io.Discard, stream.Body); err != nil {
		t.Errorf("ann's stream did not end properly: %v", err)
	}
	if resp := watch("ann"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("ann, revoked: %s", resp.Status)
	}
	if resp := watch("bob"); resp.StatusCode != http.StatusOK {
		t.Errorf("bob: %s", resp.Status)
	}
}

// TestServeCountsRefusedConnections: they are in the metrics, under their reason.
func TestServeCountsRefusedConnections(t *testing.T) {
	p := start(t, "serve", "--addr", "127.0.0.1:0", "--data", "memory", "--anonymous", "--open-publish",
		"--max-connections", "1", "--operator-addr", "127.0.0.1:0", "--operator-token", siteOperator)
	operators := strings.TrimSuffix(strings.TrimPrefix(p.stdout.lineWith(t, "Operators: "), "Operators: "), "/")
	h := (&hubProcess{process: p}).ready(t)
	for i, want := range []int{http.StatusOK, http.StatusServiceUnavailable, http.StatusServiceUnavailable} {
		if resp := ask(t, http.MethodGet, h.url+"?match=a", "", ""); resp.StatusCode != want {
			t.Errorf("connection %d: %s, want %d", i, resp.Status, want)
		}
	}
	text, err := io.ReadAll(ask(t, http.MethodGet, operators+"/metrics", siteOperator, "").Body)
	if err != nil {
		t.Fatal(err)
	}
	if want := "tidings_connections_refused_total{reason=\"connections\"} 2\n"; !strings.Contains(string(text), want) {
		t.Errorf("no %q in\n%s", want, text)
	}
}

// TestServeCountsMatchesGivenUp: a subscriber may miss an update because its pattern is too costly for the topic, but not
// without anybody seeing it.
func TestServeCountsMatchesGivenUp(t *testing.T) {
	p := start(t, "serve", "--addr", "127.0.0.1:0", "--data", "memory", "--anonymous", "--open-publish",
		"--operator-addr", "127.0.0.1:0", "--operator-token", siteOperator)
	operators := strings.TrimSuffix(strings.TrimPrefix(p.stdout.lineWith(t, "Operators: "), "Operators: "), "/")
	h := (&hubProcess{process: p}).ready(t)
	pattern := "https://example.com/:name([a-z]{1,500})*"
	resp := ask(t, http.MethodGet, h.url+"?match_urlpattern="+url.QueryEscape(pattern), "", "")
	for _, topic := range []string{"https://example.com/" + strings.Repeat("a", 2000), "https://example.com/short"} {
		if _, stderr, code := runBinary(t, "publish", "--hub", h.url, "--topic", topic, "--data", topic[len(topic)-5:]); code != exitOK {
			t.Fatalf("publish ended with %d: %s", code, stderr)
		}
	}
	if got := nextData(t, bufio.NewReader(resp.Body)); got != "data: short\n" {
		t.Errorf("the first update is %q", got)
	}
	text, err := io.ReadAll(ask(t, http.MethodGet, operators+"/metrics", siteOperator, "").Body)
	if err != nil {
		t.Fatal(err)
	}
	const metric = "\ntidings_matches_given_up_total "
	if !strings.Contains(string(text), metric) || strings.Contains(string(text), metric+"0\n") {
		t.Errorf("nothing was given up, by\n%s", text)
	}
}

// nextData returns the next line of data.
func nextData(t *testing.T, in *bufio.Reader) string {
	t.Helper()
	got := make(chan string, 1)
	go func() {
		for {
			line, err := in.ReadString('\n')
			if err != nil || strings.HasPrefix(line, "data:") {
				got <- line
				return
			}
		}
	}()
	select {
	case line := <-got:
		return line
	case <-time.After(20 * time.Second):
		t.Fatal("nothing comes")
		return ""
	}
}
