package client

import (
	"errors"
	"fmt"
	"net/http"
	"time"
)

var (
	// ErrBusy is yielded by a second loop over [Source.Events] while the first one runs.
	ErrBusy = errors.New("client: another loop reads from this source")

	// ErrEnded says that the server ended a stream in good order. The source reconnects after it: it is seen in
	// [State], and when MaxFailures is reached.
	ErrEnded = errors.New("client: the server ended the stream")
)

// StatusError is an answer whose status ends the loop; see [CheckStatus].
type StatusError struct {
	// Code and Status are the response's, such as 404 and "404 Not Found".
	Code   int
	Status string
}

func (e *StatusError) Error() string { return "client: the server answered " + e.Status }

// ContentError is an answer of 200 that is no event stream. It ends the loop.
type ContentError struct {
	// Type is the response's Content-Type.
	Type string
	// Encoding is the response's Content-Encoding, if that is the trouble: nobody asked for one.
	Encoding string
}

func (e *ContentError) Error() string {
	if e.Encoding != "" {
		return fmt.Sprintf("client: the stream is encoded as %q, which was not asked for", e.Encoding)
	}
	return fmt.Sprintf("client: the answer is no event stream: its type is %q", e.Type)
}

// TimeoutError says that ConnectTimeout or IdleTimeout has passed. The source reconnects after it.
type TimeoutError struct {
	// What did not come: "answer" or "byte".
	What string
	// After is how long it was waited for.
	After time.Duration
}

func (e *TimeoutError) Error() string { return fmt.Sprintf("client: no %s within %v", e.What, e.After) }

// Timeout returns true.
func (e *TimeoutError) Timeout() bool { return true }

// CheckStatus is what judges an answer if [Options].CheckStatus is not set. It returns nil, to try again
// later, for 408 Request Timeout, 425 Too Early, 429 Too Many Requests, and those from 500 on except 501 Not
// Implemented and 505 HTTP Version Not Supported; for all others a [*StatusError]. (A browser would give up
// on all of them.)
func CheckStatus(resp *http.Response) error {
	switch code := resp.StatusCode; {
	case code == http.StatusNotImplemented, code == http.StatusHTTPVersionNotSupported:
	case code >= 500, code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests:
		return nil
	}
	return statusError(resp)
}

func statusError(resp *http.Response) *StatusError {
	return &StatusError{Code: resp.StatusCode, Status: resp.Status}
}

// finalError is an error that ends the loop.
type finalError struct{ error }

func (e finalError) Unwrap() error { return e.error }

// final marks an error as one that ends the loop.
func final(err error) error { return finalError{err} }

// How a loop ends without an error to tell.
var (
	errLeft = errors.New("the loop was left")
	errDone = errors.New("the server has no more")
)
