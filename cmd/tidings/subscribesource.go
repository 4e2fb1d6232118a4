package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"

	sseclient "github.com/tidings-hub/tidings/client"
	"github.com/tidings-hub/tidings/sse"
)

// url returns the URL of what the settings ask for.
func (s *subscription) url() string {
	u := *s.hub.url
	query := u.Query()
	query["match"] = s.settings.Topics
	if s.wantsEnvelope() {
		query.Set("envelope", "1")
	}
	u.RawQuery = query.Encode()
	return u.String()
}

// options returns how the stream is read. The hub's own events are always asked for: they say what is lost in
// mid-stream, and move the cursor of a stream that is quiet.
func (s *subscription) options(ctx context.Context) sseclient.Options {
	o := sseclient.Options{
		HTTPClient:  s.hub.http,
		Prepare:     s.hub.authorize,
		CheckStatus: s.checkStatus,
		LastEventID: s.settings.LastEventID,
		Signals:     true,
		OnGap: func(g sseclient.Gap) {
			s.tell("the hub cannot go on behind %q: updates may be lost", g.From)
		},
		OnState:        s.watch,
		ConnectTimeout: 3 * s.settings.Timeout, // the transport has one for each part: dialling, TLS, the answer's head
		MaxLine:        maxEventBytes,
		MaxEvent:       maxEventBytes,
	}
	o.OnSignal = func(event sse.Event) {
		if s.settings.Signals {
			s.handle(ctx, event)
			return
		}
		s.seen = event.ID // where the stream is, also before its first event
	}
	if s.settings.NoReconnect {
		o.MaxFailures = 1
	}
	return o
}

// tell writes a line to standard error.
func (s *subscription) tell(format string, args ...any) {
	fmt.Fprintf(s.std.err, "tidings: "+format+"\n", args...)
}

// watch says when the stream is lost and when it is back. A hub that cannot be reached at the beginning is not
// waited for.
func (s *subscription) watch(state sseclient.State) {
	switch {
	case state.Phase == sseclient.Open:
		if s.lost {
			s.tell("the stream is back")
		}
		s.opened, s.lost = true, false
	case state.Phase != sseclient.Waiting:
	case !s.opened:
		s.stop(unreachable(s.hub.url, state.Err))
	case !s.lost:
		s.lost = true
		s.tell("%s; coming back behind its last event", howEnded(state.Err))
	}
}

// checkStatus judges an answer that is no stream. A hub that has been there may be back soon.
func (s *subscription) checkStatus(resp *http.Response) error {
	if s.opened && sseclient.CheckStatus(resp) == nil {
		return nil
	}
	return refused(resp)
}

// end returns the error of a stream that is over.
func (s *subscription) end(err error, lastEventID string) error {
	if _, ok := errors.AsType[*codedError](err); ok {
		return err
	}
	if content, ok := errors.AsType[*sseclient.ContentError](err); ok {
		return &codedError{exitRefused, fmt.Errorf("%s is no hub: it answered with %q",
			s.hub.url.Redacted(), cmp.Or(content.Encoding, content.Type))}
	}
	if limit, ok := errors.AsType[*sse.LimitError](err); ok {
		return limit
	}
	if !s.opened {
		return unreachable(s.hub.url, err)
	}
	return &codedError{exitEnded, errors.New(howEnded(err) + goOn(lastEventID))}
}

// howEnded says how a stream has ended, without the words of the packages that noticed.
func howEnded(err error) string {
	if errors.Is(err, sseclient.ErrEnded) {
		return "the stream ended"
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(err) {
		err = inner
	}
	return "the stream broke off: " + err.Error()
}

// goOn says how to go on behind an event.
func goOn(lastEventID string) string {
	if lastEventID == "" {
		return ""
	}
	return fmt.Sprintf("; go on behind its last event with --last-event-id %q", lastEventID)
}
