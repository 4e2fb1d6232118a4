package server_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/internal/server"
)

// patience is how long a test waits for what ought to happen at once.
const patience = 20 * time.Second

// mode is a way in which clients speak to a server.
type mode struct {
	name  string
	tls   bool
	proto int // the major version of HTTP
}

var modes = []mode{
	{"HTTP1", false, 1},
	{"h2c", false, 2},
	{"HTTP1 with TLS", true, 1},
	{"HTTP2 with TLS", true, 2},
}

// eachMode runs a test in every mode.
func eachMode(t *testing.T, test func(t *testing.T, m mode)) {
	for _, m := range modes {
		t.Run(m.name, func(t *testing.T) { test(t, m) })
	}
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

// listen opens a server of the mode on a free port of this machine, and returns a client for it.
func (m mode) listen(t *testing.T, o server.Options) (*server.Server, *http.Client) {
	t.Helper()
	var roots *x509.CertPool
	if m.tls {
		o.CertFile, o.KeyFile, roots = certificate(t)
	}
	return listen(t, o), m.client(t, roots)
}

// client returns a client of the mode, with connections of its own.
func (m mode) client(t *testing.T, roots *x509.CertPool) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{RootCAs: roots}}
	switch {
	case m.proto == 1:
		transport.Protocols.SetHTTP1(true)
	case m.tls:
		transport.Protocols.SetHTTP2(true)
	default:
		transport.Protocols.SetUnencryptedHTTP2(true)
	}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

// listen opens a server on a free port of this machine.
func listen(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.Addr = "127.0.0.1:0"
	s, err := server.Listen(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serving is a server that serves.
type serving struct {
	stop func()
	done chan error
}

// serve serves app until stop is called, at the latest at the test's end.
func serve(t *testing.T, s *server.Server, app server.App) *serving {
	ctx, cancel := context.WithCancel(context.Background())
	running := &serving{stop: cancel, done: make(chan error, 1)}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		running.done <- s.Serve(ctx, app)
	}()
	t.Cleanup(func() {
		cancel()
		<-ended
	})
	return running
}

// wait returns what Serve returned.
func (s *serving) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-s.done:
		return err
	case <-time.After(patience):
		t.Fatal("the server does not end")
		return nil
	}
}

// get sends a GET request and returns the answer, the body still to read.
func get(t *testing.T, client *http.Client, url string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// text returns the whole body.
func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}
