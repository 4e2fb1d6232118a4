package protocol_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// FuzzRequest: whatever a request says, the handler answers it, with what was asked for or with a problem that
// says why not, and never by a failure of its own.
func FuzzRequest(f *testing.F) {
	f.Add("topic=a&last_event_id=%23x.1", "", "topic=a&data=hi&retry=1", "application/x-www-form-urlencoded")
	f.Add("match=*&signals=1", "earliest", "topic=https:mercure&id=%23", "text/plain; charset=utf-8")
	f.Add("match_urlpattern=/:a&topic={b}", "\xff", "retry=x&topic=%ff", "application/x-www-form-urlencoded; charset=latin1")
	h := newHub(f, hub.Options{Limits: hub.Limits{Matchers: 3, Topics: 3, TopicBytes: 40, IDBytes: 20, TypeBytes: 20, DataBytes: 50}})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll(), MaxBodyBytes: 200})
	if err != nil {
		f.Fatal(err)
	}
	publish(f, h, eventlog.Update{Topics: []string{"a"}, ID: "own"})
	f.Fuzz(func(t *testing.T, query, cursor, form, contentType string) {
		request := func(method string) *http.Request {
			return &http.Request{
				Method: method, URL: &url.URL{Path: protocol.DefaultPath, RawQuery: query}, Host: "localhost", ProtoMajor: 1,
				Header: http.Header{"Last-Event-Id": {cursor}, "Content-Type": {contentType}},
				Body:   io.NopCloser(strings.NewReader(form)),
			}
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, request(http.MethodHead)) // what GET would say
		switch w.Code {
		case http.StatusOK:
			if id := w.Header().Get("Last-Event-Id"); id == "" || strings.ContainsAny(id, "\r\n\x00") {
				t.Errorf("head says %q", id)
			}
		case http.StatusBadRequest:
			checkProblem(t, w)
		default:
			t.Errorf("GET: status %d %s", w.Code, w.Body)
		}

		w = httptest.NewRecorder()
		handler.ServeHTTP(w, request(http.MethodPost))
		switch w.Code {
		case http.StatusOK:
			if w.Body.Len() == 0 || len(form) > 200 {
				t.Errorf("published %q with id %q", form, w.Body)
			}
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
			checkProblem(t, w)
		default:
			t.Errorf("POST: status %d %s", w.Code, w.Body)
		}
	})
}

func checkProblem(t *testing.T, w *httptest.ResponseRecorder) {
	t.Helper()
	var p problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Detail == "" || p.Status != w.Code || len(p.Detail) > 1000 {
		t.Errorf("status %d: %s: %v", w.Code, w.Body, err)
	}
}
