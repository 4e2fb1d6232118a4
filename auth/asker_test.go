package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/topic"
)

const ticket = `{"authorization_details":[{"type":"https://mercure.rocks/authorization-detail","actions":["subscribe"],` +
	`"topics":[{"match":"a"}],"payload":{"n":1}}],"expires_in":60,"subject":"user","more":1}`

func newAsker(t testing.TB, o auth.AskerOptions) *auth.Asker {
	t.Helper()
	a, err := auth.NewAsker(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.Close)
	return a
}

// cookie returns the headers of a request with a cookie.
func cookie(value string) http.Header { return http.Header{"Cookie": {"session=" + value}} }

// TestAsk asks an application on the network.
func TestAsk(t *testing.T) {
	var got http.Header
	application := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.URL.RequestURI() != "/tickets?hub=1" {
			t.Errorf("asked by %s %s", r.Method, r.URL)
		}
		got = r.Header
		fmt.Fprint(w, ticket)
	}))
	defer application.Close()
	url := application.URL + "/tickets?hub=1"
	a := newAsker(t, auth.AskerOptions{URL: url, Now: func() time.Time { return now }})
	headers := http.Header{
		"Cookie": {"a=1", "b=2"}, "Authorization": {"Bearer x"}, "Origin": {"https://page.example"},
		"Last-Event-Id": {"7"}, "X-Forwarded-For": {"192.0.2.1"},
	}
	token, err := a.Ask(within(t), headers)
	if err != nil {
		t.Fatal(err)
	}
	matchers := topic.Matchers{topic.Exact("a")}
	want := &auth.Token{
		Dialect: auth.Modern,
		Grant:   topic.Grant{Subscribe: matchers},
		Details: []auth.Detail{{Subscribe: true, Topics: matchers, Payload: []byte(`{"n":1}`)}},
		Issuer:  url, Subject: "user", IssuedAt: now, Expires: now.Add(time.Minute), Hash: token.Hash,
	}
	if diff := cmp.Diff(want, token, compareTokens()); diff != "" {
		t.Errorf("ticket (-want +got):\n%s", diff)
	}
	got.Del("Accept-Encoding")
	wantHeaders := http.Header{
		"Cookie": {"a=1", "b=2"}, "Authorization": {"Bearer x"}, "Origin": {"https://page.example"},
		"Accept": {"application/json"}, "User-Agent": {"tidings"},
	}
	if diff := cmp.Diff(wantHeaders, got); diff != "" {
		t.Errorf("the application was asked with (-want +got):\n%s", diff)
	}
}

// TestAskFailsClosed holds that whatever is not a good answer is a refusal.
func TestAskFailsClosed(t *testing.T) {
	answer := func(text string) http.HandlerFunc { return serving([]byte(text)) }
	change := func(old, new string) http.HandlerFunc { return answer(strings.Replace(ticket, old, new, 1)) }
	status := func(code int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(code)
			fmt.Fprint(w, ticket)
		}
	}
	tests := []struct {
		name   string
		answer http.HandlerFunc
		check  auth.Check
		why    string
	}{
		{"401", status(401), auth.CheckDenied, "401"},
		{"403", status(403), auth.CheckDenied, "403"},
		{"201", status(201), auth.CheckUnavailable, "201"},
		{"404", status(404), auth.CheckUnavailable, "404"},
		{"500", status(500), auth.CheckUnavailable, "500"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/login", http.StatusFound) }, auth.CheckUnavailable, "302"},
		{"page", answer("<!doctype html>"), auth.CheckMalformed, "answer"},
		{"nothing", answer(""), auth.CheckMalformed, "answer"},
		{"list", answer("[" + ticket + "]"), auth.CheckMalformed, "not an object"},
		{"two", answer(ticket + ticket), auth.CheckMalformed, "behind it"},
		{"no details", change(`"authorization_details"`, `"details"`), auth.CheckDetails, "has no authorization_details"},
		{"bad details", change(`"match"`, `"topic"`), auth.CheckDetails, "there is no match"},
		{"twice", change(`"more"`, `"subject"`), auth.CheckMalformed, "twice"},
		{"subject is a number", change(`"user"`, `17`), auth.CheckClaims, "subject is not a string"},
		{"no end", change(`"expires_in":60,`, ``), auth.CheckExpired, "expires_in"},
		{"end is a string", change(`60`, `"60"`), auth.CheckExpired, "expires_in"},
		{"no time", change(`60`, `0`), auth.CheckExpired, "expires_in"},
		{"negative time", change(`60`, `-1`), auth.CheckExpired, "expires_in"},
		{"a thousand years", change(`60`, `31536000000`), auth.CheckExpired, "expires_in"},
		{"too long", answer(ticket + strings.Repeat(" ", 64<<10)), auth.CheckSize, "65536 bytes"},
		{"hangs up", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, auth.CheckUnavailable, "EOF"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			application := httptest.NewServer(tt.answer)
			defer application.Close()
			a := newAsker(t, auth.AskerOptions{URL: application.URL})
			token, err := a.Ask(within(t), cookie("1"))
			isRefused(t, token, err, tt.check, tt.why)
		})
	}
	a := newAsker(t, auth.AskerOptions{URL: "http://127.0.0.1:1/"})
	token, err := a.Ask(within(t), cookie("1"))
	isRefused(t, token, err, auth.CheckUnavailable, "cannot be asked")
}

// askInVirtualTime returns an Asker of an application without a network.
func askInVirtualTime(t *testing.T, application http.HandlerFunc, o auth.AskerOptions) (*auth.Asker, *keySite) {
	t.Helper()
	site := &keySite{answer: application}
	o.URL, o.Transport = "https://application.example/tickets", site
	a, err := auth.NewAsker(o)
	if err != nil {
		t.Fatal(err)
	}
	return a, site
}

func TestAskTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, site := askInVirtualTime(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, auth.AskerOptions{MaxAsking: 1})
		defer a.Close()
		began := time.Now()
		var wg sync.WaitGroup
		for i := range 3 { // one asks, the others wait for their turn, in vain
			wg.Go(func() {
				token, err := a.Ask(t.Context(), cookie(strconv.Itoa(i)))
				isRefused(t, token, err, auth.CheckUnavailable, "deadline exceeded")
			})
		}
		wg.Wait()
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %v, want 3 s", took)
		}
		if n := site.asked.Load(); n < 1 || n > 3 {
			t.Errorf("asked %d times", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		token, err := a.Ask(ctx, cookie("0"))
		if refusal := isRefused(t, token, err, auth.CheckUnavailable, "not answered yet"); !errors.Is(refusal, context.DeadlineExceeded) {
			t.Errorf("%v does not say that it was the caller's deadline", refusal)
		}
	})
}

// TestAnswersAreKept counts questions.
func TestAnswersAreKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		slow := func(w http.ResponseWriter, _ *http.Request) {
			time.Sleep(time.Second)
			fmt.Fprint(w, ticket)
		}
		a, site := askInVirtualTime(t, slow, auth.AskerOptions{CacheEntries: 2})
		defer a.Close()
		ask := func(h http.Header, want int32, when string) *auth.Token {
			t.Helper()
			token, err := a.Ask(t.Context(), h)
			if err != nil {
				t.Fatal(err)
			}
			if n := site.asked.Load(); n != want {
				t.Errorf("%s: asked %d times, want %d", when, n, want)
			}
			return token
		}
		var wg sync.WaitGroup
		began := time.Now()
		for range 100 {
			wg.Go(func() { ask(cookie("1"), 1, "a hundred at once") })
		}
		wg.Wait()
		first := ask(cookie("1"), 1, "once more")
		if want := began.Add(time.Minute); !first.Expires.Equal(want) {
			t.Errorf("good until %v, want %v, counted from the question", first.Expires, want)
		}
		ask(http.Header{"Cookie": {"session=1"}, "Accept-Language": {"de"}}, 1, "with other headers that are not forwarded")
		ask(http.Header{"Cookie": {"session=1"}, "Origin": {"https://page.example"}}, 2, "from an origin")
		ask(http.Header{"Authorization": {"session=1"}}, 3, "another header of this value")
		ask(cookie("1"), 4, "the oldest of three, where two are kept")
		ask(http.Header{"Authorization": {"session=1"}}, 4, "the one before")
		ask(http.Header{"Cookie": {"session=", "1"}}, 5, "cut elsewhere")

		again := ask(http.Header{"Authorization": {"session=1"}}, 5, "kept")
		time.Sleep(time.Until(again.Expires))
		if next := ask(http.Header{"Authorization": {"session=1"}}, 6, "expired"); !next.Expires.After(again.Expires) {
			t.Error("the old answer came again")
		}
		site.set(failing)
		for n := range int32(3) {
			if token, err := a.Ask(t.Context(), cookie("2")); err == nil {
				t.Fatalf("accepted %+v", token)
			} else if got := site.asked.Load(); got != 7+n {
				t.Errorf("asked %d times, want %d: failures are not kept", got, 7+n)
			}
		}
	})
}

func TestAskWithoutCredentials(t *testing.T) {
	site := &keySite{answer: serving([]byte(ticket))}
	a := newAsker(t, auth.AskerOptions{URL: "https://application.example/", Transport: site})
	for _, h := range []http.Header{nil, {}, {"Origin": {"https://page.example"}}, {"X-User": {"1"}}} {
		if token, err := a.Ask(t.Context(), h); !errors.Is(err, auth.ErrNoCredentials) || token != nil {
			t.Errorf("%v: %+v, %v", h, token, err)
		}
	}
	if n := site.asked.Load(); n > 0 {
		t.Errorf("asked %d times", n)
	}
	b := newAsker(t, auth.AskerOptions{URL: "https://application.example/", Transport: site, ForwardHeaders: []string{"x-user"}})
	if _, err := b.Ask(within(t), http.Header{"X-User": {"1"}}); err != nil {
		t.Errorf("with a header of its own: %v", err)
	}
	if _, err := b.Ask(within(t), cookie("1")); !errors.Is(err, auth.ErrNoCredentials) {
		t.Errorf("with a header that is not forwarded: %v", err)
	}
}

// A kept answer that was revoked is asked for anew, and refused if that changes nothing.
func TestRevokedTickets(t *testing.T) {
	clock := now
	revocations := auth.NewRevocations(0, nil)
	site := &keySite{answer: serving([]byte(ticket))}
	a := newAsker(t, auth.AskerOptions{
		URL: "https://application.example/", Transport: site, Revoked: revocations.Revoked,
		Now: func() time.Time { return clock },
	})
	if _, err := a.Ask(within(t), cookie("1")); err != nil {
		t.Fatal(err)
	}
	if err := revocations.Add(auth.Revocation{Subject: "user", IssuedBefore: now.Add(time.Second)}); err != nil {
		t.Fatal(err)
	}
	token, err := a.Ask(within(t), cookie("1"))
	isRefused(t, token, err, auth.CheckRevoked, "user")
	clock = now.Add(time.Second)
	if _, err := a.Ask(within(t), cookie("1")); err != nil {
		t.Errorf("a new ticket: %v", err)
	}
	if n := site.asked.Load(); n != 3 {
		t.Errorf("asked %d times, want 3", n)
	}
}

func TestAskerClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := askInVirtualTime(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, auth.AskerOptions{})
		began := time.Now()
		done := make(chan struct{})
		go func() {
			defer close(done)
			token, err := a.Ask(t.Context(), cookie("1"))
			isRefused(t, token, err, auth.CheckUnavailable, "canceled")
		}()
		synctest.Wait()
		a.Close()
		<-done
		a.Close()
		token, err := a.Ask(t.Context(), cookie("1"))
		isRefused(t, token, err, auth.CheckUnavailable, "closing")
		if took := time.Since(began); took > 0 {
			t.Errorf("it took %v", took)
		}
	})
}

func TestAskerOptionsValidate(t *testing.T) {
	good := auth.AskerOptions{URL: "https://application.example/"}
	if err := good.Validate(); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*auth.AskerOptions){
		"URL":            func(o *auth.AskerOptions) { o.URL = "http://application.example/" },
		"ForwardHeaders": func(o *auth.AskerOptions) { o.ForwardHeaders = []string{} },
		"host":           func(o *auth.AskerOptions) { o.ForwardHeaders = []string{"Cookie", "host"} },
		"Timeout":        func(o *auth.AskerOptions) { o.Timeout = -1 },
		"MaxBodyBytes":   func(o *auth.AskerOptions) { o.MaxBodyBytes = -1 },
		"MaxAsking":      func(o *auth.AskerOptions) { o.MaxAsking = -1 },
		"CacheEntries":   func(o *auth.AskerOptions) { o.CacheEntries = -1 },
		"MaxDetails":     func(o *auth.AskerOptions) { o.MaxDetails = -1 },
		"MaxMatchers":    func(o *auth.AskerOptions) { o.MaxMatchers = -1 },
		"MatcherBytes":   func(o *auth.AskerOptions) { o.MatcherBytes = -1 },
	} {
		t.Run(name, func(t *testing.T) {
			o := good
			change(&o)
			if _, err := auth.NewAsker(o); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("error %v, want one that names %s", err, name)
			}
		})
	}
}
