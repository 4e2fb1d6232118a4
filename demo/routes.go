package demo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// maxHold is the longest that a page can have its streams held.
const maxHold = 10 * time.Second

// routes puts the site together.
func (d *Demo) routes() (http.Handler, error) {
	assets, err := loadAssets()
	if err != nil {
		return nil, err
	}
	clocks, err := protocol.StreamHandler(d.hub, protocol.Options{Logger: d.logger}, topic.Matchers{topic.Exact(clocksTopic)})
	if err != nil {
		return nil, fmt.Errorf("demo: %w", err)
	}
	mux := http.NewServeMux()
	for path, a := range assets {
		mux.Handle("GET "+path, a)
	}
	mux.Handle("GET /clocks", d.streams.follow(clocks))
	mux.Handle("GET /shared", d.shared.follow(clocks))
	mux.HandleFunc("POST /cut", d.serveCut)
	mux.HandleFunc("GET /items", d.serveItems)
	mux.HandleFunc("GET /items/{id}", d.serveItem)
	mux.HandleFunc("GET /stats", d.serveStats)
	// Other sites may look at what their user's browser shows them anyway, but not press our buttons.
	return withSecurityHeaders(http.NewCrossOriginProtection().Handler(mux)), nil
}

// inspectorStyle names the style sheet that <event-source-inspector> writes into its shadow root, by its hash.
const inspectorStyle = "'sha256-54enpm9Yox3LtJmKV3wYiacimK8jwKKYwBwLGCHcZIE='"

// withSecurityHeaders has the browser hold the page to what it needs: its own files, from its own host. Only the page
// of a tab may be in a frame, and only in one of ours.
func withSecurityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		ancestors := "'none'"
		if r.URL.Path == tabPath {
			ancestors = "'self'"
		}
		h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self' "+inspectorStyle+"; "+
			"connect-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; "+
			"frame-ancestors "+ancestors)
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		next.ServeHTTP(w, r)
	})
}

// serveCut cuts the streams of a page.
func (d *Demo) serveCut(w http.ResponseWriter, r *http.Request) {
	page, ok := nameOf(w, r, "page")
	if !ok {
		return
	}
	if page == "" {
		problem(w, http.StatusBadRequest, "page is missing: it says whose streams to cut")
		return
	}
	var hold time.Duration
	if text := r.URL.Query().Get("hold"); text != "" {
		var err error
		if hold, err = time.ParseDuration(text); err != nil || hold < 0 || hold > maxHold {
			problem(w, http.StatusBadRequest, fmt.Sprintf("hold is not a duration from 0s to %v", maxHold))
			return
		}
	}
	switch n, err := d.streams.cut(page, hold); {
	case err != nil:
		problem(w, http.StatusServiceUnavailable, "too many pages are held at this moment")
	case n == 0:
		problem(w, http.StatusNotFound, "this page has no open stream")
	default:
		answer(w, map[string]int{"cut": n})
	}
}

// itemList is all items as of a place in the stream: who follows the stream from there misses no change.
type itemList struct {
	Cursor string `json:"cursor"`
	Items  []item `json:"items"`
}

func (d *Demo) serveItems(w http.ResponseWriter, _ *http.Request) {
	// In this order: a change between the two is in the list and told once more, never neither.
	cursor := d.hub.Head().String()
	answer(w, itemList{cursor, d.items.list()})
}

func (d *Demo) serveItem(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.Atoi(r.PathValue("id"))
	if err == nil {
		if it, ok := d.items.find(id); ok {
			answer(w, it)
			return
		}
	}
	problem(w, http.StatusNotFound, "there is no such item")
}

// stats is what the server sees of its streams, of /clocks if nothing else is said. What other pages are called is not said: a name is enough to cut.
type stats struct {
	Open      int    `json:"open"`      // streams that are open now
	Page      int    `json:"page"`      // those of the page that asks
	Cuts      int    `json:"cuts"`      // streams that their pages have cut so far
	Published uint64 `json:"published"` // events published so far
	Shared    int    `json:"shared"`    // streams of /shared that are open for the browser that asks
}

func (d *Demo) serveStats(w http.ResponseWriter, r *http.Request) {
	page, ok := nameOf(w, r, "page")
	if !ok {
		return
	}
	browser, ok := nameOf(w, r, "browser")
	if !ok {
		return
	}
	answer(w, d.stats(page, browser))
}

func (d *Demo) stats(page, browser string) stats {
	d.streams.mu.Lock()
	defer d.streams.mu.Unlock()
	s := stats{Open: len(d.streams.open), Cuts: d.streams.cuts, Published: d.published.Load()}
	if page != "" {
		s.Page = d.streams.count(page)
	}
	if browser != "" {
		s.Shared = d.shared.countOf(browser)
	}
	return s
}

// answer writes v as JSON that nobody keeps.
func answer(w http.ResponseWriter, v any) {
	send(w, http.StatusOK, "application/json", v)
}

// problem writes what is wrong with a request (RFC 9457).
func problem(w http.ResponseWriter, status int, detail string) {
	send(w, status, "application/problem+json", struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{http.StatusText(status), status, detail})
}

func send(w http.ResponseWriter, status int, kind string, v any) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // fails if the reader has gone
}
