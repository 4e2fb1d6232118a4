package protocol

import (
	"errors"
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// subscribe answers GET with a stream, and HEAD with its head.
func (h *handler) subscribe(w http.ResponseWriter, r *http.Request) error {
	grant, err := h.authorize(w, r)
	if err != nil {
		return err
	}
	request := hub.Request{Matchers: h.fixed, Grant: grant}
	param := ""
	if h.fixed == nil {
		if request.Matchers, param, err = readMatchers(r.URL.RawQuery); err != nil {
			return err
		}
	}
	cursor, err := readBeginning(r, h.limits, &request)
	if err != nil {
		return err
	}
	release, err := h.addresses.take(r)
	if err != nil {
		return err
	}
	sub, err := h.hub.Subscribe(r.Context(), request)
	if err != nil {
		release()
		return h.explainSubscribe(r, err, param)
	}
	answer := ""
	if cursor.given {
		answer = sub.LastEventID
	}
	return h.stream(w, r, stream{sub: sub, lastEventID: answer, release: release})
}

// readBeginning reads how a stream is to begin.
func readBeginning(r *http.Request, l hub.Limits, into *hub.Request) (presented, error) {
	query := r.URL.RawQuery
	var err error
	if into.Signals, err = readSignals(query); err != nil {
		return presented{}, err
	}
	if into.SkipGap, err = readSkipGap(query); err != nil {
		return presented{}, err
	}
	replay, asked, err := readReplay(query)
	if err != nil {
		return presented{}, err
	}
	cursor, err := readCursor(r, l)
	if err != nil {
		return cursor, err
	}
	if asked && !cursor.header && cursor.Kind() != eventlog.CursorNone {
		return cursor, badField(paramReplay, "parameter %q is for streams without a cursor, but the query has one, %s",
			paramReplay, quote(cursor.String()))
	}
	into.Cursor, into.Replay = cursor.Cursor, replay
	return cursor, nil
}

// explainSubscribe returns the problem that err is to a subscriber whose query selects topics by param.
func (h *handler) explainSubscribe(r *http.Request, err error, param string) *problem {
	if invalid, ok := errors.AsType[*hub.InvalidError](err); ok && param != "" {
		return badField(param, "parameter %q %s", param, invalid.Reason)
	}
	p := h.explain(r, err)
	if p.Limit != "" && p.Field != paramReplay && p.Status == http.StatusBadRequest {
		p.Field = param
	}
	return p
}
