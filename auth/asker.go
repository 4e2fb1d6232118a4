package auth

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// Asker asks the application what the bearer of a request's cookies and headers may do: a ticket instead of a token.
// It sends a GET with the forwarded headers to one URL, and expects 200 with a JSON object:
//
//	{"authorization_details": […], "expires_in": 600, "subject": "user-17"}
//
// The details are those of a modern token, expires_in is for how many seconds the answer is good, subject may be
// missing. 401 and 403 say no. Whatever else happens is taken for a no as well. An answer is kept until it
// expires, for the same cookies and headers; equal questions at the same time are one. When it has expired, the caller
// asks again, and narrows or ends what it was for.
//
// It is safe for concurrent use.
type Asker struct {
	options AskerOptions
	client  *http.Client
	own     *http.Transport // nil if the options have one
	reader  detailReader
	slots   chan struct{} // one for each question that may be asked at a time

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu      sync.Mutex
	cache   lru[*Token]
	flights map[[sha256.Size]byte]*asking
}

// asking is a question that is under way. Its answer is there when done is closed.
type asking struct {
	done  chan struct{}
	token *Token
	err   error
}

// ErrNoCredentials is returned by [Asker.Ask] where a request has nothing to ask about: its bearer is anonymous.
var ErrNoCredentials = errors.New("auth: the request carries no credentials to ask the application about")

// NewAsker returns an Asker. The caller closes it.
func NewAsker(o AskerOptions) (*Asker, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	a := &Asker{options: o.WithDefaults(), flights: map[[sha256.Size]byte]*asking{}}
	transport := a.options.Transport
	if transport == nil {
		a.own = newTransport()
		transport = a.own
	}
	a.client = &http.Client{Transport: transport, CheckRedirect: noRedirect}
	a.reader = detailReader{a.options.Matcher, a.options.MaxDetails, a.options.MaxMatchers, a.options.MatcherBytes}
	a.slots = make(chan struct{}, a.options.MaxAsking)
	a.cache.most = a.options.CacheEntries
	a.ctx, a.cancel = context.WithCancel(context.Background())
	return a, nil
}

// Close ends questions that are under way and waits for their end. Asking afterwards fails. It may be called twice.
func (a *Asker) Close() {
	a.mu.Lock()
	a.cancel()
	a.mu.Unlock()
	a.wg.Wait()
	if a.own != nil {
		a.own.CloseIdleConnections()
	}
}

// Ask returns what the application says about a request with these headers, an [*Error], or [ErrNoCredentials] if of
// the forwarded headers it has none, or Origin alone. It waits for no longer than the timeout, or than ctx allows; the
// question goes on without the caller, since others may wait for the answer.
func (a *Asker) Ask(ctx context.Context, h http.Header) (*Token, error) {
	forwarded := a.forwarded(h)
	if len(forwarded) == 0 || len(forwarded) == 1 && forwarded.Get("Origin") != "" {
		return nil, ErrNoCredentials
	}
	key := hashHeader(forwarded)
	token, kept, err := a.answer(ctx, key, forwarded)
	if err == nil && kept && a.options.Revoked(token) {
		// The application may know of it by now, and have given another answer.
		a.forget(token)
		token, _, err = a.answer(ctx, key, forwarded)
	}
	if err != nil {
		return nil, err
	}
	if a.options.Revoked(token) {
		return nil, refuse(CheckRevoked, "the ticket was revoked (sub %s, hash %x)", quote(token.Subject), token.Hash)
	}
	return token, nil
}

// Revoked reports whether a ticket that was given has been revoked since.
func (a *Asker) Revoked(t *Token) bool { return a.options.Revoked(t) }

// forget drops an answer that is kept, unless there is a newer one.
func (a *Asker) forget(token *Token) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.cache.get(token.Hash) == token {
		a.cache.remove(token.Hash)
	}
}

// answer returns the answer that is kept, or waits for one.
func (a *Asker) answer(ctx context.Context, key [sha256.Size]byte, forwarded http.Header) (token *Token, kept bool, err error) {
	a.mu.Lock()
	if token := a.cache.get(key); token != nil && a.options.Now().Before(token.Expires) {
		a.mu.Unlock()
		return token, true, nil
	}
	flight := a.flights[key]
	if flight == nil {
		if a.ctx.Err() != nil {
			a.mu.Unlock()
			return nil, false, refuse(CheckUnavailable, "the application is not asked any more: the hub is closing")
		}
		flight = &asking{done: make(chan struct{})}
		a.flights[key] = flight
		a.wg.Go(func() { a.fly(flight, key, forwarded) })
	}
	a.mu.Unlock()
	select {
	case <-flight.done:
		return flight.token, false, flight.err
	case <-ctx.Done():
		return nil, false, &Error{Check: CheckUnavailable, Reason: "the application has not answered yet: " + ctx.Err().Error(), Err: ctx.Err()}
	}
}

// fly asks one question for all who wait for its answer.
func (a *Asker) fly(flight *asking, key [sha256.Size]byte, forwarded http.Header) {
	ctx, cancel := context.WithTimeout(a.ctx, a.options.Timeout)
	defer cancel()
	flight.token, flight.err = a.fetch(ctx, key, forwarded)
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.flights, key)
	if flight.err == nil {
		a.cache.put(key, flight.token)
	}
	close(flight.done)
}

// fetch asks the application.
func (a *Asker) fetch(ctx context.Context, key [sha256.Size]byte, forwarded http.Header) (*Token, error) {
	unavailable := func(err error) error {
		return &Error{Check: CheckUnavailable, Reason: fmt.Sprintf("the application cannot be asked: %v", err), Err: err}
	}
	select {
	case a.slots <- struct{}{}:
		defer func() { <-a.slots }()
	case <-ctx.Done():
		return nil, unavailable(fmt.Errorf("%d others are asking: %w", a.options.MaxAsking, ctx.Err()))
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.options.URL, nil)
	if err != nil {
		return nil, unavailable(err)
	}
	req.Header = forwarded
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", userAgent)
	asked := a.options.Now() // before the question: the answer must not be good for longer than it says
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, unavailable(err)
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, refuse(CheckDenied, "the application says %s", resp.Status)
	default:
		return nil, unavailable(fmt.Errorf("its answer is %s", resp.Status))
	}
	most := a.options.MaxBodyBytes
	body, err := io.ReadAll(io.LimitReader(resp.Body, int64(most)+1))
	if err != nil {
		return nil, unavailable(err)
	}
	if len(body) > most {
		return nil, refuse(CheckSize, "the application's answer is longer than %d bytes", most)
	}
	token, err := a.read(body, asked)
	if err != nil {
		return nil, err
	}
	token.Issuer, token.Hash = a.options.URL, key
	return token, nil
}

// maxTicket is the longest that an answer may be good for.
const maxTicket = 366 * 24 * time.Hour

// read makes a ticket of the application's answer.
func (a *Asker) read(body []byte, asked time.Time) (*Token, error) {
	o, err := parseObject(body)
	if err != nil {
		return nil, refuse(CheckMalformed, "the application's answer: %v", err)
	}
	details, ok := o[claimDetails]
	if !ok {
		return nil, refuse(CheckDetails, "the application's answer has no %s; an empty array says that nothing is allowed", claimDetails)
	}
	seconds, err := asNumber(o["expires_in"])
	if err != nil || seconds <= 0 || seconds > maxTicket.Seconds() {
		return nil, refuse(CheckExpired, "the application's answer: expires_in is %s, it must be a number of seconds, at most those of a year",
			quote(string(o["expires_in"])))
	}
	token := &Token{
		Dialect:  Modern,
		IssuedAt: asked,
		Expires:  asked.Add(time.Duration(seconds * float64(time.Second))),
	}
	if token.Subject, err = o.text("subject"); err != nil {
		return nil, refuse(CheckClaims, "the application's answer: %v", err)
	}
	if token.Details, err = a.reader.read(details); err != nil {
		return nil, err
	}
	token.Grant = grantOf(token.Details)
	return token, nil
}

// forwarded returns the headers that the application is asked about.
func (a *Asker) forwarded(h http.Header) http.Header {
	forwarded := http.Header{}
	for _, name := range a.options.ForwardHeaders {
		name = http.CanonicalHeaderKey(name)
		if values := h[name]; len(values) > 0 {
			forwarded[name] = slices.Clone(values)
		}
	}
	return forwarded
}

// hashHeader returns the hash of names and values, which are told apart by their lengths.
func hashHeader(h http.Header) [sha256.Size]byte {
	hash := sha256.New()
	write := func(s string) {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(s)))
		hash.Write(length[:]) // never fails
		hash.Write([]byte(s))
	}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		write(name)
		hash.Write(binary.BigEndian.AppendUint64(nil, uint64(len(h[name]))))
		for _, value := range h[name] {
			write(value)
		}
	}
	return [sha256.Size]byte(hash.Sum(nil))
}
