package server_test

import (
	"errors"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/tidings-hub/tidings/internal/server"
)

func TestPortTaken(t *testing.T) {
	taken := listen(t, server.Options{}).Addr().String()
	_, err := server.Listen(t.Context(), server.Options{Addr: taken})
	if _, ok := errors.AsType[*server.ListenError](err); !ok || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("error %v, want a *ListenError of EADDRINUSE", err)
	}
	want := "cannot listen on " + taken + ": address already in use (is another tidings running?)"
	if err.Error() != want {
		t.Errorf("error %q, want %q", err, want)
	}
}

func TestListenErrors(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:99999", "192.0.2.1:0", "no port"} {
		t.Run(addr, func(t *testing.T) {
			_, err := server.Listen(t.Context(), server.Options{Addr: addr})
			if e, ok := errors.AsType[*server.ListenError](err); !ok || e.Addr != addr {
				t.Fatalf("error %v, want a *ListenError of %s", err, addr)
			}
			if got := strings.Count(err.Error(), addr); got != 1 {
				t.Errorf("%q has the address %d times", err, got)
			}
		})
	}
}

func TestLoopbackOnly(t *testing.T) {
	tests := []struct {
		addr    string
		refused bool
	}{
		{"127.0.0.1:0", false},
		{"127.8.9.10:0", false},
		{"localhost:0", false},
		{"LOCALHOST:0", false},
		{"[::1]:0", false},
		{"[::ffff:127.0.0.1]:0", false},
		{":0", true},
		{"0.0.0.0:0", true},
		{"[::]:0", true},
		{"192.0.2.1:0", true},
		{"[2001:db8::1]:0", true},
		{"[::ffff:192.0.2.1]:0", true},
		{"example.com:0", true},
		{"localhost.example.com:0", true},
		{"127.0.0.1", true},
		{"127.0.0.1.example.com:0", true},
	}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			s, err := server.Listen(t.Context(), server.Options{Addr: tt.addr, LoopbackOnly: true})
			if err == nil {
				defer s.Close()
			}
			refused, ok := errors.AsType[*server.NotLoopbackError](err)
			switch {
			case ok != tt.refused:
				// A machine may have no IPv6; that is another error.
				t.Fatalf("error %v, want a *NotLoopbackError: %t", err, tt.refused)
			case ok && !strings.HasSuffix(refused.Error(), "not on "+tt.addr):
				t.Errorf("%q does not name the address", refused)
			case err == nil && !s.Addr().(*net.TCPAddr).IP.IsLoopback():
				t.Errorf("listens on %s", s.Addr())
			}
		})
	}
}

func TestURL(t *testing.T) {
	for _, tt := range []struct{ addr, want string }{
		{"127.0.0.1:0", "http://127.0.0.1:"},
		{"127.8.9.10:0", "http://127.8.9.10:"},
		{"localhost:0", "http://localhost:"},
		{"0.0.0.0:0", "http://localhost:"},
		{":0", "http://localhost:"},
	} {
		t.Run(tt.addr, func(t *testing.T) {
			s, err := server.Listen(t.Context(), server.Options{Addr: tt.addr})
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			_, port, err := net.SplitHostPort(s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			if want := tt.want + port + "/"; s.URL() != want {
				t.Errorf("URL %s, want %s", s.URL(), want)
			}
		})
	}
}

func TestURLWithTLS(t *testing.T) {
	s, _ := mode{tls: true, proto: 1}.listen(t, server.Options{})
	if want := "https://" + s.Addr().String() + "/"; s.URL() != want {
		t.Errorf("URL %s, want %s", s.URL(), want)
	}
}

func TestCertificateErrors(t *testing.T) {
	certFile, keyFile, _ := certificate(t)
	tests := []struct {
		name      string
		cert, key string
		missing   bool
	}{
		{"no such certificate", certFile + ".gone", keyFile, true},
		{"no such key", certFile, keyFile + ".gone", true},
		{"only one file", certFile, "", true},
		{"the other way round", keyFile, certFile, false},
		{"certificate for a key", certFile, certFile, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := server.Listen(t.Context(), server.Options{Addr: "127.0.0.1:0", CertFile: tt.cert, KeyFile: tt.key})
			e, ok := errors.AsType[*server.CertificateError](err)
			if !ok || e.CertFile != tt.cert || e.KeyFile != tt.key {
				t.Fatalf("error %v, want a *CertificateError of the two files", err)
			}
			if errors.Is(err, fs.ErrNotExist) != tt.missing {
				t.Errorf("error %v, want fs.ErrNotExist: %t", err, tt.missing)
			}
		})
	}
}

func TestCloseTwice(t *testing.T) {
	s := listen(t, server.Options{})
	addr := s.Addr().String()
	for range 2 {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
	again, err := server.Listen(t.Context(), server.Options{Addr: addr})
	if err != nil {
		t.Fatalf("the port is still taken: %v", err)
	}
	defer again.Close()
}
