package protocol

import (
	"net/http"
	"net/url"
	"strings"
)

// What pages of foreign origins may read of an answer, and send with a request.
const (
	exposedHeaders = "Link, Mercure-Last-Event-ID, Last-Event-ID, Accept-Query, ETag, Idempotency-Replayed, Retry-After, " +
		"WWW-Authenticate, X-Request-Id"
	allowedHeaders = "Authorization, Cache-Control, Content-Type, Idempotency-Key, Last-Event-ID"
	preflightAge   = "7200" // seconds; no browser remembers a preflight for longer
)

// admit sets what a page of a foreign origin needs in order to read the answer (CORS, Fetch standard §3.3), if
// its origin is allowed. It refuses preflights from others, and their publications: a browser sends those without
// a preflight, and with the user's credentials. A stream needs no refusal, since the browser does not show it to
// such a page; neither does a publication with a token in its header, which no browser sends without a preflight.
func (h *handler) admit(w http.ResponseWriter, r *http.Request) error {
	header := w.Header()
	if h.options.AllowOrigin != nil {
		header.Add("Vary", "Origin")
	}
	origin := r.Header.Get("Origin")
	switch {
	case origin != "" && h.allowedOrigin(origin):
		header.Set("Access-Control-Allow-Origin", origin)
		header.Set("Access-Control-Allow-Credentials", "true")
		if isPreflight(r) {
			header.Set("Access-Control-Allow-Methods", h.methods)
			header.Set("Access-Control-Allow-Headers", allowedHeaders)
			header.Set("Access-Control-Max-Age", preflightAge)
		} else {
			header.Set("Access-Control-Expose-Headers", exposedHeaders)
		}
	case isPreflight(r):
		return foreignPage(origin)
	case r.Method == http.MethodPost && h.guard.Check(r) != nil && !bearer(r) &&
		(origin == "" || origin != h.ownOrigin()):
		return foreignPage(origin)
	}
	return nil
}

func foreignPage(origin string) *problem {
	return &problem{
		Status: http.StatusForbidden, Field: "Origin", challenge: challengeNoToken,
		Detail: "pages of origin " + quote(origin) + " are not allowed here",
	}
}

// bearer reports whether r has a header that no browser makes up and pages of others cannot send.
func bearer(r *http.Request) bool {
	_, found, err := headerToken(r)
	return found && err == nil
}

// allowedOrigin reports whether pages of a foreign origin may read streams and publish.
func (h *handler) allowedOrigin(origin string) bool {
	return h.options.AllowOrigin != nil && h.options.AllowOrigin(origin)
}

// ownOrigin returns the origin of the public URL, "" if that is not known.
func (h *handler) ownOrigin() string {
	if h.options.PublicURL == "" {
		return ""
	}
	return originOf(h.public)
}

// originOf returns the origin of a URL, as the header Origin has it: without the port that its scheme has anyway.
func originOf(u *url.URL) string {
	host := strings.ToLower(u.Host)
	switch u.Scheme {
	case "https":
		host = strings.TrimSuffix(host, ":443")
	case "http":
		host = strings.TrimSuffix(host, ":80")
	}
	return u.Scheme + "://" + host
}

// checkOwnPage refuses a publication whose rights come from a cookie, unless the page that sends it is the hub's own or
// of an allowed origin. Origin says which it is, Referer if there is no Origin; without both nobody knows.
func (h *handler) checkOwnPage(r *http.Request) error {
	origins, field := r.Header.Values("Origin"), "Origin"
	if len(origins) == 0 {
		field = "Referer"
		for _, referer := range r.Header.Values("Referer") {
			u, err := url.Parse(referer)
			if err != nil || u.Host == "" {
				u = &url.URL{Scheme: "null"}
			}
			origins = append(origins, originOf(u))
		}
	}
	if len(origins) != 1 {
		return &problem{
			Status: http.StatusForbidden, Field: "Origin", challenge: challengeNoToken,
			Detail: "publishing by a cookie needs one header Origin, or Referer, that says which page does it",
		}
	}
	if origin := origins[0]; !h.allowedOrigin(origin) && !h.sameOrigin(r, origin) {
		return &problem{
			Status: http.StatusForbidden, Field: field, challenge: challengeNoToken,
			Detail: "pages of origin " + quote(origin) + " may not publish by a cookie",
		}
	}
	return nil
}

// sameOrigin reports whether an origin is the hub's own: that of its public URL, or of the host that r asks for.
func (h *handler) sameOrigin(r *http.Request, origin string) bool {
	if origin == h.ownOrigin() {
		return origin != ""
	}
	u, err := url.Parse(origin)
	if err != nil || u.Host == "" || u.Host != r.Host || originOf(u) != origin {
		return false
	}
	return u.Scheme == "https" || u.Scheme == "http" && r.TLS == nil
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
