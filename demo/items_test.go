package demo_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type item struct {
	ID, Step, Steps, Version int
	Name, To, Status         string
	Changed                  time.Time
}

type itemList struct {
	Cursor string
	Items  []item
}

func TestPingSaysWhichItemHasChanged(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		var before itemList
		s.read("/items", &before)
		if len(before.Items) != 12 {
			t.Fatalf("%d items", len(before.Items))
		}
		st := s.clocks("?last_event_id=" + url.QueryEscape(before.Cursor))
		// A round in which each item has its turn.
		seen := map[int]bool{}
		for i := range before.Items {
			s.run(noon.Add(time.Duration(i*5)*time.Second), 5)
			events := st.events(16)
			ping := events[15]
			var changed struct{ Item int }
			if err := json.Unmarshal([]byte(ping.Data), &changed); err != nil {
				t.Fatal(err)
			}
			if want := fmt.Sprintf(`{"item":%d}`, changed.Item); ping.Type != "ping" || ping.Data != want {
				t.Fatalf("the event is %+v, want a ping that says %s", ping, want)
			}
			seen[changed.Item] = true

			want := before.Items[changed.Item-1]
			want.Version++
			want.Step = (want.Step + 1) % want.Steps
			want.Changed = noon.Add(time.Duration(i*5+4) * time.Second)
			var got item
			s.read(fmt.Sprintf("/items/%d", changed.Item), &got)
			if got.Status == want.Status {
				t.Errorf("item %d has a new step and the old status", got.ID)
			}
			want.Status = got.Status
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the item (-want +got):\n%s", diff)
			}
		}
		if len(seen) != len(before.Items) {
			t.Errorf("in one round %d of %d items had their turn", len(seen), len(before.Items))
		}
	})
}

// Who follows the stream from the list's cursor is told every change that is not in the list.
func TestItemListHasItsPlaceInTheStream(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		s.run(noon, 5)
		var list itemList
		s.read("/items", &list)
		s.run(noon.Add(5*time.Second), 5)
		events := s.clocks("?last_event_id=" + url.QueryEscape(list.Cursor)).events(16)
		if !strings.HasSuffix(events[0].ID, ".17") {
			t.Errorf("the first event behind the list is %s", events[0].ID)
		}
		for i, event := range events {
			if isPing := event.Type == "ping"; isPing != (i == 15) {
				t.Errorf("event %d behind the list is of type %q", i, event.Type)
			}
		}
	})
}

func TestItemsThatAreNotThere(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		for _, id := range []string{"0", "13", "-1", "seven", "99999999999999999999"} {
			response := s.do(http.MethodGet, "/items/"+id)
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			const want = `{"title":"Not Found","status":404,"detail":"there is no such item"}` + "\n"
			if response.StatusCode != http.StatusNotFound || string(body) != want {
				t.Errorf("item %s: %s: %s", id, response.Status, body)
			}
			if got := response.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("item %s: Content-Type is %q", id, got)
			}
		}
	})
}

func TestItemsAreNotStored(t *testing.T) {
	everyProtocol(t, func(t *testing.T, s *site) {
		for _, path := range []string{"/items", "/items/7", "/stats"} {
			header := s.do(http.MethodGet, path).Header
			if header.Get("Cache-Control") != "no-store" || header.Get("Content-Type") != "application/json" {
				t.Errorf("%s: %v", path, header)
			}
		}
	})
}
