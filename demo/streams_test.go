package demo_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/demo"
	"github.com/tidings-hub/tidings/sse"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func TestResumeIsExact(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		const seconds = 11
		st := s.clocks("")
		s.run(noon, seconds)
		all := st.events(seconds*3 + seconds/5)
		for i, event := range all {
			// The hub's offsets are those of the clocks' events, from 1.
			if want := fmt.Sprintf(".%d", i+1); !strings.HasSuffix(event.ID, want) {
				t.Fatalf("event %d has id %s", i+1, event.ID)
			}
		}
		for _, i := range []int{0, 1, 15, len(all) - 2} {
			id := all[i].ID
			for name, st := range map[string]*stream{
				"header": s.clocks("", "Last-Event-ID", id),
				"query":  s.clocks("?page=p&last_event_id=" + url.QueryEscape(id)),
			} {
				want := all[i+1:]
				if diff := cmp.Diff(want, st.events(len(want))); diff != "" {
					t.Errorf("resumed by %s behind %s (-want +got):\n%s", name, id, diff)
				}
			}
		}
		// Behind the last: nothing is there yet.
		st = s.clocks("", "Last-Event-ID", all[len(all)-1].ID)
		s.tick(noon.Add(time.Hour))
		if got, want := st.events(1)[0].ID, fmt.Sprintf(".%d", len(all)+1); !strings.HasSuffix(got, want) {
			t.Errorf("resumed at the end, the next id is %s, want …%s", got, want)
		}
	})
}

func TestCutBreaksOnlyThePagesOwnStream(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		mine, other, nobodys := s.clocks("?page=mine"), s.clocks("?page=other"), s.clocks("")
		s.tick(noon)
		first := mine.events(3)
		other.events(3)
		nobodys.events(3)
		s.waitFor("mine", stats{Open: 3, Page: 1, Published: 3})

		response := s.do(http.MethodPost, "/cut?page=mine")
		body, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(string(body)); response.StatusCode != http.StatusOK || got != `{"cut":1}` {
			t.Fatalf("%s: %s", response.Status, got)
		}
		err = mine.end()
		if err == nil {
			t.Fatal("the stream ended properly: it was not cut")
		}
		if s.proto == "HTTP/1.1" && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("the stream ended with %v", err)
		}
		s.waitFor("mine", stats{Open: 2, Cuts: 1, Published: 3})

		// The others did not notice, and nothing was lost.
		s.tick(noon.Add(time.Second))
		want := other.events(3)
		if diff := cmp.Diff(want, nobodys.events(3)); diff != "" {
			t.Errorf("the stream of no page (-want +got):\n%s", diff)
		}
		mine = s.clocks("?page=mine", "Last-Event-ID", first[2].ID)
		if diff := cmp.Diff(want, mine.events(3)); diff != "" {
			t.Errorf("the stream that was cut and came back (-want +got):\n%s", diff)
		}
	})
}

func TestClientThatLeavesIsNotCounted(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		response := s.do(http.MethodGet, "/clocks?page=p")
		s.waitFor("p", stats{Open: 1, Page: 1})
		s.waitFor("another", stats{Open: 1})
		s.waitFor("", stats{Open: 1})
		if err := response.Body.Close(); err != nil {
			t.Fatal(err)
		}
		s.waitFor("p", stats{})
	})
}

func TestCloseEndsStreams(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		st := s.clocks("")
		s.tick(noon)
		st.events(3)
		if err := s.demo.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.end(); err != nil {
			t.Errorf("the stream ended with %v", err)
		}
	})
}

func TestRefusedCuts(t *testing.T) {
	tests := []struct {
		name, method, path, site string
		status                   int
		detail                   string
	}{
		{"no page", "POST", "/cut", "", 400, "page is missing"},
		{"a page without a stream", "POST", "/cut?page=nobody", "", 404, "no open stream"},
		{"a page of too long a name", "POST", "/cut?page=" + strings.Repeat("p", 65), "", 400, "64 bytes"},
		{"a hold that is none", "POST", "/cut?page=mine&hold=long", "", 400, "0s to 10s"},
		{"a hold in the past", "POST", "/cut?page=mine&hold=-1s", "", 400, "0s to 10s"},
		{"too long a hold", "POST", "/cut?page=mine&hold=10001ms", "", 400, "0s to 10s"},
		{"another site", "POST", "/cut?page=mine", "cross-site", 403, "cross-origin"},
		{"by GET", "GET", "/cut?page=mine", "", 405, ""},
	}
	everyProtocol(t, func(t *testing.T, s *site) {
		st := s.clocks("?page=mine")
		for _, test := range tests {
			response := s.do(test.method, test.path, "Sec-Fetch-Site", test.site)
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != test.status || !strings.Contains(string(body), test.detail) {
				t.Errorf("%s: %s: %s", test.name, response.Status, body)
			}
		}
		s.tick(noon)
		st.events(3)
		s.waitFor("mine", stats{Open: 1, Page: 1, Published: 3})
	})
}

// bubble is a demo in virtual time, used without a network.
type bubble struct {
	t       *testing.T
	demo    *demo.Demo
	running sync.WaitGroup
}

func newBubble(t *testing.T) *bubble {
	d, err := demo.New(demo.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &bubble{t: t, demo: d}
}

func (b *bubble) close() {
	if err := b.demo.Close(); err != nil {
		b.t.Error(err)
	}
	b.running.Wait()
}

// open opens a stream and returns it when it has begun, or been refused. What becomes of it comes on the channel:
// nil, or what its handler panicked with.
func (b *bubble) open(page string) (*httptest.ResponseRecorder, <-chan any) {
	recorder, ended := httptest.NewRecorder(), make(chan any, 1)
	b.running.Go(func() {
		defer func() { ended <- recover() }()
		request := httptest.NewRequest("GET", "/clocks?page="+page, nil)
		b.demo.Handler().ServeHTTP(recorder, request.WithContext(context.Background()))
	})
	synctest.Wait()
	return recorder, ended
}

func (b *bubble) cut(page, hold string) int {
	recorder := httptest.NewRecorder()
	b.demo.Handler().ServeHTTP(recorder, httptest.NewRequest("POST", "/cut?page="+page+"&hold="+hold, nil))
	return recorder.Code
}

func TestHeldPageComesBackAfterTheHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		defer b.close()
		_, ended := b.open("p")
		time.Sleep(1500 * time.Millisecond)
		if code := b.cut("p", "5s"); code != http.StatusOK {
			t.Fatalf("the cut was answered with %d", code)
		}
		if got := <-ended; got != http.ErrAbortHandler {
			t.Errorf("the stream's handler ended with %v", got)
		}
		for range 4 { // after 0, 1.6, 3.2 and 4.8 seconds
			recorder, ended := b.open("p")
			if recorder.Code != http.StatusServiceUnavailable || recorder.Header().Get("Retry-After") == "" {
				t.Fatalf("held, a stream was answered with %d", recorder.Code)
			}
			if got := <-ended; got != nil {
				t.Errorf("the handler of the refusal panicked: %v", got)
			}
			time.Sleep(1600 * time.Millisecond)
		}
		recorder, ended := b.open("p")
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case got := <-ended:
			t.Fatalf("after the hold, the stream ended: %v, %d", got, recorder.Code)
		default:
		}
		b.close()
		<-ended
		var types []string
		for event, err := range sse.Read(recorder.Body, sse.Options{}) {
			if err != nil {
				t.Fatal(err)
			}
			types = append(types, event.Name())
		}
		if diff := cmp.Diff([]string{"message", "est", "pdt"}, types); diff != "" {
			t.Errorf("events after the hold (-want +got):\n%s", diff)
		}
	})
}

func TestHeldPagesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := newBubble(t)
		defer b.close()
		for i := range demo.MaxHeld {
			page := fmt.Sprint("p", i)
			b.open(page)
			if code := b.cut(page, demo.MaxHold.String()); code != http.StatusOK {
				t.Fatalf("hold %d was answered with %d", i, code)
			}
		}
		b.open("last")
		if code := b.cut("last", "1s"); code != http.StatusServiceUnavailable {
			t.Errorf("one hold too many was answered with %d", code)
		}
		if code := b.cut("last", ""); code != http.StatusOK {
			t.Errorf("a cut without a hold was answered with %d", code)
		}
		time.Sleep(demo.MaxHold)
		b.open("last")
		if code := b.cut("last", "1s"); code != http.StatusOK {
			t.Errorf("after the others' holds, a hold was answered with %d", code)
		}
	})
}
