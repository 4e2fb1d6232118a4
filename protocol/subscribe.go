package protocol

import (
	"errors"
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// subscribe answers GET and QUERY with a stream, and HEAD with its head.
func (h *handler) subscribe(w http.ResponseWriter, r *http.Request) (*stream, error) {
	access, err := h.authorize(r)
	if err != nil {
		return nil, err
	}
	params, err := h.readParameters(w, r)
	if err != nil {
		return nil, err
	}
	if r.Method == methodQuery {
		if err := access.check(); err != nil {
			return nil, err
		}
	}
	request := hub.Request{Matchers: h.fixed, Grant: access.Grant, Expires: access.Expires}
	if access.Token != nil {
		request.Bearer = access.Token
	}
	var chosen selection
	if h.fixed == nil {
		if chosen, err = readSelection(params, h.options.Dialect); err != nil {
			return nil, err
		}
		if request.Matchers, err = h.compile(r, chosen); err != nil {
			return nil, err
		}
	}
	request.Presence = h.presence(r, chosen.dialect, request.Matchers, &access)
	cursor, err := readBeginning(r, params, h.limits, &request)
	if err != nil {
		return nil, err
	}
	envelope, err := h.mayEnvelope(params)
	if err != nil {
		return nil, err
	}
	release, err := h.takePlaces(r, &access)
	if err != nil {
		return nil, err
	}
	sub, err := h.hub.Subscribe(r.Context(), request)
	if err != nil {
		release()
		return nil, explainSubscribe(r, err, chosen.param)
	}
	answer := ""
	if cursor.given {
		answer = sub.LastEventID
	}
	return &stream{
		sub: sub, lastEventID: answer, envelope: envelope, release: release,
		bearer: request.Bearer, revoked: access.Revoked,
	}, nil
}

// mayEnvelope reports whether envelopes are asked for, which say the names of topics.
func (h *handler) mayEnvelope(params parameters) (bool, error) {
	asked, err := readEnvelope(params)
	if err == nil && asked && h.options.NoEnvelope {
		err = badField(paramEnvelope, "parameter %q is not offered here: this hub does not tell the topics of updates", paramEnvelope)
	}
	return asked, err
}

// readBeginning reads how a stream is to begin.
func readBeginning(r *http.Request, params parameters, l hub.Limits, into *hub.Request) (presented, error) {
	var err error
	if into.Signals, err = readSignals(params); err != nil {
		return presented{}, err
	}
	if into.SkipGap, err = readSkipGap(params); err != nil {
		return presented{}, err
	}
	replay, asked, err := readReplay(params)
	if err != nil {
		return presented{}, err
	}
	cursor, err := readCursor(r, params, l)
	if err != nil {
		return cursor, err
	}
	if asked && !cursor.header && cursor.Kind() != eventlog.CursorNone {
		return cursor, badField(paramReplay, "parameter %q is for streams without a cursor, but there is one, %s",
			paramReplay, quote(cursor.String()))
	}
	into.Cursor, into.Replay = cursor.Cursor, replay
	return cursor, nil
}

// explainSubscribe returns the problem that err is to a subscriber who selects topics by param.
func explainSubscribe(r *http.Request, err error, param string) *problem {
	if invalid, ok := errors.AsType[*hub.InvalidError](err); ok && param != "" {
		p := badField(param, "parameter %q %s", param, invalid.Reason)
		p.hubError = err
		return p
	}
	p := explain(r, err)
	if p.Limit != "" && p.Field != paramReplay && p.Status == http.StatusBadRequest {
		p.Field = param
	}
	return p
}

// takePlaces counts a stream for its client's address and for its token's subject.
func (h *handler) takePlaces(r *http.Request, access *Access) (release func(), err error) {
	address, err := h.addresses.take(r)
	if err != nil {
		return nil, err
	}
	subject, err := h.subjects.take(access)
	if err != nil {
		address()
		return nil, err
	}
	if h.subjects.max == 0 {
		return address, nil // nothing is held for a stream that is not counted
	}
	return func() { address(); subject() }, nil
}
