package protocol_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// TestStreamPanics: what panics while a stream begins is the server's to deal with, whatever goroutine it is in.
func TestStreamPanics(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var asked atomic.Int32
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) {
				if asked.Add(1) == 1 {
					panic(http.ErrAbortHandler)
				}
				return protocol.Access{Grant: topic.All()}, nil
			}),
		})
		resp, err := s.do(t.Context(), http.MethodGet, "topic=a", "", "X-Once", "1")
		if err == nil {
			resp.Body.Close()
			t.Errorf("the handler panicked, the answer is %s", resp.Status)
		}
		if resp := s.request(t, http.MethodGet, "topic=a", ""); resp.StatusCode != http.StatusOK || asked.Load() < 2 {
			t.Errorf("the next request: %s, asked %d times", resp.Status, asked.Load())
		}
	})
}

// headless is a response that no stream can begin in.
type headless struct{ *httptest.ResponseRecorder }

func (w headless) WriteHeader(status int) {
	if status == http.StatusOK {
		panic(http.ErrAbortHandler)
	}
	w.ResponseRecorder.WriteHeader(status)
}

// TestStreamPanicsReleases: a stream that panics as it begins holds no place of its client's.
func TestStreamPanicsReleases(t *testing.T) {
	handler, err := protocol.Handler(newHub(t, hub.Options{}), protocol.Options{Authorizer: protocol.AllowAll(), MaxPerAddress: 1})
	if err != nil {
		t.Fatal(err)
	}
	for major := range 2 {
		for range 2 {
			r := httptest.NewRequest(http.MethodGet, "/?topic=a", nil)
			r.ProtoMajor = major + 1
			w := headless{httptest.NewRecorder()}
			func() {
				defer func() {
					if got := recover(); got != http.ErrAbortHandler {
						t.Errorf("HTTP/%d: panicked with %v, want that of the head", r.ProtoMajor, got)
					}
				}()
				handler.ServeHTTP(w, r)
			}()
			if w.Body.Len() > 0 {
				t.Errorf("HTTP/%d: refused: %d %s", r.ProtoMajor, w.Code, w.Body)
			}
		}
	}
}

// bodyless is a response that no byte can be written to.
type bodyless struct{ *httptest.ResponseRecorder }

func (bodyless) Write([]byte) (int, error) { panic(http.ErrAbortHandler) }

// TestStreamPanicsLeaves: a stream that panics leaves no subscriber behind, who would hold a place of the hub's for ever.
func TestStreamPanicsLeaves(t *testing.T) {
	for _, tt := range []struct {
		name string
		w    func() http.ResponseWriter
	}{
		{"as it begins", func() http.ResponseWriter { return headless{httptest.NewRecorder()} }},
		{"as it is written", func() http.ResponseWriter { return bodyless{httptest.NewRecorder()} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := newJournal()
			h := newHub(t, hub.Options{Fanout: fanout.Options{Observer: j.observer()}})
			handler, err := protocol.Handler(h, protocol.Options{})
			if err != nil {
				t.Fatal(err)
			}
			for major := range 2 {
				r := httptest.NewRequest(http.MethodGet, "/?topic=a", nil)
				r.ProtoMajor = major + 1
				func() {
					defer func() {
						if got := recover(); got != http.ErrAbortHandler {
							t.Errorf("HTTP/%d: panicked with %v, want that of the writer", r.ProtoMajor, got)
						}
					}()
					handler.ServeHTTP(tt.w(), r)
				}()
				if e := wait(t, j.ended, "the end"); e.reason != fanout.EndGone {
					t.Errorf("HTTP/%d: ended because of %v", r.ProtoMajor, e.reason)
				}
			}
		})
	}
}
