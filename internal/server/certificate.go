package server

import (
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// CertificateError says why a certificate cannot be used.
type CertificateError struct {
	// CertFile and KeyFile are the files' names.
	CertFile, KeyFile string
	// Err is what is wrong with them.
	Err error
}

func (e *CertificateError) Error() string {
	return fmt.Sprintf("cannot use the certificate in %q with the key in %q: %v", e.CertFile, e.KeyFile, e.Err)
}

// Unwrap returns e.Err.
func (e *CertificateError) Unwrap() error { return e.Err }

// certificateInterval is how often the files of a certificate are looked at, at most.
const certificateInterval = time.Second

// certificate is what two files hold, and again what they hold when they have changed: a handshake looks. What they say
// counts, not their times or names, so it is the same whether they are written, replaced, or behind a link that is. A
// pair that cannot be used leaves the one before.
type certificate struct {
	certFile, keyFile string
	logger            *slog.Logger
	told              func(error) // of every change; nil for nobody

	used atomic.Pointer[tls.Certificate]

	mu     sync.Mutex // held by the handshake that looks; the others do not wait for its disk
	looked time.Time
	seen   [sha256.Size]byte // what was found the last time: a pair, or an error
}

// loadCertificate returns nil if no files are named.
func loadCertificate(o *Options) (*certificate, error) {
	if o.CertFile == "" && o.KeyFile == "" {
		return nil, nil
	}
	c := &certificate{certFile: o.CertFile, keyFile: o.KeyFile, logger: o.Logger, told: o.CertificateRead, looked: time.Now()}
	pair, seen, err := c.read()
	if err != nil {
		return nil, err
	}
	c.seen = seen
	c.used.Store(pair)
	return c, nil
}

// get is a [tls.Config]'s GetCertificate.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	if c.mu.TryLock() {
		c.look()
		c.mu.Unlock()
	}
	return c.used.Load(), nil
}

// look takes up what the files hold, if that has changed. The caller holds c.mu.
func (c *certificate) look() {
	now := time.Now()
	if now.Sub(c.looked) < certificateInterval || c.once() {
		return
	}
	c.looked = now
	pair, seen, err := c.read()
	if seen == c.seen {
		return
	}
	c.seen = seen
	if c.told != nil {
		c.told(err)
	}
	if err != nil {
		c.logger.Warn("a changed certificate is not taken up, the one before stays", "error", err, "expires", c.used.Load().Leaf.NotAfter)
		return
	}
	c.used.Store(pair)
	c.logger.Info("a changed certificate was taken up", "file", c.certFile, "expires", pair.Leaf.NotAfter)
}

// once reports whether one of the files is a pipe or the like, which gives what it has only once.
func (c *certificate) once() bool {
	for _, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			return true
		}
	}
	return false
}

// read reads the pair, and returns by what to tell it from what was found another time, also if that is an error.
func (c *certificate) read() (*tls.Certificate, [sha256.Size]byte, error) {
	fail := func(err error) (*tls.Certificate, [sha256.Size]byte, error) {
		err = &CertificateError{CertFile: c.certFile, KeyFile: c.keyFile, Err: err}
		return nil, sha256.Sum256([]byte(err.Error())), err
	}
	cert, err := os.ReadFile(c.certFile)
	if err != nil {
		return fail(err)
	}
	key, err := os.ReadFile(c.keyFile)
	if err != nil {
		return fail(err)
	}
	pair, err := tls.X509KeyPair(cert, key)
	if begun := bytes.Count(cert, []byte("-----BEGIN CERTIFICATE-----")); err == nil && begun != len(pair.Certificate) {
		// It leaves them out, and clients that do not know the issuer would refuse what is left.
		err = fmt.Errorf("%d of %d certificates are whole", len(pair.Certificate), begun)
	}
	if err != nil {
		_, _, err = fail(err)
	}
	certSum, keySum := sha256.Sum256(cert), sha256.Sum256(key)
	return &pair, sha256.Sum256(append(certSum[:], keySum[:]...)), err
}
