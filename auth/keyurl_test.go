package auth_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// keySite is an issuer's server for its set of keys.
type keySite struct {
	asked  atomic.Int32
	mu     sync.Mutex
	answer http.HandlerFunc
}

func (s *keySite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.mu.Lock()
	answer := s.answer
	s.mu.Unlock()
	answer(w, r)
}

func (s *keySite) set(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// RoundTrip lets the site answer without a network, in virtual time.
func (s *keySite) RoundTrip(r *http.Request) (*http.Response, error) {
	done := make(chan *http.Response, 1)
	go func() {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		done <- w.Result()
	}()
	select {
	case resp := <-done:
		return resp, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func serving(body []byte) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(body) }
}

func failing(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }

// urlOptions trust issuer by keys of a URL, by the clock as it is.
func urlOptions(url string) auth.Options {
	o := goodOptions()
	o.Now = nil
	o.Issuers[0].Keys = []auth.Key{{JWKSURL: url}}
	return o
}

// signedNow returns a token of a key, with its kid, that ends in a week.
func signedNow(t testing.TB, p *auth.KeyPair) string {
	t.Helper()
	claims := goodClaims().with(members{"exp": time.Now().Add(7 * 24 * time.Hour).Unix()})
	return forge(t, otherKey(t, p), members{"alg": "ES256", "typ": "at+jwt", "kid": p.KeyID}, claims)
}

// TestKeysRotate plays a rotation and an outage with a real server.
func TestKeysRotate(t *testing.T) {
	one, two, three := generated(t), generated(t), generated(t)
	site := &keySite{answer: serving(one.JWKS)}
	server := httptest.NewServer(site)
	defer server.Close()
	var clock atomic.Int64
	o := urlOptions(server.URL + "/keys")
	started := time.Now()
	o.Now = func() time.Time { return started.Add(time.Duration(clock.Load())) }
	v := newVerifier(t, o)
	accepted(t, v, signedNow(t, one))
	if n := site.asked.Load(); n != 1 {
		t.Errorf("fetched %d times", n)
	}

	site.set(serving(two.JWKS))
	refused(t, v, signedNow(t, two), auth.CheckSignature, "another key") // too soon to ask again
	clock.Add(int64(10 * time.Second))
	accepted(t, v, signedNow(t, two))
	refused(t, v, signedNow(t, one), auth.CheckSignature, "another key")
	if n := site.asked.Load(); n != 2 {
		t.Errorf("fetched %d times, want once more for the unknown kid", n)
	}

	server.Close()
	clock.Add(int64(time.Hour))
	accepted(t, v, signedNow(t, two))
	refused(t, v, signedNow(t, three), auth.CheckSignature, "another key")
	clock.Add(int64(23 * time.Hour))
	if err := refused(t, v, signedNow(t, two), auth.CheckUnavailable, "cannot be had"); !err.Temporary() || err.Unwrap() == nil {
		t.Errorf("the error is %+v, want a temporary one with its cause", err)
	}
}

// TestKeysAreFetchedSparingly counts fetches in virtual time.
func TestKeysAreFetchedSparingly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one, two := generated(t), generated(t)
		site := &keySite{answer: serving(one.JWKS)}
		asked := func(want int32, when string) {
			t.Helper()
			synctest.Wait()
			if n := site.asked.Load(); n != want {
				t.Errorf("%s: fetched %d times, want %d", when, n, want)
			}
		}
		o := urlOptions("https://issuer.example/keys")
		o.Transport = site
		v, err := auth.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		good, unknown := signedNow(t, one), signedNow(t, two)
		accepted(t, v, good)
		asked(1, "at the start")
		for range 100 {
			accepted(t, v, good)
			refused(t, v, unknown, auth.CheckSignature, "")
		}
		asked(1, "within the least interval")

		time.Sleep(9 * time.Minute)
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { refused(t, v, unknown, auth.CheckSignature, "") })
		}
		wg.Wait()
		asked(2, "an unknown kid, for a hundred at once")

		time.Sleep(9 * time.Minute)
		accepted(t, v, good)
		asked(2, "before it is time to refresh")
		time.Sleep(time.Minute)
		accepted(t, v, good) // with what is held; the fetch is behind its back
		asked(3, "when it is time to refresh")

		site.set(failing)
		for range 60 {
			time.Sleep(time.Minute)
			accepted(t, v, good)
		}
		asked(54, "each minute from the tenth on while that fails")
		site.set(serving(two.JWKS))
		time.Sleep(time.Minute)
		accepted(t, v, good)
		synctest.Wait()
		refused(t, v, good, auth.CheckSignature, "")
		accepted(t, v, unknown)
	})
}

// TestKeysThatAreLate holds that nobody waits longer than need be.
func TestKeysThatAreLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pair := generated(t)
		site := &keySite{answer: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		o := urlOptions("https://issuer.example/keys")
		o.Transport = site
		v, err := auth.New(o)
		if err != nil {
			t.Fatal(err)
		}
		raw := signedNow(t, pair)
		began := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		token, err := v.Verify(ctx, raw)
		refusal := isRefused(t, token, err, auth.CheckUnavailable, "deadline")
		if !errors.Is(refusal, context.DeadlineExceeded) || time.Since(began) != time.Second {
			t.Errorf("after %v: %v", time.Since(began), refusal)
		}
		refused(t, v, raw, auth.CheckUnavailable, "")
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("the fetch took %v, want its 5 s", took)
		}
		refused(t, v, raw, auth.CheckUnavailable, "") // not at once again
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("refused after %v, want at once", took)
		}
		time.Sleep(5 * time.Second)
		done := make(chan struct{})
		go func() {
			defer close(done)
			refused(t, v, raw, auth.CheckUnavailable, "canceled")
		}()
		synctest.Wait()
		v.Close() // ends the fetch, and who waits for it
		<-done
		v.Close()
		if took := time.Since(began); took != 10*time.Second {
			t.Errorf("closed after %v, want at once", took)
		}
	})
}

// TestKeysElsewhere holds that a place that cannot be asked holds up nobody whose key is in another.
func TestKeysElsewhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pair := generated(t)
		site := &keySite{answer: func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() }}
		o := urlOptions("https://issuer.example/keys")
		o.Transport = site
		o.Issuers[0].Keys = append(o.Issuers[0].Keys, auth.Key{Secret: []byte(secret)}, auth.Key{JWKSFile: file(t, pair.JWKS)})
		v, err := auth.New(o)
		if err != nil {
			t.Fatal(err)
		}
		defer v.Close()
		began := time.Now()
		accepted(t, v, signedNow(t, pair))
		claims := goodClaims().with(members{"exp": began.Add(time.Hour).Unix()})
		accepted(t, v, forge(t, secret, goodHeader().with(members{"kid": "unknown"}), claims))
		accepted(t, v, forge(t, secret, goodHeader(), claims))
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
		// Whose key may be there is not told that the signature is wrong.
		refused(t, v, signedNow(t, generated(t)), auth.CheckUnavailable, "cannot be had")
	})
}

// TestKeysThatCannotBeUsed holds what answers are taken for a failure, which leaves the keys before.
func TestKeysThatCannotBeUsed(t *testing.T) {
	one, two := generated(t), generated(t)
	var elsewhere atomic.Int32
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		elsewhere.Add(1)
		_, _ = w.Write(two.JWKS)
	}))
	defer other.Close()
	tests := []struct {
		name   string
		answer http.HandlerFunc
		log    string
	}{
		{"an error", failing, "502"},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "204"},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }, "302"},
		{"a page", serving([]byte("<!doctype html>")), "invalid character"},
		{"an empty set", serving([]byte(`{"keys":[]}`)), "no usable key"},
		{"a secret", serving([]byte(`{"keys":[{"kty":"oct","k":"` + encode([]byte(secret)) + `"}]}`)), "shared secret"},
		{"two megabytes", serving(bytes.Repeat([]byte(" "), 2<<20)), "longer than"},
		{"half of it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "10000")
			_, _ = w.Write(two.JWKS[:10])
		}, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			site := &keySite{answer: serving(one.JWKS)}
			server := httptest.NewServer(site)
			defer server.Close()
			var log lockedBuffer
			var clock atomic.Int64
			started := time.Now()
			o := urlOptions(server.URL)
			o.Logger = slog.New(slog.NewTextHandler(&log, nil))
			o.Now = func() time.Time { return started.Add(time.Duration(clock.Load())) }
			v := newVerifier(t, o)
			accepted(t, v, signedNow(t, one))
			site.set(tt.answer)
			clock.Add(int64(time.Minute))
			refused(t, v, signedNow(t, two), auth.CheckSignature, "")
			accepted(t, v, signedNow(t, one))
			v.Close() // waits for what is logged
			if text := log.String(); !strings.Contains(text, tt.log) || !strings.Contains(text, "the ones before stay") {
				t.Errorf("the log has no %q:\n%s", tt.log, text)
			}
		})
	}
	if n := elsewhere.Load(); n > 0 {
		t.Errorf("the redirect was followed %d times", n)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

var _ io.Writer = (*lockedBuffer)(nil)

func TestKeyURLs(t *testing.T) {
	for _, good := range []string{
		"https://issuer.example/keys", "https://192.0.2.1:8443/k?a=b", "http://127.0.0.1:1/", "http://[::1]:1/", "http://localhost:1",
	} {
		t.Run(good, func(t *testing.T) {
			if err := urlOptions(good).Validate(); err != nil {
				t.Error(err)
			}
		})
	}
	for _, bad := range []string{
		"", "issuer.example/keys", "http://issuer.example/keys", "http://localhost.example/", "http://192.0.2.1/",
		"http://127.0.0.1.example/", "file:///etc/passwd", "https://", "https://user:password@issuer.example/", "ftp://127.0.0.1/", "https://a b/",
	} {
		t.Run("bad "+bad, func(t *testing.T) {
			o := urlOptions(bad)
			if err := o.Validate(); err == nil {
				t.Errorf("accepted %s", fmt.Sprint(o.Issuers[0].Keys))
			}
		})
	}
}
