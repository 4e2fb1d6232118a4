package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"
)

// urlKeys are fetched from a URL: in the background from time to time, and when a token names a key that is not
// held. All who wait share one fetch, and there is a least time between two, whoever asks.
type urlKeys struct {
	url         string
	client      *http.Client
	timeout     time.Duration
	refresh     time.Duration
	minInterval time.Duration
	maxStale    time.Duration
	now         func() time.Time
	log         *slog.Logger

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	last    []verificationKey
	fetches uint64        // how often that was
	fetched time.Time     // when last was fetched, zero if it never was
	tried   time.Time     // when the last fetch began, zero if none did
	failed  error         // why the last fetch failed, nil if it did not
	running chan struct{} // closed when the fetch that is under way ends; nil if none is
}

// newURLKeys begins the first fetch, and does not wait for it: a hub starts also while the issuer is away.
func newURLKeys(url string, o *Options) *urlKeys {
	u := &urlKeys{
		url:         url,
		client:      &http.Client{Transport: o.Transport, CheckRedirect: noRedirect},
		timeout:     o.KeysTimeout,
		refresh:     o.KeysRefresh,
		minInterval: o.KeysMinInterval,
		maxStale:    o.KeysMaxStale,
		now:         o.Now,
		log:         o.Logger,
	}
	u.ctx, u.cancel = context.WithCancel(context.Background())
	u.mu.Lock()
	defer u.mu.Unlock()
	u.begin(u.now())
	return u
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// close ends a fetch that is under way and waits for its end.
func (u *urlKeys) close() {
	u.cancel()
	u.wg.Wait()
}

// keys returns the keys that are held. It waits for a fetch only where those are of no use: if there are none, or none
// of this kid.
func (u *urlKeys) keys(ctx context.Context, kid string) ([]verificationKey, error) {
	held, running, err := u.look(kid)
	if running == nil {
		return held, err
	}
	select {
	case <-running:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.current(u.now())
}

// look returns the keys that are held, or the end of a fetch that is to be waited for.
func (u *urlKeys) look(kid string) ([]verificationKey, <-chan struct{}, error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	held, err := u.current(now)
	known := err == nil && (kid == "" || slices.ContainsFunc(held, func(k verificationKey) bool { return k.id == kid }))
	if !known || now.Sub(u.fetched) >= u.refresh {
		u.begin(now)
	}
	if known || u.running == nil {
		return held, nil, err
	}
	return nil, u.running, nil
}

func (u *urlKeys) held() []verificationKey {
	u.mu.Lock()
	defer u.mu.Unlock()
	keys, _ := u.current(u.now()) // none, if they cannot be had
	return keys
}

// version begins a fetch if it is time for one.
func (u *urlKeys) version() (uint64, bool) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := u.now()
	if now.Sub(u.fetched) >= u.refresh {
		u.begin(now)
	}
	_, err := u.current(now)
	return u.fetches, err == nil
}

// current returns the keys that are held, if they are still good. The caller holds u.mu.
func (u *urlKeys) current(now time.Time) ([]verificationKey, error) {
	switch {
	case !u.fetched.IsZero() && now.Sub(u.fetched) < u.maxStale:
		return u.last, nil
	case u.failed != nil:
		return nil, u.failed
	}
	return nil, errors.New("they were not fetched yet")
}

// begin begins a fetch, unless one is under way or the last one is too recent. The caller holds u.mu.
func (u *urlKeys) begin(now time.Time) {
	if u.running != nil || u.ctx.Err() != nil || !u.tried.IsZero() && now.Sub(u.tried) < u.minInterval {
		return
	}
	u.tried = now
	done := make(chan struct{})
	u.running = done
	u.wg.Go(func() {
		keys, leftOut, err := u.fetch()
		u.mu.Lock()
		defer u.mu.Unlock()
		u.running = nil
		close(done)
		u.failed = err
		if err == nil {
			u.last, u.fetched, u.fetches = keys, now, u.fetches+1
		}
		u.tell(leftOut, err)
	})
}

func (u *urlKeys) tell(leftOut []error, err error) {
	switch {
	case u.ctx.Err() != nil:
	case err != nil && u.fetched.IsZero():
		u.log.Error("keys cannot be fetched, tokens of their issuer are refused", "url", u.url, "error", err)
	case err != nil:
		u.log.Warn("keys cannot be fetched, the ones before stay", "url", u.url, "since", u.fetched, "error", err)
	default:
		for _, why := range leftOut {
			u.log.Debug("a key is not used", "url", u.url, "error", why)
		}
		u.log.Debug("keys were fetched", "url", u.url, "keys", len(u.last))
	}
}

// fetch fetches the set once. A set without any usable key counts as a failure: it would lock everybody out.
func (u *urlKeys) fetch() ([]verificationKey, []error, error) {
	ctx, cancel := context.WithTimeout(u.ctx, u.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.url, nil)
	if err != nil {
		return nil, nil, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	req.Header.Set("User-Agent", userAgent)
	resp, err := u.client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("the answer is %s", resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxKeyBytes+1))
	if err != nil {
		return nil, nil, err
	}
	if len(text) > maxKeyBytes {
		return nil, nil, fmt.Errorf("the answer is longer than %d bytes", maxKeyBytes)
	}
	keys, leftOut, err := parseJWKS(text)
	if err == nil && len(keys) == 0 {
		err = errors.Join(append([]error{errors.New("the answer has no usable key")}, leftOut...)...)
	}
	return keys, leftOut, err
}

// userAgent is how the hub presents itself to issuers and applications.
const userAgent = "tidings"

// checkURL refuses URLs that are not https, except for http to this machine, where nobody listens in.
func checkURL(raw string) error {
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil {
		return fmt.Errorf("is %q, it must be an https URL", raw)
	}
	host := u.Hostname()
	ip := net.ParseIP(host)
	loopback := host == "localhost" || ip != nil && ip.IsLoopback()
	if u.Scheme != "https" && (u.Scheme != "http" || !loopback) {
		return fmt.Errorf("is %q, it must be an https URL; http is for loopback addresses only", raw)
	}
	return nil
}
