package main

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/conformance/suite"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/protocol"
)

const (
	publicKey = "!ChangeThisMercureHubJWTSecretKey!" // of the protocol's public test suite, as are issuer and resource
	issuer    = "https://localhost"
	resource  = "https://localhost/.well-known/mercure"
	friend    = "https://app.example"
	// streamsOfOne is more than all other rules together have open at once.
	streamsOfOne = 400
)

// TestTidings runs every rule against our own hub, in every version of HTTP and both dialects, with streams that are
// taken over from the server and with goroutines.
func TestTidings(t *testing.T) {
	for _, test := range []struct {
		name          string
		tls, takeOver bool
	}{{"in clear, sockets", false, true}, {"in clear, goroutines", false, false}, {"TLS", true, false}} {
		t.Run(test.name, func(t *testing.T) {
			results, err := suite.Run(t.Context(), suite.Config{
				URL: serveTidings(t, test.tls, test.takeOver), Key: publicKey, Issuer: issuer, Resource: resource,
				Origin: friend, Insecure: true, Connections: streamsOfOne, Heartbeat: 5 * time.Second, Timeout: time.Minute,
			}, suite.Rules())
			if err != nil {
				t.Fatal(err)
			}
			if len(results) < 300 {
				t.Errorf("only %d runs", len(results))
			}
			for _, r := range results {
				if r.Outcome != suite.Passed {
					t.Errorf("%+v", r)
				}
			}
		})
	}
}

// serveTidings serves a hub as `tidings serve` does, and returns its URL.
func serveTidings(t *testing.T, secure, takeOver bool) string {
	t.Helper()
	mux := http.NewServeMux()
	ts := httptest.NewUnstartedServer(mux)
	ts.Config.Protocols = new(http.Protocols)
	ts.Config.Protocols.SetHTTP1(true)
	ts.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError) // rules break off on purpose
	scheme := "http"
	if secure {
		scheme = "https"
		ts.EnableHTTP2 = true
		ts.Config.Protocols.SetHTTP2(true)
		ts.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	} else {
		ts.Config.Protocols.SetUnencryptedHTTP2(true)
	}
	url := scheme + "://" + ts.Listener.Addr().String() + protocol.DefaultPath
	site := newTidings(t, url, takeOver)
	mux.Handle("/", site.Handler())
	if secure {
		ts.StartTLS()
	} else {
		ts.Start()
	}
	t.Cleanup(ts.Close)
	t.Cleanup(func() {
		if err := site.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return url
}

func newTidings(t *testing.T, url string, takeOver bool) *server.Site {
	t.Helper()
	compiler, err := protocol.NewCompiler(url)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(auth.Options{
		Issuers:    []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(publicKey)}}}},
		LegacyKeys: []auth.LegacyKey{{Key: auth.Key{Secret: []byte(publicKey)}, Issuer: issuer}},
		Resource:   resource,
		Matcher:    protocol.TokenMatcher(compiler),
	})
	if err != nil {
		t.Fatal(err)
	}
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	site, err := server.NewSite(server.SiteOptions{
		Hub: hub.Options{Subscriptions: true, Fanout: fanout.Options{Heartbeat: time.Second}},
		Log: log,
		Protocol: protocol.Options{
			Authorizer:    protocol.Tokens{Verifier: verifier, Anonymous: true},
			PublicURL:     url,
			Compiler:      compiler,
			AllowOrigin:   func(origin string) bool { return origin == friend },
			MaxPerSubject: streamsOfOne,
			TakeOver:      takeOver,
		},
		Metadata: &protocol.Metadata{Resource: resource, Cookie: protocol.DefaultCookie, Subscriptions: true},
		Close:    verifier.Close,
		Logger:   slog.New(slog.NewTextHandler(io.Discard, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return site
}
