package server

import (
	"crypto/tls"
	"fmt"
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

// loadCertificate returns nil if no files are named.
func loadCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	if certFile == "" && keyFile == "" {
		return nil, nil
	}
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, &CertificateError{CertFile: certFile, KeyFile: keyFile, Err: err}
	}
	return &certificate, nil
}
