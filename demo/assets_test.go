package demo_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/web"
)

func TestAssets(t *testing.T) {
	// Every file of the page, by the extension that says what it is.
	kinds := map[string]string{
		".html": "text/html; charset=utf-8",
		".css":  "text/css; charset=utf-8",
		".js":   "text/javascript; charset=utf-8",
		".svg":  "image/svg+xml",
	}
	bodies := map[string]string{}
	add := func(files fs.FS, name, path string) {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			t.Fatal(err)
		}
		bodies[path] = string(body)
	}
	add(web.Files(), "tidings.js", "/tidings.js")
	add(web.Files(), "tidings-worker.js", "/tidings-worker.js")
	add(web.Files(), "tidings-host.js", "/tidings-host.js")
	add(web.Files(), "tidings-inspector.js", "/tidings-inspector.js")
	files, err := fs.Glob(os.DirFS("."), "page/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		path := "/" + name
		switch name {
		case "page/index.html":
			path = "/"
		case "page/tab.html":
			path = "/tab"
		}
		add(os.DirFS("."), name, path)
	}
	if len(bodies) < 10 {
		t.Fatalf("only %d files", len(bodies))
	}
	everyProtocol(t, func(t *testing.T, s *site) {
		for path, body := range bodies {
			if got := s.get(path); got != body {
				t.Errorf("%s is not the file", path)
			}
			header := s.do(http.MethodGet, path).Header
			kind := kinds[path[max(strings.LastIndex(path, "."), 0):]]
			if path == "/" || path == "/tab" {
				kind = kinds[".html"]
			}
			etag := header.Get("ETag")
			if header.Get("Content-Type") != kind || header.Get("Cache-Control") != "no-cache" || etag == "" {
				t.Errorf("%s: %v", path, header)
			}
			if again := s.do(http.MethodGet, path, "If-None-Match", etag); again.StatusCode != http.StatusNotModified {
				t.Errorf("%s, unchanged: %s", path, again.Status)
			}
			if other := s.do(http.MethodGet, path, "If-None-Match", `"other"`); other.StatusCode != http.StatusOK {
				t.Errorf("%s, changed: %s", path, other.Status)
			}
		}
	})
}

func TestSecurityHeaders(t *testing.T) {
	// The one style sheet that is no file is allowed by its hash.
	inspector, err := fs.ReadFile(web.Files(), "tidings-inspector.js")
	if err != nil {
		t.Fatal(err)
	}
	sheet := regexp.MustCompile(`textContent:"(:host[^"]*)"`).FindSubmatch(inspector)
	if sheet == nil {
		t.Fatal("the inspector has no style sheet")
	}
	sum := sha256.Sum256(sheet[1])
	style := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
	everyProtocol(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/", "/tab", "/page/main.js", "/items", "/nothing", "/clocks", "/shared"} {
			header := s.do(http.MethodGet, path).Header
			policy := strings.Split(header.Get("Content-Security-Policy"), "; ")
			ancestors := "frame-ancestors 'none'"
			if path == "/tab" {
				ancestors = "frame-ancestors 'self'"
			}
			for _, rule := range []string{
				"default-src 'none'", "script-src 'self'", "style-src 'self' " + style, "connect-src 'self'", "img-src 'self' data:",
				"frame-src 'self'", "base-uri 'none'", "form-action 'none'", ancestors,
			} {
				if !slices.Contains(policy, rule) {
					t.Errorf("%s: the policy lacks %s: %q", path, rule, policy)
				}
			}
			if header.Get("X-Content-Type-Options") != "nosniff" || header.Get("Referrer-Policy") != "no-referrer" {
				t.Errorf("%s: %v", path, header)
			}
		}
	})
}

func TestNotFound(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/nothing", "/page", "/page/", "/page/index.html", "/page/tab.html", "/page/nothing.js", "/clocks/1", "/favicon.ico"} {
			if response := s.do(http.MethodGet, path); response.StatusCode != http.StatusNotFound {
				t.Errorf("%s: %s", path, response.Status)
			}
		}
	})
}

// The page works where there is no network but the one to its own server, under its own policy.
func TestPageRefersOnlyToItsOwnFiles(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		page := s.get("/")
		links := regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1)
		if len(links) < 8 {
			t.Fatalf("only %d links", len(links))
		}
		for _, link := range links {
			if target := link[1]; strings.HasPrefix(target, "/") {
				if response := s.do(http.MethodGet, target); response.StatusCode != http.StatusOK {
					t.Errorf("%s: %s", target, response.Status)
				}
			} else if !strings.HasPrefix(target, "#") {
				t.Errorf("the page refers to %s", target)
			}
		}
		for _, inline := range []string{"<style", " style=", " onclick=", "<script>", "http://", "https://"} {
			if strings.Contains(page, inline) {
				t.Errorf("the page contains %q", inline)
			}
		}
	})
}
