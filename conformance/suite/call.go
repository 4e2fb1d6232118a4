package suite

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// call is a request to the hub.
type call struct {
	method string      // GET if empty
	url    string      // the hub's if empty; what begins with a slash goes to the hub's origin
	query  string      // as it goes over the wire
	form   string      // the body, also as it goes over the wire
	kind   string      // the body's Content-Type, that of a form if empty
	token  string      // in Authorization: Bearer
	header http.Header // beside that
}

// answer is what came back.
type answer struct {
	*http.Response
	body string
}

const formType = "application/x-www-form-urlencoded"

// fields encodes names and values in turn, as a query or a form.
func fields(pairs ...string) string {
	var b strings.Builder
	for pair := range slices.Chunk(pairs, 2) {
		if b.Len() > 0 {
			b.WriteByte('&')
		}
		b.WriteString(url.QueryEscape(pair[0]) + "=" + url.QueryEscape(pair[1]))
	}
	return b.String()
}

// with joins parts of a query or form.
func with(parts ...string) string { return strings.Join(parts, "&") }

// send sends a request and returns the response with its body yet unread.
func (t *probe) send(c call) *http.Response {
	target := c.url
	switch {
	case target == "":
		target = t.config.URL
	case strings.HasPrefix(target, "/"):
		target = t.origin() + target
	}
	if c.query != "" {
		target += "?" + c.query
	}
	if c.method == "" {
		c.method = http.MethodGet
	}
	var body io.Reader
	if c.form != "" {
		body = strings.NewReader(c.form)
	}
	r, err := http.NewRequestWithContext(t.ctx, c.method, target, body)
	if err != nil {
		t.fail("the request cannot be made: %v", err)
	}
	for name, values := range c.header {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	if c.form != "" || c.method == http.MethodPost {
		kind := c.kind
		if kind == "" {
			kind = formType
		}
		r.Header.Set("Content-Type", kind)
	}
	if len(c.form) > 64<<10 {
		r.Header.Set("Expect", "100-continue") // a hub that looks at the length need not be sent all of it
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	resp, err := t.client.Do(r)
	if err != nil {
		if t.ctx.Err() != nil {
			t.fail("%s was not answered within %s", c.method, t.config.Timeout)
		}
		t.fail("%s was not answered: %v", c.method, errors.Unwrap(err))
	}
	return resp
}

// do sends a request and returns the answer. Of a stream only the head is read.
func (t *probe) do(c call) answer {
	resp := t.send(c)
	defer resp.Body.Close()
	if mediaType(resp.Header) == "text/event-stream" {
		return answer{Response: resp}
	}
	const most = 4 << 20
	body, err := io.ReadAll(io.LimitReader(resp.Body, most))
	if err != nil {
		t.fail("the answer to %s could not be read: %v", resp.Request.Method, err)
	}
	return answer{Response: resp, body: string(body)}
}

// mediaType returns the Content-Type without parameters, in lower case.
func mediaType(h http.Header) string {
	kind, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil {
		return ""
	}
	return kind
}

// want ends the run if an answer has none of the statuses.
func (t *probe) want(a answer, what string, statuses ...int) answer {
	if !slices.Contains(statuses, a.StatusCode) {
		t.fail("%s: got %d, want %s", what, a.StatusCode, numbers(statuses))
	}
	return a
}

// post publishes a form with a token that may do everything.
func (t *probe) post(pairs ...string) answer {
	return t.do(call{method: http.MethodPost, form: fields(pairs...), token: t.all()})
}

// postAs publishes a form with a token, or with none if it is "".
func (t *probe) postAs(token string, pairs ...string) answer {
	return t.do(call{method: http.MethodPost, form: fields(pairs...), token: token})
}

// publish publishes an update that the hub must take, and returns its id.
func (t *probe) publish(pairs ...string) string {
	return t.want(t.post(pairs...), "publishing "+short(fields(pairs...)), 200).body
}

// label publishes an update whose data is a label by which expect knows it again.
func (t *probe) label(label, topic string, pairs ...string) string {
	return t.publish(append([]string{"topic", topic, "data", t.nonce + label}, pairs...)...)
}

// refuses publishes what the hub must refuse with the status.
func (t *probe) refuses(status int, pairs ...string) answer {
	return t.want(t.post(pairs...), "publishing "+short(fields(pairs...)), status)
}

// cookie returns a header that carries a token in the cookie of the dialect.
func (t *probe) cookie(token string) http.Header {
	name := t.config.Cookie
	if t.is(Legacy) {
		name = t.config.LegacyCookie
	}
	return http.Header{"Cookie": {name + "=" + token}}
}

// short cuts a text to what a line can show.
func short(s string) string {
	const most = 160
	if len(s) <= most {
		return s
	}
	return s[:most] + "…"
}
