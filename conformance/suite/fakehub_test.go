package suite_test

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/tidings-hub/tidings/sse"
)

// fake is a hub that keeps every rule of the suite, in memory and in the simplest way: it looks at every reader for
// every update. It shows that the suite can be passed, and the mutants show that it can be failed.
type fake struct {
	base                  place
	key, issuer, resource string
	origin                string // of the pages that it lets in
	heartbeat             time.Duration
	maxMatchers           int
	maxPattern            int
	maxBody               int64
	connections           int

	mu      sync.Mutex
	log     []update
	readers map[*reader]bool
	made    int
}

type update struct {
	event   sse.Event
	topics  []string
	private bool
}

// reader is an open stream.
type reader struct {
	id       string
	legacy   bool
	matchers []*match
	token    *token
	queue    []update
	wake     chan struct{}
}

// wants reports whether a reader is to receive an update.
func (r *reader) wants(u update) bool {
	return (&token{}).grants(r.matchers, u.topics) &&
		(!u.private || r.token != nil && r.token.grants(r.token.subscribe, u.topics))
}

// query decodes a query or form as the URL standard says.
func query(raw string) map[string][]string {
	values := map[string][]string{}
	for part := range strings.SplitSeq(raw, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		values[lenient(name)] = append(values[lenient(name)], lenient(value))
	}
	return values
}

// lenient decodes what is percent-encoded, and leaves the rest.
func lenient(s string) string {
	s = strings.ReplaceAll(s, "+", " ")
	return escaped.ReplaceAllStringFunc(s, func(e string) string {
		n, _ := strconv.ParseUint(e[1:], 16, 8)
		return string([]byte{byte(n)})
	})
}

// clean reports whether a text keeps the rules for strings.
func clean(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(c rune) bool {
		return unicode.IsControl(c) || unicode.Is(unicode.Cf, c)
	})
}

// first returns the first value of a name.
func first(values map[string][]string, name string) string {
	if len(values[name]) == 0 {
		return ""
	}
	return values[name][0]
}

// ServeHTTP implements http.Handler.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := r.URL.EscapedPath()
	switch {
	case path == "/":
		fmt.Fprint(w, "a hub")
		return
	case path == "/.well-known/oauth-protected-resource"+f.base.path:
		f.metadata(w)
		return
	}
	f.cors(w, r)
	switch below, inside := strings.CutPrefix(path, f.base.path+"/subscriptions"); {
	case r.Method == http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
	case inside && r.Method == http.MethodGet:
		f.api(w, r, below)
	case inside, !slices.Contains([]string{"GET", "QUERY", "POST"}, r.Method):
		w.Header().Set("Allow", "GET, POST, QUERY, OPTIONS")
		w.WriteHeader(http.StatusMethodNotAllowed)
	case r.Method == http.MethodPost:
		f.post(w, r)
	default:
		f.stream(w, r)
	}
}

// refuse answers with an error and, where there must be one, a challenge.
func (f *fake) refuse(w http.ResponseWriter, status int, code string) {
	if status == 401 || status == 403 || code != "" {
		challenge := `Bearer resource_metadata="` + f.base.scheme + "://" + f.base.authority +
			"/.well-known/oauth-protected-resource" + f.base.path + `"`
		if code != "" {
			challenge += `, error="` + code + `"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
	}
	if status == 429 {
		w.Header().Set("Retry-After", "1")
	}
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"status":%d}`, status)
}

// body reads the body of a request; ok is false if it is too large.
func (f *fake) body(w http.ResponseWriter, r *http.Request) (text string, ok bool) {
	b, err := io.ReadAll(http.MaxBytesReader(w, r.Body, f.maxBody))
	return string(b), err == nil
}

func (f *fake) post(w http.ResponseWriter, r *http.Request) {
	t, no := f.authorize(r)
	if no == nil && t == nil {
		no = &refusal{401, ""}
	}
	if no != nil {
		f.refuse(w, no.status, no.code)
		return
	}
	if kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); kind != "application/x-www-form-urlencoded" {
		f.refuse(w, 400, "")
		return
	}
	text, ok := f.body(w, r)
	if !ok {
		f.refuse(w, 413, "")
		return
	}
	form := query(text)
	if status := f.checkForm(form); status != 0 {
		f.refuse(w, status, "")
		return
	}
	for _, topic := range form["topic"] {
		if !t.grants(t.publish, []string{topic}) {
			f.refuse(w, 403, "insufficient_scope")
			return
		}
	}
	u := update{topics: form["topic"]}
	_, u.private = form["private"]
	u.event = sse.Event{ID: first(form, "id"), Type: first(form, "type"), Data: first(form, "data")}
	if ms, err := strconv.Atoi(first(form, "retry")); err == nil {
		u.event.Retry = time.Duration(ms) * time.Millisecond
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprint(w, f.publish(u))
}

// checkForm returns the status by which a publication is refused, or 0.
func (f *fake) checkForm(form map[string][]string) int {
	const tooLong, tooMany = 64 << 10, 1000
	if len(form["topic"]) == 0 {
		return 400
	}
	if len(form["topic"]) > tooMany {
		return 413
	}
	for _, topic := range form["topic"] {
		switch {
		case len(topic) > tooLong:
			return 413
		case topic == "*", !clean(topic), isReserved(f.base, topic):
			return 400
		}
	}
	id, kind, retry := first(form, "id"), first(form, "type"), first(form, "retry")
	switch {
	case len(id) > tooLong, len(kind) > tooLong:
		return 413
	case !clean(id), !clean(kind), strings.HasPrefix(id, "#"), id == "earliest", kind == "mercure",
		strings.Trim(retry, "0123456789") != "", !utf8.ValidString(first(form, "data")):
		return 400
	}
	return 0
}

// publish adds an update to the log and hands it to the readers. It returns its id.
func (f *fake) publish(u update) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.made++; u.event.ID == "" {
		u.event.ID = "urn:fake:" + strconv.Itoa(f.made)
	}
	f.log = append(f.log, u)
	for r := range f.readers {
		if r.wants(u) {
			r.give(u)
		}
	}
	return u.event.ID
}

func (r *reader) give(u update) {
	r.queue = append(r.queue, u)
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// parse reads the matchers of a subscription; status is not 0 if it is refused.
func (f *fake) parse(values map[string][]string) (matchers []*match, legacy bool, status int) {
	add := func(kind string, texts []string) {
		for _, text := range texts {
			m := newMatch(f.base, kind, text)
			if m == nil || kind != "template" && (!clean(text) || len(text) > f.maxPattern) {
				status = 400
			}
			matchers = append(matchers, m)
		}
	}
	modern := false
	for _, name := range slices.Sorted(maps.Keys(values)) {
		kind, known := map[string]string{
			"match": "exact", "match_exact": "exact", "match_urlpattern": "urlpattern", "topic": "template",
		}[name]
		switch {
		case known:
			add(kind, values[name])
			legacy = legacy || name == "topic"
			modern = modern || name != "topic"
		case len(name) >= 5 && strings.EqualFold(name[:5], "match"):
			return nil, false, 400
		}
	}
	most := f.maxMatchers
	if legacy {
		most = 1000
	}
	if len(matchers) == 0 || len(matchers) > most || legacy && modern {
		return nil, false, 400
	}
	return matchers, legacy, status
}

func (f *fake) stream(w http.ResponseWriter, r *http.Request) {
	t, no := f.authorize(r)
	if no != nil {
		f.refuse(w, no.status, no.code)
		return
	}
	values := query(r.URL.RawQuery)
	if r.Method == "QUERY" {
		text, ok := f.body(w, r)
		if !ok {
			f.refuse(w, 413, "")
			return
		}
		for name, list := range query(text) {
			values[name] = append(values[name], list...)
		}
	}
	matchers, legacy, status := f.parse(values)
	if status != 0 {
		f.refuse(w, status, "")
		return
	}
	var cursor []string
	cursor = append(cursor, r.Header["Last-Event-Id"]...)
	for _, name := range []string{"last_event_id", "lastEventID", "Last-Event-ID"} {
		cursor = append(cursor, values[name]...)
	}
	me := &reader{legacy: legacy, matchers: matchers, token: t, wake: make(chan struct{}, 1)}
	answer, full := f.enter(me, cursor)
	if full {
		f.refuse(w, 429, "")
		return
	}
	defer f.leave(me)
	f.announce(me, true)
	h := w.Header()
	if len(cursor) > 0 {
		h.Set("Mercure-Last-Event-ID", answer)
		h.Set("Last-Event-ID", answer)
	}
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	f.write(w, r, me)
}

// enter registers a reader with what is replayed to it, and returns the id before that.
func (f *fake) enter(me *reader, cursor []string) (answer string, full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	same := 0
	for other := range f.readers {
		if me.token != nil && me.token.sub != "" && other.token != nil && other.token.sub == me.token.sub {
			same++
		}
	}
	if f.connections > 0 && same >= f.connections {
		return "", true
	}
	from := len(f.log)
	answer = "earliest"
	if len(f.log) > 0 {
		answer = f.log[len(f.log)-1].event.ID
	}
	if len(cursor) > 0 {
		if i := slices.IndexFunc(f.log, func(u update) bool { return u.event.ID == cursor[0] }); i >= 0 {
			answer, from = cursor[0], i+1
		} else if cursor[0] == "earliest" {
			answer, from = "earliest", 0
		}
	}
	for _, u := range f.log[from:] {
		if me.wants(u) {
			me.give(u)
		}
	}
	f.made++
	me.id = "reader-" + strconv.Itoa(f.made)
	f.readers[me] = true
	return answer, false
}

func (f *fake) leave(me *reader) {
	f.mu.Lock()
	delete(f.readers, me)
	f.mu.Unlock()
	f.announce(me, false)
}

// write serves a stream until its token or its reader ends.
func (f *fake) write(w http.ResponseWriter, r *http.Request, me *reader) {
	var end <-chan time.Time
	if me.token != nil && !me.token.exp.IsZero() {
		timer := time.NewTimer(time.Until(me.token.exp))
		defer timer.Stop()
		end = timer.C
	}
	beat := time.NewTicker(f.heartbeat)
	defer beat.Stop()
	out := sse.AppendComment(nil, "")
	flush := http.NewResponseController(w)
	for {
		if _, err := w.Write(out); err != nil {
			return
		}
		if flush.Flush() != nil {
			return
		}
		out = nil
		select {
		case <-r.Context().Done():
			return
		case <-end:
			return
		case <-beat.C:
			out = sse.AppendComment(nil, "")
		case <-me.wake:
		}
		f.mu.Lock()
		waiting := me.queue
		me.queue = nil
		f.mu.Unlock()
		for _, u := range waiting {
			out, _ = sse.AppendEvent(out, &u.event)
		}
	}
}

func escapePath(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }
