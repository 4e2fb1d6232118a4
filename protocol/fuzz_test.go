package protocol_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// FuzzRequest: whatever a request says, the handler answers it, with what was asked for or with a problem that
// says why not, and never by a failure of its own.
func FuzzRequest(f *testing.F) {
	f.Add("topic=a&last_event_id=%23x.1", "", "topic=a&data=hi&retry=1", "application/x-www-form-urlencoded")
	f.Add("match=*&signals=1", "earliest", "topic=https:mercure&id=%23", "text/plain; charset=utf-8")
	f.Add("topic=a&replay=latest&gap=skip", "", `{"topic":"a","data":[1]}`+"\nx", "application/x-ndjson")
	f.Add("match_urlpattern=https://*.example/:a(b%2B)&match=c", "earliest", "match_urlpattern=/:a", "application/x-www-form-urlencoded")
	f.Add("topic={b}{+c}", "", "topic=d{?e*}&lastEventID=own", "application/x-www-form-urlencoded")
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

		// A QUERY that is answered with a stream would not return, so this one is refused at its end.
		w = httptest.NewRecorder()
		r := request("QUERY")
		r.URL.RawQuery = "signals=no&" + query
		handler.ServeHTTP(w, r)
		switch w.Code {
		case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType:
			checkProblem(t, w)
		default:
			t.Errorf("QUERY: status %d %s", w.Code, w.Body)
		}

		w = httptest.NewRecorder()
		handler.ServeHTTP(w, request(http.MethodPost))
		switch w.Code {
		case http.StatusOK:
			lines := w.Header().Get("Content-Type") == "application/x-ndjson"
			if w.Body.Len() == 0 && !lines || len(form) > 200 {
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

// FuzzLines: whatever lines a body has, each has its answer, and the log has grown by what was answered with a
// new id.
func FuzzLines(f *testing.F) {
	f.Add(`{"topic":"a","data":"hi"}` + "\n\n" + `{"topics":["a","b"],"data":{"x": [1, null]},"private":true,"retry":0,"id":"i","type":"t"}`)
	f.Add(`{"topic":"a","key":"k"}` + "\r\n" + `{"topic":"a","key":"k"}` + "\n" + `{"topic":"b","key":"k"}`)
	f.Add("null\n[]\n7\n\"x\"\n{\n{}x\n\xff\n{\"topic\":1}\n{\"topic\":\"a\",\"retry\":-1}\n{\"topic\":\"\\ud800\"}")
	h := newHub(f, hub.Options{Limits: hub.Limits{Topics: 3, TopicBytes: 40, IDBytes: 20, TypeBytes: 20, DataBytes: 50, KeyBytes: 30}})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll(), MaxBodyBytes: 1000, MaxLines: 20})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, body string) {
		var want int
		for line := range strings.SplitSeq(body, "\n") {
			if strings.TrimSpace(line) != "" {
				want++
			}
		}
		before := h.Head().Offset
		r := httptest.NewRequest(http.MethodPost, protocol.DefaultPath, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-ndjson")
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		grown := int(h.Head().Offset - before)
		if w.Code == http.StatusRequestEntityTooLarge {
			checkProblem(t, w)
			if len(body) <= 1000 && want <= 20 || grown > 0 {
				t.Errorf("%d lines in %d bytes are refused, %d published", want, len(body), grown)
			}
			return
		}
		if w.Code != http.StatusOK {
			t.Fatalf("status %d %s", w.Code, w.Body)
		}
		got, published := 0, 0
		for text := range strings.Lines(w.Body.String()) {
			var l lineResult
			if err := json.Unmarshal([]byte(text), &l); err != nil {
				t.Fatalf("answer %q: %v", text, err)
			}
			got++
			switch {
			case l.ID == "" && l.Detail != "" && len(l.Detail) < 1000 && l.Line >= got && 400 <= l.Status && l.Status < 500:
			case l.ID != "" && l.Status == 0 && l.Line == 0:
				if !l.Replayed {
					published++
				}
			default:
				t.Errorf("answer %s", text)
			}
		}
		if got != want || published != grown {
			t.Errorf("%d lines have %d answers; %d were published, %d answered so", want, got, grown, published)
		}
	})
}

// FuzzCredentials: whatever a request presents, it is let in only with a token that is good where it stands, and never
// with something that the hub does not trust.
func FuzzCredentials(f *testing.F) {
	a := serveTokens(f, modeHTTP1)
	good, old := a.token(all, all), a.legacy(all, all)
	f.Add("Bearer GOOD", "topic=a", "a=b")
	f.Add("Basic x", "authorization=OLD", protocol.DefaultCookie+"=GOOD")
	f.Add("", "%61uthorization=OLD&authorization=x", protocol.DefaultLegacyCookie+"=OLD; "+protocol.DefaultLegacyCookie+"=x")
	f.Add("bearer  a.b.c", "authorization", protocol.DefaultCookie+"=\"GOOD\"")
	compiler, err := protocol.NewCompiler(publicURL)
	if err != nil {
		f.Fatal(err)
	}
	verifier, err := auth.New(auth.Options{
		Issuers:    []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(secret)}}}},
		Resource:   publicURL,
		LegacyKeys: []auth.LegacyKey{{Key: auth.Key{Secret: []byte(oldSecret)}}},
		Matcher:    protocol.TokenMatcher(compiler),
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(verifier.Close)
	tokens := protocol.Tokens{Verifier: verifier}
	fill := strings.NewReplacer("GOOD", good, "OLD", old).Replace
	f.Fuzz(func(t *testing.T, authorization, query, cookies string) {
		authorization, query, cookies = fill(authorization), fill(query), fill(cookies)
		r := &http.Request{
			Method: http.MethodPost, URL: &url.URL{Path: protocol.DefaultPath, RawQuery: query}, Host: "localhost",
			Header: http.Header{"Cookie": {cookies}},
		}
		if authorization != "" {
			r.Header.Set("Authorization", authorization)
		}
		access, err := tokens.Authorize(r)
		if err != nil {
			if access.Token != nil || len(access.Grant.Publish) > 0 {
				t.Errorf("refused with %v, and granted %+v", err, access)
			}
			for _, token := range []string{good, old} {
				if strings.Contains(err.Error(), token) {
					t.Errorf("the error shows the token: %v", err)
				}
			}
			return
		}
		if access.Token == nil {
			t.Fatal("let in without a token")
		}
		inHeader := strings.Contains(authorization, good) || strings.Contains(authorization, old)
		inCookie := strings.Contains(cookies, good) || strings.Contains(cookies, old)
		if !inHeader && !inCookie && !strings.Contains(query, "=") {
			t.Errorf("let in with Authorization %q, query %q, cookies %q", authorization, query, cookies)
		}
		if access.ByCookie && (!inCookie || len(authorization) > 6 && strings.EqualFold(authorization[:7], "bearer ")) {
			t.Errorf("by a cookie, with Authorization %q, cookies %q", authorization, cookies)
		}
	})
}
