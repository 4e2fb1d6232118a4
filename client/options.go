package client

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// Options configures a [Source]. The zero value works. All functions are called by the loop over
// [Source.Events], in its goroutine, and hold it up while they run.
type Options struct {
	// HTTPClient sends the requests. It must have no Timeout, which would end every stream after that time. nil
	// means a client of the source's own with the settings of http.DefaultTransport, which keeps no connection
	// after the loop; to share connections between sources, set one. Behind a timeout its idle connections are
	// closed, since the one that was found dead is among them.
	HTTPClient *http.Client

	// Method is the request's method, GET if empty.
	Method string

	// Header is added to each request. Accept and Cache-Control are set to what the standard says unless they
	// are in it. Last-Event-ID must not be.
	Header http.Header

	// Body is sent with each request, which needs a Method other than GET.
	Body []byte

	// GetBody returns the body of the next request, instead of Body, for one that is long or made anew each time.
	GetBody func() (io.ReadCloser, error)

	// Prepare, if not nil, is called with each request before it is sent, to add what changes between
	// connections, such as a fresh token. The request's context ends with the attempt. An error is a failed
	// attempt, and another follows.
	Prepare func(*http.Request) error

	// CheckStatus, if not nil, judges an answer with a status other than 200 and 204, in place of the
	// function [CheckStatus]. nil means to try again, an error ends the loop and is yielded as it is. The
	// response's body may be read, and is closed by the source.
	CheckStatus func(*http.Response) error

	// LastEventID is the cursor to begin with, the ID of the last event that was seen.
	LastEventID string

	// Signals asks a Tidings hub for its own events too: the query gets signals=1. Those events (their types
	// begin with "tidings.") do not come out of the loop; the source heeds them, and calls the functions
	// below. Without Signals, an event of such a type is like any other.
	Signals bool

	// OnHello, if not nil, is called when a stream with Signals begins.
	OnHello func(Hello)

	// OnGap, if not nil, is called when the server says that events may be lost, before the events that
	// follow, so that the program can fetch anew what it builds on them. With Signals a Tidings hub says it,
	// in mid-stream too. Of others it is taken from the response's head: hubs that are compatible with the
	// Mercure protocol answer a cursor that they cannot honour with another one.
	OnGap func(Gap)

	// OnBye, if not nil, is called when a hub with Signals is about to end the stream.
	OnBye func(Bye)

	// OnSignal, if not nil, is called with each of the hub's own events as it came, known to this package or not,
	// before the functions above.
	OnSignal func(sse.Event)

	// OnComment, if not nil, is called with the text of each comment line, as soon as it has been read.
	OnComment func(text string)

	// OnState, if not nil, is called when a connection is tried, when it is open, and when the source waits.
	OnState func(State)

	// Backoff is the longest that the source waits after a first failure, beyond what the server asks for;
	// the wait is random between nothing and that. It doubles with each further failure, up to MaxBackoff.
	// The defaults are 1 s and 30 s.
	Backoff, MaxBackoff time.Duration

	// MinRetry and MaxRetry bound the time that a server may ask for, by a retry line, Retry-After, or
	// tidings.bye. Less than what it asked for, within the bounds, is never waited. The defaults are 0 and 5
	// min.
	MinRetry, MaxRetry time.Duration

	// StableAfter is how long a connection must have been open for its end to count as a first failure again.
	// A stream that ended in good order behind an event, or with tidings.bye, always does. The default is 10 s.
	StableAfter time.Duration

	// MaxFailures is the number of failures in a row with which the loop gives up, and yields the last one's
	// error. The end of a stream counts: with 1, the source never reconnects. 0 means no limit.
	MaxFailures int

	// ConnectTimeout is how long the response's head may take, from dialling on. The default is 30 s.
	ConnectTimeout time.Duration

	// IdleTimeout is for how long a stream may be silent, without as much as a comment, before it is taken for
	// dead. By default it is three times the heartbeat's interval if the server tells that (see [Hello]); if not,
	// streams may be silent for ever.
	IdleTimeout time.Duration

	// MaxLine and MaxEvent bound what is read, as those of [sse.Options]. What is beyond ends the loop, since
	// it would come again. The default of each is 1 MiB.
	MaxLine, MaxEvent int

	// Logger, if not nil, is told of connections (debug) and why they ended (info).
	Logger *slog.Logger
}

// Validate reports what is wrong with the options, naming the fields, or nil.
func (o Options) Validate() error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf("client: "+format, args...))
		}
	}
	for _, d := range []struct {
		name  string
		value time.Duration
	}{
		{"Backoff", o.Backoff},
		{"MaxBackoff", o.MaxBackoff},
		{"MinRetry", o.MinRetry},
		{"MaxRetry", o.MaxRetry},
		{"StableAfter", o.StableAfter},
		{"ConnectTimeout", o.ConnectTimeout},
		{"IdleTimeout", o.IdleTimeout},
	} {
		refuse(d.value < 0, "%s %v is negative", d.name, d.value)
	}
	for _, n := range []struct {
		name  string
		value int
	}{{"MaxFailures", o.MaxFailures}, {"MaxLine", o.MaxLine}, {"MaxEvent", o.MaxEvent}} {
		refuse(n.value < 0, "%s %d is negative", n.name, n.value)
	}
	refuse(o.HTTPClient != nil && o.HTTPClient.Timeout != 0, "HTTPClient has a Timeout, which would cut every stream")
	refuse(o.Body != nil && o.GetBody != nil, "Body and GetBody are both set")
	get := o.Method == "" || o.Method == http.MethodGet
	refuse(get && (o.Body != nil || o.GetBody != nil), "Body or GetBody needs a Method other than GET")
	refuse(o.Header.Values(headerCursor) != nil, "Header has %s, which is set by LastEventID", headerCursor)
	refuse(!o.Signals && (o.OnHello != nil || o.OnBye != nil || o.OnSignal != nil),
		"OnHello, OnBye and OnSignal need Signals")
	d := o.withDefaults()
	refuse(d.Backoff > d.MaxBackoff, "Backoff %v is above MaxBackoff %v", d.Backoff, d.MaxBackoff)
	refuse(d.MinRetry > d.MaxRetry, "MinRetry %v is above MaxRetry %v", d.MinRetry, d.MaxRetry)
	if _, err := cursorHeader(o.LastEventID); err != nil {
		errs = append(errs, fmt.Errorf("client: LastEventID: %w", err))
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	o.Backoff = cmp.Or(o.Backoff, min(time.Second, cmp.Or(o.MaxBackoff, time.Second)))
	o.MaxBackoff = cmp.Or(o.MaxBackoff, max(30*time.Second, o.Backoff))
	o.MaxRetry = cmp.Or(o.MaxRetry, max(5*time.Minute, o.MinRetry))
	o.StableAfter = cmp.Or(o.StableAfter, 10*time.Second)
	o.ConnectTimeout = cmp.Or(o.ConnectTimeout, 30*time.Second)
	if o.CheckStatus == nil {
		o.CheckStatus = CheckStatus
	}
	return o
}

// decoder returns the options of a stream that resumes behind lastID.
func (o Options) decoder(lastID string) sse.Options {
	return sse.Options{MaxLine: o.MaxLine, MaxEvent: o.MaxEvent, LastEventID: lastID, OnComment: o.OnComment}
}
