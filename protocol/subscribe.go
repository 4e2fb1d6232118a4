package protocol

import (
	"errors"
	"net/http"

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
	if request.Signals, err = readSignals(r.URL.RawQuery); err != nil {
		return err
	}
	var presented bool
	if request.Cursor, presented, err = readCursor(r, h.limits); err != nil {
		return err
	}
	sub, err := h.hub.Subscribe(r.Context(), request)
	if err != nil {
		return h.explainSubscribe(r, err, param)
	}
	answer := ""
	if presented {
		answer = precedingID(h.hub, sub)
	}
	return h.stream(w, r, stream{sub: sub, lastEventID: answer, signals: request.Signals})
}

// readSignals reports whether a query asks for signals.
func readSignals(query string) (bool, error) {
	signals := false
	for name, value := range formPairs(query) {
		if name != "signals" {
			continue
		}
		if value != "1" {
			return false, badField(name, "parameter %q can only be 1, not %s", name, quote(value))
		}
		signals = true
	}
	return signals, nil
}

// explainSubscribe returns the problem that err is to a subscriber whose query selects topics by param.
func (h *handler) explainSubscribe(r *http.Request, err error, param string) *problem {
	if invalid, ok := errors.AsType[*hub.InvalidError](err); ok && param != "" {
		return badField(param, "parameter %q %s", param, invalid.Reason)
	}
	p := h.explain(r, err)
	if p.Limit != "" {
		p.Field = param
	}
	return p
}
