package protocol_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// refusals records what a hub's observer is told of.
type refusals struct {
	mu   sync.Mutex
	list []hub.RefuseReason
}

func (r *refusals) observer() hub.Observer {
	return hub.Observer{Refused: func(why hub.RefuseReason) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.list = append(r.list, why)
	}}
}

// want checks what was refused since the last call.
func (r *refusals) want(t *testing.T, want ...hub.RefuseReason) {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if !slices.Equal(r.list, want) {
		t.Errorf("refusals %v, want %v", r.list, want)
	}
	r.list = nil
}

// wantRetry checks that a refusal asks to come back in 1 to 5 seconds.
func wantRetry(t *testing.T, resp *http.Response) {
	t.Helper()
	if n, err := strconv.Atoi(resp.Header.Get("Retry-After")); err != nil || n < 1 || n > 5 {
		t.Errorf("Retry-After %q, want 1 to 5", resp.Header.Get("Retry-After"))
	}
}

// by is an address for a test's own header.
const by = "Test-Client"

// byHeader makes requests count for the address in the header Test-Client.
func byHeader(r *http.Request) netip.Addr {
	addr, _ := netip.ParseAddr(r.Header.Get(by)) // the zero one otherwise
	return addr
}

// untilFree subscribes as soon as there is room again, which is a moment after a stream's end was seen.
func (s *server) untilFree(t *testing.T, header ...string) *reader {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	for {
		resp := s.requestContext(t, ctx, http.MethodGet, "topic=a", "", header...)
		if resp.StatusCode == http.StatusOK {
			return &reader{t: t, response: resp, cancel: cancel}
		}
		resp.Body.Close()
	}
}

func TestMaxPerAddress(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var refused refusals
		s := serve(t, m, hub.Options{Observer: refused.observer()}, protocol.Options{MaxPerAddress: 2, ClientAddr: byHeader})
		first := s.subscribe(t, "topic=a", by, "192.0.2.1")
		s.subscribe(t, "topic=a", by, "::ffff:192.0.2.1")
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			resp := s.request(t, method, "topic=a", "", by, "192.0.2.1")
			wantRetry(t, resp)
			if method == http.MethodGet {
				p := wantProblem(t, resp, http.StatusTooManyRequests, "", "192.0.2.1", "MaxPerAddress is 2")
				if p.Limit != "MaxPerAddress" || p.Max != 2 {
					t.Errorf("problem %+v", p)
				}
			} else if resp.StatusCode != http.StatusTooManyRequests {
				t.Errorf("HEAD: %s", resp.Status)
			}
			refused.want(t, hub.RefusedAddress)
		}
		s.subscribe(t, "topic=a", by, "192.0.2.2")
		first.leave()
		s.untilFree(t, by, "192.0.2.1")
	})
}

// TestMaxPerAddressCountsStreams: what holds no stream takes no place for longer than its answer.
func TestMaxPerAddressCountsStreams(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AllowAll(), MaxPerAddress: 1, ClientAddr: byHeader,
		})
		const client = "2001:db8::1"
		for range 3 {
			wantProblem(t, s.request(t, http.MethodGet, "topic=", "", by, client), http.StatusBadRequest, "topic")
			s.post(t, "topic=b", by, client)
			if resp := s.request(t, http.MethodHead, "topic=a", "", by, client); resp.StatusCode != http.StatusOK {
				t.Fatalf("HEAD: %s", resp.Status)
			}
		}
		r := s.subscribe(t, "topic=a", by, client)
		s.post(t, "topic=a&data=hi", by, client)
		r.want("hi")
	})
}

func TestAddressesThatCountAsOne(t *testing.T) {
	tests := []struct {
		name, one, other string
		same             bool
	}{
		{"IPv4", "192.0.2.1", "192.0.2.1", true},
		{"neighbours", "192.0.2.1", "192.0.2.2", false},
		{"mapped", "192.0.2.1", "::ffff:192.0.2.1", true},
		{"mapped neighbours", "::ffff:192.0.2.1", "::ffff:192.0.2.2", false},
		{"one /64", "2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true},
		{"two of one /63", "2001:db8:0:2::1", "2001:db8:0:3::1", false},
		{"zones", "fe80::1%eth0", "fe80::2%eth1", true},
		{"no address", "", "", false},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := serve(t, m, hub.Options{}, protocol.Options{MaxPerAddress: 1, ClientAddr: byHeader})
				s.subscribe(t, "topic=a", by, tt.one)
				want := http.StatusOK
				if tt.same {
					want = http.StatusTooManyRequests
				}
				if resp := s.request(t, http.MethodGet, "topic=a", "", by, tt.other); resp.StatusCode != want {
					t.Errorf("%s, want %d", resp.Status, want)
				}
			})
		}
	})
}

// TestPeerIsTheClient: unless told otherwise, the connection's other end counts, whatever the headers say.
func TestPeerIsTheClient(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		for name, clientAddr := range map[string]func(*http.Request) netip.Addr{
			"default":          nil,
			"untrusted":        protocol.ForwardedFor(netip.MustParsePrefix("192.0.2.0/24")),
			"trusted, garbage": protocol.ForwardedFor(netip.MustParsePrefix("127.0.0.0/8")),
		} {
			t.Run(name, func(t *testing.T) {
				s := serve(t, m, hub.Options{}, protocol.Options{MaxPerAddress: 1, ClientAddr: clientAddr})
				s.subscribe(t, "topic=a", "X-Forwarded-For", "garbage 1")
				resp := s.request(t, http.MethodGet, "topic=a", "", "X-Forwarded-For", "garbage 2")
				wantProblem(t, resp, http.StatusTooManyRequests, "", "address 127.0.0.1 ")
			})
		}
	})
}

// TestForwardedClients: behind a proxy clients count for themselves, and cannot claim to be others.
func TestForwardedClients(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{
			MaxPerAddress: 1, ClientAddr: protocol.ForwardedFor(netip.MustParsePrefix("127.0.0.0/8")),
		})
		for i := range 3 {
			s.subscribe(t, "topic=a", "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
		}
		resp := s.request(t, http.MethodGet, "topic=a", "", "X-Forwarded-For", "198.51.100.1, 192.0.2.1")
		wantProblem(t, resp, http.StatusTooManyRequests, "", "address 192.0.2.1 ")
	})
}

// TestAddressIsFreeAfterEveryEnd: however many streams of an address begin and end at once, exactly as many are let
// in as there is room for, and none keeps its place.
func TestAddressIsFreeAfterEveryEnd(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		const most, callers = 3, 12
		s := serve(t, m, hub.Options{}, protocol.Options{MaxPerAddress: most, ClientAddr: byHeader})
		for round := range 5 {
			client := fmt.Sprintf("192.0.2.%d", round)
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			var mu sync.Mutex
			statuses := map[int]int{}
			var running sync.WaitGroup
			for range callers {
				running.Go(func() {
					resp, err := s.do(ctx, http.MethodGet, "topic=a", "", by, client)
					if err != nil {
						t.Error(err)
						return
					}
					t.Cleanup(func() { resp.Body.Close() })
					mu.Lock()
					defer mu.Unlock()
					statuses[resp.StatusCode]++
				})
			}
			running.Wait()
			want := map[int]int{http.StatusOK: most, http.StatusTooManyRequests: callers - most}
			if !maps.Equal(statuses, want) {
				t.Errorf("statuses %v, want %v", statuses, want)
			}
			cancel()
			var again [most]*reader
			for i := range again {
				again[i] = s.untilFree(t, by, client)
			}
			for _, r := range again {
				r.leave()
			}
		}
	})
}

// TestMaxSubscribers: the hub's own bound is no fault of the client's.
func TestMaxSubscribers(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		var refused refusals
		s := serve(t, m, hub.Options{Observer: refused.observer(), Limits: hub.Limits{Subscribers: 2}}, protocol.Options{
			Authorizer: protocol.AllowAll(),
		})
		first, second := s.subscribe(t, "topic=a"), s.subscribe(t, "topic=a&signals=1")
		resp := s.request(t, http.MethodGet, "topic=a", "")
		wantRetry(t, resp)
		p := wantProblem(t, resp, http.StatusServiceUnavailable, "", "limit Subscribers is 2")
		if p.Limit != "Subscribers" || p.Max != 2 {
			t.Errorf("problem %+v", p)
		}
		refused.want(t, hub.RefusedSubscribers)
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "still here"})
		first.want("still here")
		second.leave()
		s.untilFree(t)
	})
}

// TestRetriesAreSpread: those who are refused at once do not come back at once.
func TestRetriesAreSpread(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := serve(t, m, hub.Options{}, protocol.Options{MaxPerAddress: 1})
		s.subscribe(t, "topic=a")
		seen := map[string]bool{}
		for range 60 { // all the same once in 5^59 runs
			resp := s.request(t, http.MethodGet, "topic=a", "")
			wantRetry(t, resp)
			seen[resp.Header.Get("Retry-After")] = true
			resp.Body.Close()
		}
		if len(seen) < 2 {
			t.Errorf("all are asked to come back in %v", seen)
		}
	})
}
