package demo

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"sync"
	"time"
)

// errCut is why a stream ends that its own page has cut.
var errCut = errors.New("demo: the page cut its stream")

// errHeld is returned for a stream of a page that is held.
var errHeld = errors.New("demo: the page has its streams held")

// errManyHeld is returned if too many pages are held to hold another one.
var errManyHeld = errors.New("demo: too many pages are held")

// maxHeld bounds the pages that are held at a time.
const maxHeld = 1000

// stream is one open stream, and the page, or browser, that it says it belongs to.
type stream struct {
	page string
	cut  context.CancelCauseFunc
}

// streams are all open streams of one address. A page that is held gets no new one until a moment has come.
type streams struct {
	owner string // the parameter of a request that names whose stream it is

	mu   sync.Mutex
	open map[*stream]struct{}
	held map[string]time.Time
	cuts int
}

func newStreams(owner string) *streams {
	return &streams{owner: owner, open: map[*stream]struct{}{}, held: map[string]time.Time{}}
}

// begin enters a stream, unless its page is held.
func (s *streams) begin(page string, cut context.CancelCauseFunc) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if until, ok := s.held[page]; ok {
		if time.Now().Before(until) {
			return nil, errHeld
		}
		delete(s.held, page)
	}
	st := &stream{page, cut}
	s.open[st] = struct{}{}
	return st, nil
}

func (s *streams) end(st *stream) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, st)
}

// cut ends the streams of a page at once and, if hold is not zero, refuses new ones to it for that long. It
// returns how many there were; a page without a stream is not held.
func (s *streams) cut(page string, hold time.Duration) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.count(page)
	if n > 0 && hold > 0 {
		now := time.Now()
		maps.DeleteFunc(s.held, func(_ string, until time.Time) bool { return !now.Before(until) })
		if len(s.held) >= maxHeld {
			return 0, errManyHeld
		}
		s.held[page] = now.Add(hold)
	}
	for st := range s.open {
		if st.page == page {
			st.cut(errCut)
		}
	}
	s.cuts += n
	return n, nil
}

// countOf returns how many streams a page has.
func (s *streams) countOf(page string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count(page)
}

// count is countOf for a caller that holds the lock.
func (s *streams) count(page string) int {
	n := 0
	for st := range s.open {
		if st.page == page {
			n++
		}
	}
	return n
}

// follow serves a stream in such a way that its page can have it cut, and see that it is open.
func (s *streams) follow(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := nameOf(w, r, s.owner)
		if !ok {
			return
		}
		ctx, cut := context.WithCancelCause(r.Context())
		defer cut(nil)
		st, err := s.begin(page, cut)
		if err != nil {
			w.Header().Set("Retry-After", "1")
			problem(w, http.StatusServiceUnavailable, "this page had its streams held: try again in a moment")
			return
		}
		defer s.end(st)
		next.ServeHTTP(w, r.WithContext(ctx))
		if errors.Is(context.Cause(ctx), errCut) {
			// Not the proper end of a response: the other side sees a connection that broke.
			panic(http.ErrAbortHandler)
		}
	})
}

// nameOf returns the page or browser that a parameter of a request names, "" if none. Where it answers false, it has
// answered the request.
func nameOf(w http.ResponseWriter, r *http.Request, parameter string) (string, bool) {
	const maxName = 64
	name := r.URL.Query().Get(parameter)
	if len(name) > maxName {
		problem(w, http.StatusBadRequest, parameter+" is longer than 64 bytes")
		return "", false
	}
	return name, true
}
