package load_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/load"
	"github.com/tidings-hub/tidings/protocol"
)

// startHub serves a hub, in clear or over TLS, with HTTP/2 in both.
func startHub(t *testing.T, overTLS bool) (url string) {
	t.Helper()
	h, err := hub.New(hub.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := h.Close(); err != nil {
			t.Error(err)
		}
	})
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, handler, overTLS)
}

func serve(t *testing.T, handler http.Handler, overTLS bool) (url string) {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.Protocols = new(http.Protocols)
	s.Config.Protocols.SetHTTP1(true)
	s.Config.Protocols.SetHTTP2(true)
	s.Config.Protocols.SetUnencryptedHTTP2(true)
	s.EnableHTTP2 = true
	if overTLS {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s.URL + protocol.DefaultPath
}

// small is a load of a moment.
func small(url string) load.Options {
	return load.Options{
		URL: url, SubscribeQuery: "topic={topic}", Subscribers: 20, Count: 30, Rate: 1000, Insecure: true,
		Threads: 2, Drain: 30 * time.Second, Duration: 30 * time.Second, Timeout: 30 * time.Second,
	}
}

// run runs a load that is to have a result.
func run(t *testing.T, o load.Options) *load.Result {
	t.Helper()
	x, err := load.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// faulty is a hub that does not do what it should: instead of update k it sends what fault makes of it, k counting
// from 1.
type faulty struct {
	fault func(k int, event string) []string

	mu      sync.Mutex
	k       int
	streams map[chan string]struct{}
}

func newFaulty(fault func(k int, event string) []string) *faulty {
	return &faulty{fault: fault, streams: map[chan string]struct{}{}}
}

// cut is an event that ends the stream.
const cut = "cut"

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost {
		data := r.FormValue("data")
		f.mu.Lock()
		defer f.mu.Unlock()
		f.k++
		for _, event := range f.fault(f.k, "data: "+data+"\n\n") {
			for s := range f.streams {
				s <- event
			}
		}
		return
	}
	s := make(chan string, 1000)
	f.mu.Lock()
	f.streams[s] = struct{}{}
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/event-stream")
	_ = http.NewResponseController(w).Flush()
	for {
		select {
		case event := <-s:
			if event == cut {
				return
			}
			_, _ = w.Write([]byte(event))
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}
