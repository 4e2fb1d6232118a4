package server_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/internal/server"
)

// TestCertificateFromPipe: a pipe gives its key once. Nobody may wait for it to give another.
func TestCertificateFromPipe(t *testing.T) {
	pair := newPair(t, 1)
	certFile, keyFile := filepath.Join(writePair(t, pair), "tls.crt"), filepath.Join(t.TempDir(), "key.pipe")
	if err := syscall.Mkfifo(keyFile, 0o600); err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(keyFile, pair.key, 0o600) }()
	s := listen(t, server.Options{CertFile: certFile, KeyFile: keyFile})
	if err := <-wrote; err != nil {
		t.Fatal(err)
	}
	serve(t, s, newApp())
	for range 2 {
		if got := serial(t, s); got != 1 {
			t.Errorf("certificate %d, want 1", got)
		}
	}
}
