package server_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"log/slog"
	"math/big"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/internal/server"
)

// pemPair is a certificate for 127.0.0.1 and its key, told from others by its serial number.
type pemPair struct{ cert, key []byte }

func newPair(t *testing.T, serial int64) pemPair {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(serial), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pemPair{
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
	}
}

func write(t *testing.T, name string, text []byte) {
	t.Helper()
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// writePair makes a directory with the pair, and returns its name.
func writePair(t *testing.T, p pemPair) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "tls.crt"), p.cert)
	write(t, filepath.Join(dir, "tls.key"), p.key)
	return dir
}

// serial returns the serial number of the certificate that a new connection is shown, when a handshake looks again.
func serial(t *testing.T, s *server.Server) int64 {
	t.Helper()
	server.LookAgain(s)
	conn, err := tls.Dial("tcp", s.Addr().String(), &tls.Config{InsecureSkipVerify: true})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
}

func TestRenewedCertificate(t *testing.T) {
	for _, tt := range []struct {
		name  string
		renew func(t *testing.T, dir string, renewed pemPair)
	}{
		{"written over", func(t *testing.T, dir string, renewed pemPair) {
			write(t, filepath.Join(dir, "tls.crt"), renewed.cert)
			write(t, filepath.Join(dir, "tls.key"), renewed.key)
		}},
		{"put in its place", func(t *testing.T, dir string, renewed pemPair) {
			from := writePair(t, renewed)
			for _, name := range []string{"tls.crt", "tls.key"} {
				if err := os.Rename(filepath.Join(from, name), filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"of the same time and size", func(t *testing.T, dir string, renewed pemPair) {
			for name, text := range map[string][]byte{"tls.crt": renewed.cert, "tls.key": renewed.key} {
				name = filepath.Join(dir, name)
				info, err := os.Stat(name)
				if err != nil {
					t.Fatal(err)
				}
				write(t, name, text)
				if err := os.Chtimes(name, info.ModTime(), info.ModTime()); err != nil {
					t.Fatal(err)
				}
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := writePair(t, newPair(t, 1))
			s := listen(t, server.Options{CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key")})
			serve(t, s, newApp())
			if got := serial(t, s); got != 1 {
				t.Fatalf("certificate %d at first, want 1", got)
			}
			tt.renew(t, dir, newPair(t, 2))
			if got := serial(t, s); got != 2 {
				t.Errorf("certificate %d after it was renewed, want 2", got)
			}
		})
	}
}

// TestRenewedSecret: a mounted secret is a directory of links through another link, which is what changes.
func TestRenewedSecret(t *testing.T) {
	mount, first, second := t.TempDir(), writePair(t, newPair(t, 1)), writePair(t, newPair(t, 2))
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(mount, name)); err != nil {
			t.Fatal(err)
		}
	}
	link(first, "..data")
	link("..data/tls.crt", "tls.crt")
	link("..data/tls.key", "tls.key")
	s := listen(t, server.Options{CertFile: filepath.Join(mount, "tls.crt"), KeyFile: filepath.Join(mount, "tls.key")})
	serve(t, s, newApp())
	if got := serial(t, s); got != 1 {
		t.Fatalf("certificate %d at first, want 1", got)
	}
	link(second, "..data_tmp")
	if err := os.Rename(filepath.Join(mount, "..data_tmp"), filepath.Join(mount, "..data")); err != nil {
		t.Fatal(err)
	}
	if got := serial(t, s); got != 2 {
		t.Errorf("certificate %d after the secret has changed, want 2", got)
	}
}

// TestBrokenRenewal: what cannot be used leaves the pair before, which is said and counted once, and a whole pair is
// taken up when there is one.
func TestBrokenRenewal(t *testing.T) {
	first, renewed := newPair(t, 1), newPair(t, 2)
	for _, tt := range []struct {
		name      string
		cert, key []byte // nil for no file
	}{
		{"the key is still the old one", renewed.cert, first.key},
		{"half-written", renewed.cert[:len(renewed.cert)/2], renewed.key},
		{"a half-written chain", slices.Concat(renewed.cert, first.cert[:len(first.cert)/2]), renewed.key},
		{"empty", []byte{}, []byte{}},
		{"gone", nil, renewed.key},
		{"no key", renewed.cert, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := writePair(t, first)
			certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
			var logged bytes.Buffer // a handshake writes before its client sees the certificate
			var metrics server.Metrics
			s := listen(t, server.Options{
				CertFile: certFile, KeyFile: keyFile, CertificateRead: metrics.CertificateRead,
				Logger: slog.New(slog.NewTextHandler(&logged, nil)),
			})
			serve(t, s, newApp())
			for name, text := range map[string][]byte{certFile: tt.cert, keyFile: tt.key} {
				if text != nil {
					write(t, name, text)
				} else if err := os.Remove(name); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				if got := serial(t, s); got != 1 {
					t.Fatalf("certificate %d while the new one is broken, want 1", got)
				}
			}
			if n := strings.Count(logged.String(), "is not taken up"); n != 1 {
				t.Errorf("said %d times:\n%s", n, &logged)
			}
			write(t, certFile, renewed.cert)
			write(t, keyFile, renewed.key)
			for range 2 {
				if got := serial(t, s); got != 2 {
					t.Fatalf("certificate %d when the new one is whole, want 2", got)
				}
			}
			if n := strings.Count(logged.String(), "was taken up"); n != 1 {
				t.Errorf("said %d times that it was taken up:\n%s", n, &logged)
			}
			answer := httptest.NewRecorder()
			metrics.ServeHTTP(answer, nil)
			var counted []string
			for line := range strings.Lines(answer.Body.String()) {
				if strings.HasPrefix(line, "tidings_certificates_") {
					counted = append(counted, strings.TrimSpace(line))
				}
			}
			if diff := cmp.Diff([]string{"tidings_certificates_read_total 1", "tidings_certificates_failed_total 1"}, counted); diff != "" {
				t.Errorf("metrics (-want +got):\n%s", diff)
			}
		})
	}
}

// TestStreamsOutliveTheirCertificate: a renewal is nothing to the connections that are there.
func TestStreamsOutliveTheirCertificate(t *testing.T) {
	for _, m := range modes {
		if !m.tls {
			continue
		}
		t.Run(m.name, func(t *testing.T) {
			first, renewed := newPair(t, 1), newPair(t, 2)
			dir := writePair(t, first)
			s := listen(t, server.Options{
				CertFile: filepath.Join(dir, "tls.crt"), KeyFile: filepath.Join(dir, "tls.key"), Grace: patience,
			})
			running := serve(t, s, newApp())
			roots := x509.NewCertPool()
			roots.AppendCertsFromPEM(first.cert)
			resp := get(t, m.client(t, roots), s.URL()+"stream")
			if _, err := io.ReadFull(resp.Body, make([]byte, len("HTTP/1.1\n"))); err != nil {
				t.Fatal(err)
			}
			write(t, filepath.Join(dir, "tls.crt"), renewed.cert)
			write(t, filepath.Join(dir, "tls.key"), renewed.key)
			if got := serial(t, s); got != 2 {
				t.Fatalf("certificate %d after it was renewed, want 2", got)
			}
			running.stop()
			if got := text(t, resp); got != "end\n" {
				t.Errorf("the stream ends with %q", got)
			}
		})
	}
}
