package suite_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/sse"
)

// document describes one subscription of a reader.
func (f *fake) document(r *reader, m *match, active bool) map[string]any {
	d := map[string]any{"subscriber": r.id, "active": active}
	root := f.base.path + "/subscriptions/"
	if r.legacy {
		d["@context"], d["type"], d["topic"] = "https://mercure.rocks/", "Subscription", m.value
		d["id"] = root + escapePath(m.value) + "/" + r.id
		if r.token != nil && r.token.payload != nil {
			d["payload"] = r.token.payload
		}
		return d
	}
	d["type"], d["match_type"], d["match"] = "subscription", m.kind, m.value
	d["id"] = root + m.kind + "/" + escapePath(m.value) + "/" + r.id
	if r.token == nil {
		return d
	}
	if r.token.legacy && r.token.payload != nil {
		d["payload"] = r.token.payload
	}
	for _, p := range r.token.details {
		if slices.ContainsFunc(p.matchers, func(granted *match) bool { return granted.matches(m.value) }) {
			if p.payload != nil {
				d["payload"] = p.payload
			}
			break
		}
	}
	return d
}

// announce publishes that a reader has come or gone.
func (f *fake) announce(r *reader, active bool) {
	for _, m := range r.matchers {
		d := f.document(r, m, active)
		text, _ := json.Marshal(d)
		u := update{topics: []string{d["id"].(string)}, private: true}
		u.event = sse.Event{Data: string(text)}
		if !r.legacy {
			u.event.Type = "mercure"
		}
		f.publish(u)
	}
}

// api answers a request for subscriptions; below is its path behind that.
func (f *fake) api(w http.ResponseWriter, r *http.Request, below string) {
	t, no := f.authorize(r)
	switch path := r.URL.EscapedPath(); {
	case no != nil:
		f.refuse(w, no.status, no.code)
		return
	case t == nil:
		f.refuse(w, 401, "")
		return
	case !t.grants(t.subscribe, []string{path}):
		f.refuse(w, 403, "insufficient_scope")
		return
	}
	f.mu.Lock()
	last := "earliest"
	if n := len(f.log); n > 0 {
		last = f.log[n-1].event.ID
	}
	prefix := f.base.path + "/subscriptions" + below
	var one map[string]any
	list := []any{}
	for reader := range f.readers {
		for _, m := range reader.matchers {
			d := f.document(reader, m, true)
			id := d["id"].(string)
			if id == prefix {
				one = d
			}
			if strings.HasPrefix(id, prefix+"/") {
				list = append(list, d)
			}
		}
	}
	f.mu.Unlock()
	depth := strings.Count(below, "/")
	h := w.Header()
	h.Set("Link", "<"+f.base.scheme+"://"+f.base.authority+f.base.path+`>; rel="mercure"; last-event-id="`+
		strings.ReplaceAll(last, `"`, `\"`)+`"; type="mercure"; content-type="application/json"`)
	h.Set("ETag", `"`+last+`"`)
	h.Set("Cache-Control", "must-revalidate")
	var document map[string]any
	switch {
	case one != nil:
		document = one
	case t.legacy && depth == 2, !t.legacy && depth == 3:
		f.refuse(w, 404, "")
		return
	case r.Header.Get("If-None-Match") == `"`+last+`"`:
		w.WriteHeader(http.StatusNotModified)
		return
	case t.legacy:
		document = map[string]any{"@context": "https://mercure.rocks/", "type": "Subscriptions", "lastEventID": last}
	default:
		document = map[string]any{"type": "subscriptions"}
	}
	if one == nil {
		document["id"], document["subscriptions"] = prefix, list
	}
	h.Set("Content-Type", "application/json")
	if t.legacy {
		h.Set("Content-Type", "application/ld+json")
	}
	_ = json.NewEncoder(w).Encode(document)
}

func (f *fake) metadata(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{
		"resource":                              f.resource,
		"authorization_details_types_supported": []string{detailType},
		"bearer_methods_supported":              []string{"header"},
		"mercure_cookie":                        "__Secure-mercure_access_token",
		"mercure_matcher_types_supported":       []string{"exact", "urlpattern"},
		"mercure_subscriptions":                 true,
	})
}

func (f *fake) cors(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Vary", "Origin")
	if r.Header.Get("Origin") != f.origin {
		return
	}
	h.Set("Access-Control-Allow-Origin", f.origin)
	h.Set("Access-Control-Allow-Credentials", "true")
	h.Set("Access-Control-Expose-Headers", "Link, Mercure-Last-Event-ID, Last-Event-ID")
	if r.Method == http.MethodOptions {
		h.Set("Access-Control-Allow-Methods", "GET, POST, QUERY")
		h.Set("Access-Control-Allow-Headers", "Authorization, Last-Event-ID, Content-Type")
	}
}
