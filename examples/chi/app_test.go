package chi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/examples/chi"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/leaktest"
	"github.com/tidings-hub/tidings/protocol"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// serve starts the application and returns the hub's URL in it.
func serve(t *testing.T) (url, origin string) {
	t.Helper()
	h, err := hub.New(hub.Options{})
	if err != nil {
		t.Fatal(err)
	}
	app, err := chi.NewApp(h)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(app)
	t.Cleanup(s.Close)
	t.Cleanup(func() {
		if err := h.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.URL + protocol.DefaultPath, s.URL
}

func do(t *testing.T, method, url, body, session, origin string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if session != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: session})
	}
	if origin != "" {
		r.Header.Set("Origin", origin)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// TestSessionsGrant: who has a session publishes to the own topics and receives what is private there, nobody else does.
func TestSessionsGrant(t *testing.T) {
	hubURL, origin := serve(t)
	watch := hubURL + "?topic=" + url.QueryEscape("https://app.example/users/ann/{thing}")
	ann := bufio.NewReader(do(t, http.MethodGet, watch, "", "ann", "").Body)
	bob := bufio.NewReader(do(t, http.MethodGet, watch, "", "bob", "").Body)

	update := func(data, private string) string {
		return url.Values{"topic": {"https://app.example/users/ann/mail"}, "data": {data}}.Encode() + private
	}
	for _, test := range []struct {
		name, session, origin, body string
		want                        int
	}{
		{"the own topic, private", "ann", origin, update("secret", "&private=on"), http.StatusOK},
		{"the own topic", "ann", origin, update("public", ""), http.StatusOK},
		{"another's topic", "bob", origin, update("x", ""), http.StatusForbidden},
		{"no session", "", origin, update("x", ""), http.StatusUnauthorized},
		{"another site's page", "ann", "https://evil.example", update("x", ""), http.StatusForbidden},
	} {
		t.Run(test.name, func(t *testing.T) {
			resp := do(t, http.MethodPost, hubURL, test.body, test.session, test.origin)
			if resp.StatusCode != test.want {
				text, _ := io.ReadAll(resp.Body)
				t.Errorf("status %d, want %d: %s", resp.StatusCode, test.want, text)
			}
		})
	}
	for name, c := range map[string]struct {
		in   *bufio.Reader
		want []string
	}{"ann": {ann, []string{"secret", "public"}}, "bob": {bob, []string{"public"}}} {
		for _, want := range c.want {
			line := ""
			for !strings.HasPrefix(line, "data:") {
				var err error
				if line, err = c.in.ReadString('\n'); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
			}
			if line != fmt.Sprintf("data: %s\n", want) {
				t.Errorf("%s got %q, want %s", name, line, want)
			}
		}
	}
}
