package demo_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// waitForShared asks how many shared streams a browser has until they are as many as wanted.
func (s *site) waitForShared(browser string, want int) {
	s.t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		var got struct{ Shared int }
		if s.read("/stats?browser="+browser, &got); got.Shared == want {
			return
		}
		if time.Now().After(deadline) {
			s.t.Fatalf("%q has %d shared streams, want %d", browser, got.Shared, want)
		}
	}
}

func TestSharedStreamsAreCountedByBrowser(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		clocks := s.clocks("?page=mine")
		s.waitForShared("mine", 0)
		var streams []*http.Response
		for _, browser := range []string{"mine", "mine", "other", ""} {
			response := s.do(http.MethodGet, "/shared?browser="+browser)
			if got := response.Header.Get("Content-Type"); got != "text/event-stream" {
				t.Fatalf("%s, Content-Type is %q", response.Status, got)
			}
			streams = append(streams, response)
		}
		s.waitForShared("mine", 2)
		s.waitForShared("other", 1)
		s.waitForShared("", 0)
		s.waitFor("mine", stats{Open: 1, Page: 1}) // none of them is one of /clocks

		s.tick(noon)
		want := clocks.events(3)
		for _, response := range streams {
			if diff := cmp.Diff(want, newStream(t, response).events(3)); diff != "" {
				t.Errorf("events of a shared stream (-want +got):\n%s", diff)
			}
		}

		if err := streams[0].Body.Close(); err != nil {
			t.Fatal(err)
		}
		s.waitForShared("mine", 1)
		s.waitForShared("other", 1)
	})
}

func TestBrowserOfTooLongAName(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/shared", "/stats"} {
			if response := s.do(http.MethodGet, path+"?browser="+strings.Repeat("b", 65)); response.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: %s", path, response.Status)
			}
		}
	})
}
