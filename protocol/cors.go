package protocol

import "net/http"

// What pages of foreign origins may read of an answer, and send with a request.
const (
	exposedHeaders = "Link, Mercure-Last-Event-ID, Last-Event-ID, Idempotency-Replayed, Retry-After"
	allowedHeaders = "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID"
	preflightAge   = "7200" // seconds; no browser remembers a preflight for longer
)

// admit sets what a page of a foreign origin needs in order to read the answer (CORS, Fetch standard §3.3), if
// its origin is allowed. It refuses preflights from others, and their publications: a browser sends those without
// a preflight, and with the user's credentials. A stream needs no refusal, since the browser does not show it to
// such a page.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	allow := h.options.AllowOrigin
	if allow != nil {
		header.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	if origin != "" && allow != nil && allow(origin) {
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		if isPreflight(r) {
			header.Set("Access-Control-Allow-Methods", h.methods)
			header.Set("Access-Control-Allow-Headers", allowedHeaders)
			header.Set("Access-Control-Max-Age", preflightAge)
		} else {
			header.Set("Access-Control-Expose-Headers", exposedHeaders)
		}
		return nil
	}
	if h.guard.Check(r) != nil || isPreflight(r) {
		return &problem{
			Status: http.StatusForbidden, Field: "Origin",
			Detail: "pages of origin " + quote(origin) + " are not allowed here",
		}
	}
	return nil
}

// isPreflight reports whether a browser asks for leave before a request from a foreign page.
func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions &&
		r.Header.Get("Origin") != "" && r.Header.Get("Access-Control-Request-Method") != ""
}

// options204 answers OPTIONS.
func (h *handler) options204(w http.ResponseWriter) {
	w.Header().Set("Allow", h.methods)
	w.WriteHeader(http.StatusNoContent)
}
