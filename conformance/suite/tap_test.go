package suite_test

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

// tap is a mutant: it stands before a hub and alters what goes in and what comes out, so that a rule is broken.
type tap struct {
	ask   func(x *exchange)                                      // alters a request
	head  func(x *exchange, status *int, h http.Header)          // alters the head of an answer
	body  func(x *exchange, body string) string                  // alters the body of an answer that is no stream
	event func(x *exchange, e sse.Event) []sse.Event             // alters the events of a stream
	doc   func(x *exchange, d map[string]any, typ string) string // alters a JSON document, also in an event; returns the type
	mute  bool                                                   // lets no comments through
}

// exchange is a request and what is known of it.
type exchange struct {
	r           *http.Request
	query, form map[string][]string
	raw         string // the body
	altered     bool   // query or form were
	held        []sse.Event
}

// wrap puts a tap before a hub.
func (m tap) wrap(hub http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		x := &exchange{r: r.Clone(r.Context()), raw: string(body), query: query(r.URL.RawQuery)}
		x.form = query(x.raw)
		if m.ask != nil {
			m.ask(x)
		}
		if x.altered {
			x.raw, x.r.URL.RawQuery = url.Values(x.form).Encode(), url.Values(x.query).Encode()
		}
		x.r.Body, x.r.ContentLength = io.NopCloser(strings.NewReader(x.raw)), int64(len(x.raw))
		tw := &tapWriter{ResponseWriter: w, tap: m, x: x}
		hub.ServeHTTP(tw, x.r)
		tw.finish()
	})
}

// tapWriter is the other side of a tap.
type tapWriter struct {
	http.ResponseWriter
	tap    tap
	x      *exchange
	headed bool
	stream bool
	buf    bytes.Buffer
}

func (w *tapWriter) WriteHeader(status int) {
	if w.headed {
		return
	}
	w.headed = true
	w.stream = status == 200 && strings.HasPrefix(w.Header().Get("Content-Type"), "text/event-stream")
	if w.tap.head != nil {
		w.tap.head(w.x, &status, w.Header())
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *tapWriter) Write(b []byte) (int, error) {
	w.WriteHeader(200)
	w.buf.Write(b)
	if !w.stream {
		return len(b), nil
	}
	for {
		text := w.buf.Bytes()
		comment := bytes.HasPrefix(text, []byte(":"))
		end := bytes.Index(text, []byte("\n\n")) + 2
		if comment {
			end = bytes.IndexByte(text, '\n') + 1
		}
		if end < 2 && !comment || end == 0 {
			return len(b), nil
		}
		block := slices.Clone(w.buf.Next(end))
		switch {
		case !comment:
			block = w.events(block)
		case w.tap.mute:
			block = nil
		}
		if _, err := w.ResponseWriter.Write(block); err != nil {
			return 0, err
		}
	}
}

// events returns a block of the stream as the tap alters it.
func (w *tapWriter) events(block []byte) []byte {
	e, err := sse.NewDecoder(bytes.NewReader(block), sse.Options{MaxLine: 8 << 20, MaxEvent: 8 << 20}).Decode()
	if err != nil {
		return block
	}
	list := []sse.Event{e}
	if w.tap.event != nil {
		list = w.tap.event(w.x, e)
	}
	var out []byte
	for _, e := range list {
		e.Data, e.Type = w.document(e.Data, e.Type)
		if out, err = sse.AppendEvent(out, &e); err != nil {
			return block
		}
	}
	return out
}

// document returns a JSON document as the tap alters it.
func (w *tapWriter) document(text, typ string) (string, string) {
	var d map[string]any
	if w.tap.doc == nil || json.Unmarshal([]byte(text), &d) != nil {
		return text, typ
	}
	typ = w.tap.doc(w.x, d, typ)
	altered, _ := json.Marshal(d)
	return string(altered), typ
}

func (w *tapWriter) finish() {
	if w.stream {
		return
	}
	w.WriteHeader(200)
	text, _ := w.document(w.buf.String(), "")
	if w.tap.body != nil {
		text = w.tap.body(w.x, text)
	}
	_, _ = io.WriteString(w.ResponseWriter, text)
}

// Flush implements http.Flusher.
func (w *tapWriter) Flush() {
	w.WriteHeader(200)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

// bearer returns the token that a request carries, wherever it does.
func (x *exchange) bearer() string {
	if _, text, ok := strings.Cut(x.r.Header.Get("Authorization"), " "); ok {
		return text
	}
	if c := x.r.Cookies(); len(c) > 0 {
		return c[0].Value
	}
	return first(x.query, "authorization")
}

// claims returns the header and the claims of the token, unverified; ok is false if it is none.
func (x *exchange) claims() (head, claims map[string]any, ok bool) {
	parts := strings.Split(x.bearer(), ".")
	ok = len(parts) == 3 && decodePart(parts[0], &head) && decodePart(parts[1], &claims)
	return head, claims, ok
}

// legacy reports whether a request speaks 0.x: by its token, or else its parameters.
func (x *exchange) legacy() bool {
	if head, _, ok := x.claims(); ok {
		typ, _ := head["typ"].(string)
		_, claim := head["mercure"]
		return typ == "" || claim
	}
	return len(x.query["topic"]) > 0
}

// names returns the names of a query or form in their order.
func names(values map[string][]string) []string { return slices.Sorted(maps.Keys(values)) }
