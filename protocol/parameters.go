package protocol

import (
	"fmt"
	"iter"
	"mime"
	"net/http"
	"strings"
)

// methodQuery is the method QUERY (RFC 10008): a GET whose parameters may be in its body.
const methodQuery = "QUERY"

// parameters are those of a subscription, as they came: the query, and the form that is the body of a QUERY.
type parameters struct{ query, body string }

// all yields the names and values of both, the query's first.
func (p parameters) all() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for _, form := range []string{p.query, p.body} {
			for name, value := range formPairs(form) {
				if !yield(name, value) {
					return
				}
			}
		}
	}
}

// readParameters returns the parameters of r. A body is read to its end if the method is QUERY, else not at all.
func (h *handler) readParameters(w http.ResponseWriter, r *http.Request) (parameters, error) {
	p := parameters{query: r.URL.RawQuery}
	if r.Method != methodQuery {
		return p, nil
	}
	body, err := readBody(w, r, h.maxQuery, "MaxQueryBytes")
	if err != nil {
		return p, err
	}
	if given := r.Header.Get("Content-Type"); body != "" && !isForm(given) {
		return p, &problem{
			Status: http.StatusUnsupportedMediaType, Field: "Content-Type",
			Detail: fmt.Sprintf("Content-Type %s: the body of a QUERY is %s, in UTF-8", quote(given), typeForm),
		}
	}
	p.body = body
	return p, nil
}

// isForm reports whether a Content-Type is that of a form in UTF-8.
func isForm(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	return err == nil && kind == typeForm && isUTF8(params)
}

// isUTF8 reports whether the parameters of a media type name no other encoding than UTF-8.
func isUTF8(params map[string]string) bool {
	charset := strings.ToLower(params["charset"])
	return charset == "" || charset == "utf-8" || charset == "utf8"
}
