package protocol_test

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// stuckLog takes nothing until it is released.
type stuckLog struct {
	*eventlog.Memory
	open    chan struct{}
	release func()
}

func newStuckLog(t testing.TB) *stuckLog {
	t.Helper()
	memory, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	l := &stuckLog{Memory: memory, open: make(chan struct{})}
	l.release = sync.OnceFunc(func() { close(l.open) })
	t.Cleanup(l.release)
	return l
}

func (l *stuckLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	<-l.open
	return l.Memory.Append(ctx, batch)
}

// list asks for subscriptions: path and query stand behind the hub's URL.
func (s *server) list(t testing.TB, method, path string, header ...string) *http.Response {
	t.Helper()
	at := *s
	path, query, _ := strings.Cut(path, "?")
	at.url += "/subscriptions" + path
	return at.request(t, method, query, "", header...)
}

func ids(o object) []string {
	var list []string
	for _, one := range o["subscriptions"].([]any) {
		list = append(list, one.(object)["id"].(string))
	}
	sort.Strings(list)
	return list
}

const subscriptionsRoot = protocol.DefaultPath + "/subscriptions"

// arrivals are subscribers of both dialects.
func arrivals(t testing.TB, s *server) (modern, legacy string) {
	t.Helper()
	_, modern = s.arrive(t, "match=books&match_urlpattern=/b/:c", as("modern")...)
	_, legacy = s.arrive(t, "topic=books&topic=exact", as("legacy")...)
	return modern, legacy
}

// TestSubscriptionLists: each dialect has its documents, and its subscriptions.
func TestSubscriptionLists(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		modern, legacy := arrivals(t, s)
		for _, tt := range []struct {
			name, who, path string
			want            []string // ids behind the root
		}{
			{"all", "modern", "", []string{"/exact/books/" + modern, "/urlpattern/%2Fb%2F%3Ac/" + modern}},
			{"one exact topic", "modern", "/exact/books", []string{"/exact/books/" + modern}},
			{"one pattern", "modern", "/urlpattern/%2fb%2f%3ac", []string{"/urlpattern/%2Fb%2F%3Ac/" + modern}},
			{"a topic of nobody", "modern", "/exact/nobody", nil},
			{"all of 0.x", "legacy", "", []string{"/books/" + legacy, "/exact/" + legacy}},
			{"one selector", "legacy", "/books", []string{"/books/" + legacy}},
			{"a selector that is called like a type", "legacy", "/exact", []string{"/exact/" + legacy}},
			{"a selector of nobody", "legacy", "/nobody", nil},
		} {
			t.Run(tt.name, func(t *testing.T) {
				resp := s.list(t, http.MethodGet, tt.path, as(tt.who)...)
				body := parse(t, readAll(t, resp))
				if resp.StatusCode != http.StatusOK {
					t.Fatalf("%s: %v", resp.Status, body)
				}
				var want []string
				for _, id := range tt.want {
					want = append(want, subscriptionsRoot+id)
				}
				sort.Strings(want)
				if diff := cmp.Diff(want, ids(body)); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				delete(body, "subscriptions")
				tag := resp.Header.Get("ETag")
				last := strings.Trim(tag, `"`)
				path := strings.NewReplacer("%2f", "%2F", "%3a", "%3A").Replace(tt.path)
				wantBody := object{"id": subscriptionsRoot + path, "type": "subscriptions", "count": float64(len(want))}
				kind, link := "application/json", `; content-type="application/json"; type="mercure"`
				if tt.who == "legacy" {
					wantBody["@context"], wantBody["type"], wantBody["lastEventID"] = "https://mercure.rocks/", "Subscriptions", last
					kind, link = "application/ld+json", `; content-type="application/ld+json"`
				}
				if diff := cmp.Diff(wantBody, body); diff != "" {
					t.Errorf("the document (-want +got):\n%s", diff)
				}
				link = `<` + protocol.DefaultPath + `>; rel="mercure"; last-event-id="` + last + `"` + link
				for name, want := range map[string]string{
					"Content-Type": kind, "Link": link, "Cache-Control": "private, must-revalidate, max-age=0",
				} {
					if got := resp.Header.Get(name); got != want {
						t.Errorf("%s: %s, want %s", name, got, want)
					}
				}
			})
		}
	})
}

// TestSubscriptionOne: a subscription has an address, while it lasts.
func TestSubscriptionOne(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		gone := make(chan fanout.SubscriberID, 10)
		s := tell(t, m, hub.Options{Fanout: fanout.Options{Observer: fanout.Observer{
			Ended: func(id fanout.SubscriberID, _ fanout.EndReason) { gone <- id },
		}}}, protocol.Options{})
		modern, legacy := arrivals(t, s)
		body := parse(t, readAll(t, s.list(t, http.MethodGet, "/exact/books/"+modern, as("modern")...)))
		want := object{
			"id": subscriptionsRoot + "/exact/books/" + modern, "type": "subscription", "match_type": "exact", "match": "books",
			"subscriber": modern, "active": true, "payload": object{"name": "ann"},
		}
		if diff := cmp.Diff(want, body); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		resp := s.list(t, http.MethodGet, "/books/"+legacy, as("legacy")...)
		want = object{
			"@context": "https://mercure.rocks/", "id": subscriptionsRoot + "/books/" + legacy, "type": "Subscription",
			"topic": "books", "subscriber": legacy, "active": true, "payload": []any{"bob", 2.0},
			"lastEventID": strings.Trim(resp.Header.Get("ETag"), `"`),
		}
		if diff := cmp.Diff(want, parse(t, readAll(t, resp))); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		short, id := s.arrive(t, "match=short", as("modern")...)
		path := "/exact/short/" + id
		if resp := s.list(t, http.MethodGet, path, as("modern")...); resp.StatusCode != http.StatusOK {
			t.Errorf("while it lasts: %s", resp.Status)
		}
		short.leave()
		wait(t, gone, "the end of a stream")
		if resp := s.list(t, http.MethodGet, path, as("modern")...); resp.StatusCode != http.StatusNotFound {
			t.Errorf("when it has ended: %s", resp.Status)
		}
	})
}

// TestSubscriptionStatus: what else a request for subscriptions is answered with.
func TestSubscriptionStatus(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		modern, legacy := arrivals(t, s)
		other := fanout.NewSubscriberID().String()
		for _, tt := range []struct {
			name, method, who, path string
			want                    int
		}{
			{"without a token", "GET", "", "", 401},
			{"with a bad token", "GET", "nobody", "", 401},
			{"not granted", "GET", "stranger", "", 403},
			{"not granted, one", "GET", "stranger", "/exact/books/" + modern, 403},
			{"granted by a pattern", "GET", "books", "/exact/books", 200},
			{"granted by a pattern, one", "GET", "books", "/exact/books/" + modern, 200},
			{"granted another", "GET", "books", "/exact/book", 403},
			{"granted, not the whole", "GET", "books", "", 403},
			{"granted, in a disguise", "GET", "books", "/exact/boo%6bs", 200},
			{"granted exactly", "GET", "root", "", 200},
			{"granted exactly, with a query", "GET", "root", "?limit=5", 200},
			{"granted exactly, not what is below", "GET", "root", "/exact/books", 403},
			{"granted by a template", "GET", "template", "/books", 200},
			{"granted by a template, one", "GET", "template", "/books/" + legacy, 200},
			{"HEAD", "HEAD", "modern", "", 200},
			{"OPTIONS", "OPTIONS", "", "", 204},
			{"POST", "POST", "modern", "", 405},
			{"DELETE", "DELETE", "modern", "/exact/books/" + modern, 405},
			{"another subscriber", "GET", "modern", "/exact/books/" + other, 404},
			{"another topic", "GET", "modern", "/exact/other/" + modern, 404},
			{"another type", "GET", "modern", "/urlpattern/books/" + modern, 404},
			{"no subscriber's id", "GET", "modern", "/exact/books/x", 404},
			{"an id in another spelling", "GET", "modern", "/exact/books/" + strings.ToUpper(modern), 404},
			{"an unknown type", "GET", "modern", "/regexp/books", 404},
			{"a type alone", "GET", "modern", "/exact", 404},
			{"too many segments", "GET", "modern", "/exact/books/" + modern + "/x", 404},
			{"a slash at the end", "GET", "modern", "/", 404},
			{"the form of 0.x, with a modern token", "GET", "modern", "/books/" + legacy, 404},
			{"the modern form, with a token of 0.x", "GET", "legacy", "/exact/books/" + modern, 404},
			{"no limit", "GET", "modern", "?limit=0", 400},
			{"too high a limit", "GET", "modern", "?limit=10001", 400},
			{"not a limit", "GET", "modern", "?limit=x", 400},
			{"not a place", "GET", "modern", "?after=-1", 400},
			{"not a count", "GET", "modern", "?count=yes", 400},
		} {
			t.Run(tt.name, func(t *testing.T) {
				var header []string
				if tt.who != "" {
					header = as(tt.who)
				}
				resp := s.list(t, tt.method, tt.path, header...)
				if resp.StatusCode != tt.want {
					t.Errorf("%s, want %d: %s", resp.Status, tt.want, readAll(t, resp))
				}
			})
		}
	})
}

// TestSubscriptionsUnchanged: a client that has the list is not sent it again until something was published.
func TestSubscriptionsUnchanged(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		tag := s.list(t, http.MethodGet, "", as("modern")...).Header.Get("ETag")
		if tag != `"earliest"` {
			t.Errorf("ETag %s on a hub where nothing has happened", tag)
		}
		tag = `"` + s.post(t, "topic=a&data=1", as("modern")...) + `"`
		for value, want := range map[string]int{
			tag: 304, "W/" + tag: 304, `"x", ` + tag: 304, "*": 304, `"x"`: 200, `"earliest"`: 200,
		} {
			resp := s.list(t, http.MethodGet, "", append(as("modern"), "If-None-Match", value)...)
			if resp.StatusCode != want || resp.Header.Get("ETag") != tag || resp.Header.Get("Link") == "" {
				t.Errorf("If-None-Match %s: %s, ETag %s, Link %q", value, resp.Status, resp.Header.Get("ETag"), resp.Header.Get("Link"))
			}
		}
	})
}

// TestSubscriptionPages: a long list comes in parts, and counts need no list.
func TestSubscriptionPages(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		const many = 7
		for range many {
			s.arrive(t, "match=a&match=b", as("modern")...)
		}
		seen := map[string]bool{}
		pages := 0
		for path := "?limit=3"; path != ""; pages++ {
			resp := s.list(t, http.MethodGet, path, as("modern")...)
			body := parse(t, readAll(t, resp))
			if body["count"] != float64(2*many) {
				t.Fatalf("count %v, want %d", body["count"], 2*many)
			}
			for _, id := range ids(body) {
				seen[id] = true
			}
			path = ""
			if next, ok := body["next"].(string); ok {
				path = strings.TrimPrefix(next, subscriptionsRoot)
				if links := resp.Header.Values("Link"); len(links) != 2 || links[1] != "<"+next+`>; rel="next"` {
					t.Errorf("next is %s, and Link %q", next, links)
				}
			}
		}
		if len(seen) != 2*many || pages != 5 {
			t.Errorf("%d of %d in %d pages", len(seen), 2*many, pages)
		}
		counts := func(path string) object {
			return parse(t, readAll(t, s.list(t, http.MethodGet, path, as("modern")...)))
		}
		want := object{"id": subscriptionsRoot + "/exact/a", "type": "subscriptions", "count": float64(many)}
		if diff := cmp.Diff(want, counts("/exact/a?count=1")); diff != "" {
			t.Errorf("the count of a topic (-want +got):\n%s", diff)
		}
		of := func(match string) object {
			return object{"match_type": "exact", "match": match, "count": float64(many)}
		}
		want = object{"id": subscriptionsRoot, "type": "subscriptions", "count": float64(2 * many), "counts": []any{of("a"), of("b")}}
		if diff := cmp.Diff(want, counts("?count=1")); diff != "" {
			t.Errorf("all counts (-want +got):\n%s", diff)
		}
		first := counts("?count=1&limit=1")
		next := strings.TrimPrefix(first["next"].(string), subscriptionsRoot)
		if second := counts(next); fmt.Sprint(second["counts"]) != fmt.Sprint([]any{of("b")}) || second["next"] != nil {
			t.Errorf("the second page of counts: %v", second)
		}
	})
}

// TestSubscriptionsThenEvents: who reads the list and then subscribes from where the list says misses nobody.
func TestSubscriptionsThenEvents(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := tell(t, m, hub.Options{}, protocol.Options{})
		stop := make(chan struct{})
		var coming sync.WaitGroup
		coming.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				ctx, leave := context.WithCancel(context.Background())
				resp, err := s.do(ctx, http.MethodGet, fmt.Sprintf("match=books&n=%d", i), "")
				if err == nil {
					resp.Body.Close()
				}
				leave()
			}
		})
		defer coming.Wait()
		defer close(stop)
		here := map[string]bool{}
		resp := s.list(t, http.MethodGet, "/exact/books?limit=10000", as("modern")...)
		for _, id := range ids(parse(t, readAll(t, resp))) {
			here[id] = true
		}
		from := strings.Trim(resp.Header.Get("ETag"), `"`)
		watcher := s.subscribe(t, "match_urlpattern="+url.QueryEscape(subscriptionsRoot+"/exact/books/:who")+"&last_event_id="+url.QueryEscape(from), as("modern")...)
		for range 50 {
			e := parse(t, watcher.next().Data)
			id := e["id"].(string)
			if e["active"] == false && !here[id] {
				t.Fatalf("%s left, and had neither been listed nor come", id)
			}
			if here[id] = true; e["active"] == false {
				delete(here, id)
			}
		}
	})
}
