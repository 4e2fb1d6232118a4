package web_test

import (
	"crypto/sha512"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/tidings-hub/tidings/web"
)

func get(t *testing.T, url string, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// TestHandler: every script is what its integrity says, may be kept for ever under its version only, and is asked for
// anew otherwise.
func TestHandler(t *testing.T) {
	mux := http.NewServeMux()
	mux.Handle("/", web.Handler())
	mux.Handle("/assets/", web.Handler())
	s := httptest.NewServer(mux)
	defer s.Close()
	if len(web.Assets()) < 4 {
		t.Fatalf("only %d scripts", len(web.Assets()))
	}
	const forever, ask = "public, max-age=31536000, immutable", "no-cache"
	for _, a := range web.Assets() {
		for _, test := range []struct{ path, cache string }{
			{"/" + a.Name, ask},
			{"/assets/" + a.Name, ask},
			{"/" + a.Name + "?v=" + a.Version, forever},
			{"/" + a.Name + "?v=another", ask},
		} {
			resp, body := get(t, s.URL+test.path)
			sum := sha512.Sum384([]byte(body))
			if got := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); resp.StatusCode != http.StatusOK || got != a.Integrity {
				t.Errorf("%s: %s, integrity %s, want %s", test.path, resp.Status, got, a.Integrity)
			}
			if got := resp.Header.Get("Cache-Control"); got != test.cache {
				t.Errorf("%s: Cache-Control %q, want %q", test.path, got, test.cache)
			}
			if resp.Header.Get("Access-Control-Allow-Origin") != "*" || resp.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
				t.Errorf("%s: %v", test.path, resp.Header)
			}
		}
		if resp, _ := get(t, s.URL+"/"+a.Name, "If-None-Match", `"`+a.Version+`"`); resp.StatusCode != http.StatusNotModified {
			t.Errorf("%s: asked whether it is the same: %s", a.Name, resp.Status)
		}
	}
	if resp, _ := get(t, s.URL+"/nothing.js"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("another file: %s", resp.Status)
	}
}
