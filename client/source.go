package client

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// Source is a stream of events that outlives its connections. One loop at a time reads it; LastEventID may be
// called from anywhere.
type Source struct {
	url     *url.URL
	options Options
	http    *http.Client
	owned   *sockets // of http if that is the source's own

	mu     sync.Mutex
	lastID string
	busy   bool

	retry    time.Duration // the reconnection time that the server has asked for
	retrySet bool          // these two belong to the loop
}

// New returns a source of the events at an http or https URL. It does not connect yet. The error says what is
// wrong with the URL or, as [Options.Validate] does, with the options.
func New(rawURL string, o Options) (*Source, error) {
	u, err := url.Parse(rawURL)
	if err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("client: %q is no http or https URL", u.Redacted())
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Signals {
		askForSignals(u)
	}
	s := &Source{url: u, options: o.withDefaults(), lastID: o.LastEventID, http: o.HTTPClient}
	if s.http == nil {
		s.http, s.owned = ownClient()
	}
	if _, err := http.NewRequest(o.Method, u.String(), nil); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return s, nil
}

// LastEventID returns the last event ID: the ID of the last event that the loop was given or, behind it, one
// that the server has sent without an event. It is what a program keeps to go on from there another time.
// Within the loop, event.ID is the same.
func (s *Source) LastEventID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastID
}

func (s *Source) setLastEventID(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastID = id
}

// begin reports whether there is no loop yet.
func (s *Source) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy {
		return false
	}
	if s.busy = true; s.owned != nil {
		s.owned.begin()
	}
	return true
}

func (s *Source) end() {
	if s.owned != nil {
		s.http.CloseIdleConnections() // and end what is being dialled
		s.owned.end()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy = false
}

// Events returns the sequence of events, over as many connections as it takes. It connects when it is ranged
// over. Each event is yielded as soon as it is complete, with a nil error.
//
// An error comes last and with a zero event: ctx.Err() if ctx has ended, a [*StatusError] or what
// Options.CheckStatus returned, a [*ContentError], an [*sse.LimitError] that is wrapped, the last error when
// MaxFailures is reached, [ErrBusy]. The sequence ends without an error only if the server has answered 204.
//
// The connection is closed when the loop is left. Ranging again, over the same or another sequence, goes on
// behind the last event.
func (s *Source) Events(ctx context.Context) iter.Seq2[sse.Event, error] {
	return func(yield func(sse.Event, error) bool) {
		if !s.begin() {
			yield(sse.Event{}, ErrBusy)
			return
		}
		err := func() error {
			defer s.end() // before the error is yielded: it may be followed by another loop
			l := &loop{source: s, options: &s.options, ctx: ctx, yield: yield}
			return l.run()
		}()
		if !errors.Is(err, errLeft) && !errors.Is(err, errDone) {
			yield(sse.Event{}, err)
		}
	}
}
