package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/protocol"
)

// hubProcess is a running tidings serve.
type hubProcess struct {
	*process
	url  string // of the hub
	base string // of its host, without a slash at the end
}

// startHub runs tidings serve --dev on a free port, in memory unless args say otherwise.
func startHub(t *testing.T, args ...string) *hubProcess {
	t.Helper()
	p := start(t, append([]string{"serve", "--dev", "--addr", "127.0.0.1:0", "--data", "memory"}, args...)...)
	h := &hubProcess{process: p}
	return h.ready(t)
}

// ready waits for the line that tells the URL.
func (h *hubProcess) ready(t *testing.T) *hubProcess {
	t.Helper()
	line := h.stdout.line(t)
	var ok bool
	if h.url, ok = strings.CutPrefix(line, "Tidings hub: "); !ok {
		t.Fatalf("the hub begins with %q, want its URL", line)
	}
	if h.base, ok = strings.CutSuffix(h.url, protocol.DefaultPath); !ok {
		t.Fatalf("the hub is at %q, want a URL that ends in %s", h.url, protocol.DefaultPath)
	}
	if line := h.stdout.line(t); !strings.HasPrefix(line, "Updates are kept in ") {
		t.Fatalf("the hub goes on with %q, want where its updates are", line)
	}
	if line := h.stdout.line(t); !strings.HasPrefix(line, "It takes ") {
		t.Fatalf("the hub goes on with %q, want how many connections it takes", line)
	}
	return h
}

// publish publishes an update by the binary and returns its id.
func (h *hubProcess) publish(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := runBinary(t, append([]string{"publish", "--hub", h.url}, args...)...)
	if code != exitOK || stderr != "" || !strings.HasSuffix(stdout, "\n") {
		t.Fatalf("publish ended with %d, wrote %q and to standard error %q", code, stdout, stderr)
	}
	return strings.TrimSuffix(stdout, "\n")
}

// subscribe runs tidings subscribe on the hub.
func (h *hubProcess) subscribe(t *testing.T, args ...string) *process {
	t.Helper()
	return start(t, append([]string{"subscribe", "--hub", h.url}, args...)...)
}

// startDemo runs tidings demo on a free port and returns the URL of its page.
func startDemo(t *testing.T, args ...string) (*process, string) {
	t.Helper()
	p := start(t, append([]string{"demo", "--addr", "127.0.0.1:0"}, args...)...)
	line := p.stdout.line(t)
	page, ok := strings.CutPrefix(line, "Tidings demo: ")
	if !ok || !strings.HasSuffix(page, "/") {
		t.Fatalf("the demo begins with %q, want its URL", line)
	}
	return p, page
}

// certificate writes a certificate for 127.0.0.1 to files, and returns the pool that trusts it.
func certificate(t *testing.T) (certFile, keyFile string, roots *x509.CertPool) {
	t.Helper()
	ts := httptest.NewUnstartedServer(http.NotFoundHandler())
	ts.StartTLS()
	defer ts.Close()
	key, err := x509.MarshalPKCS8PrivateKey(ts.TLS.Certificates[0].PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	roots = x509.NewCertPool()
	roots.AddCert(ts.Certificate())
	certFile, keyFile = filepath.Join(t.TempDir(), "cert.pem"), filepath.Join(t.TempDir(), "key.pem")
	for name, block := range map[string]*pem.Block{
		certFile: {Type: "CERTIFICATE", Bytes: ts.Certificate().Raw},
		keyFile:  {Type: "PRIVATE KEY", Bytes: key},
	} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certFile, keyFile, roots
}

// client returns a client that speaks one version of HTTP only.
func client(t *testing.T, protocols func(*http.Protocols), roots *x509.CertPool) *http.Client {
	transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{RootCAs: roots}}
	protocols(transport.Protocols)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func onlyHTTP1(p *http.Protocols) { p.SetHTTP1(true) }

func onlyHTTP2(p *http.Protocols) { p.SetHTTP2(true) }

func onlyH2C(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }

// get sends a GET request and returns the answer, the body still to read.
func get(t *testing.T, c *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return do(t, c, r)
}

func do(t *testing.T, c *http.Client, r *http.Request) *http.Response {
	t.Helper()
	resp, err := c.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// bodyOf returns the whole body.
func bodyOf(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// hostOf returns the host and port of a URL.
func hostOf(t *testing.T, raw string) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return u.Host
}
