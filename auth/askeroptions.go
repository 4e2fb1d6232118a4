package auth

import (
	"errors"
	"fmt"
	"net/http"
	"net/textproto"
	"time"
)

// AskerOptions configure an [Asker]. Except for the URL, the zero value of each field stands for its default.
type AskerOptions struct {
	// URL is what the application is asked at: https, or http at a loopback address. The application's answer must
	// depend on nothing but the forwarded headers.
	URL string
	// ForwardHeaders are the headers of a request that are forwarded. Default: Authorization, Cookie and Origin.
	ForwardHeaders []string
	// Timeout is how long an answer may take, default 3 s.
	Timeout time.Duration
	// MaxBodyBytes is how long an answer may be, default 64 KiB.
	MaxBodyBytes int
	// MaxAsking is how many questions may be under way at a time, default 64. Others wait, within the timeout.
	MaxAsking int
	// CacheEntries is how many answers are kept, default 10,000. The one that was not used for longest goes first.
	CacheEntries int

	// Matcher, MaxDetails, MaxMatchers and MatcherBytes are those of [Options].
	Matcher      MatcherFunc
	MaxDetails   int
	MaxMatchers  int
	MatcherBytes int
	// Revoked reports whether a ticket was revoked. It is asked each time, also about answers that were kept.
	Revoked func(*Token) bool
	// Transport carries the questions. Default: one of the Asker's own, as [http.DefaultTransport] is.
	Transport http.RoundTripper
	// Now is the clock, default [time.Now].
	Now func() time.Time
}

// WithDefaults returns o with zero fields replaced by their defaults.
func (o AskerOptions) WithDefaults() AskerOptions {
	like := Options{
		Matcher: o.Matcher, MaxDetails: o.MaxDetails, MaxMatchers: o.MaxMatchers, MatcherBytes: o.MatcherBytes,
		Revoked: o.Revoked, Now: o.Now,
	}.WithDefaults()
	o.Matcher, o.MaxDetails, o.MaxMatchers, o.MatcherBytes = like.Matcher, like.MaxDetails, like.MaxMatchers, like.MatcherBytes
	o.Revoked, o.Now = like.Revoked, like.Now
	if o.ForwardHeaders == nil {
		o.ForwardHeaders = []string{"Authorization", "Cookie", "Origin"}
	}
	setDefault(&o.Timeout, 3*time.Second)
	setDefault(&o.MaxBodyBytes, 64<<10)
	setDefault(&o.MaxAsking, 64)
	setDefault(&o.CacheEntries, 10_000)
	return o
}

// Validate refuses settings that cannot work, naming the fields.
func (o AskerOptions) Validate() error {
	o = o.WithDefaults()
	var errs []error
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("auth: AskerOptions."+format, args...))
	}
	if err := checkURL(o.URL); err != nil {
		wrong("URL %w", err)
	}
	for _, name := range o.ForwardHeaders {
		switch canonical := textproto.CanonicalMIMEHeaderKey(name); canonical {
		case "", "Host", "Connection", "Content-Length", "Transfer-Encoding", "Te", "Trailer", "Upgrade", "Keep-Alive",
			"Proxy-Connection", "Accept", "Accept-Encoding", "User-Agent":
			wrong("ForwardHeaders has %q, which belongs to the connection or the hub and cannot be forwarded", name)
		}
	}
	if len(o.ForwardHeaders) == 0 {
		wrong("ForwardHeaders is empty: there is nothing to ask about")
	}
	if o.Timeout < 0 {
		wrong("Timeout is negative: %v", o.Timeout)
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"MaxBodyBytes", o.MaxBodyBytes},
		{"MaxAsking", o.MaxAsking},
		{"CacheEntries", o.CacheEntries},
		{"MaxDetails", o.MaxDetails},
		{"MaxMatchers", o.MaxMatchers},
		{"MatcherBytes", o.MatcherBytes},
	} {
		if f.value < 1 {
			wrong("%s is %d, less than 1", f.name, f.value)
		}
	}
	return errors.Join(errs...)
}
