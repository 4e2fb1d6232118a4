package hub_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/internal/bubbletest"
)

// presenceModel is what the lists should have, the one that has lasted longest first.
type presenceModel struct {
	r     *rig
	here  []visit
	subs  map[string]*fanout.Subscriber
	count int
}

func (m *presenceModel) come(t *rapid.T) {
	m.count++
	name := fmt.Sprint(m.count)
	topics := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c"}), 1, 3, rapid.ID).Draw(t, "topics")
	m.subs[name] = m.r.come(name, topics...)
	synctest.Wait()
	for _, to := range topics {
		m.here = append(m.here, visit{to, name})
	}
}

func (m *presenceModel) leave(t *rapid.T) {
	if len(m.here) == 0 {
		return
	}
	name := rapid.SampledFrom(m.here).Draw(t, "who").name
	m.subs[name].Close()
	synctest.Wait()
	m.here = slices.DeleteFunc(m.here, func(v visit) bool { return v.name == name })
}

func (m *presenceModel) check(t *rapid.T) {
	limit := rapid.IntRange(1, 5).Draw(t, "limit")
	counts := map[string]int{}
	for _, to := range []string{"", "a", "b", "c"} {
		want := slices.DeleteFunc(slices.Clone(m.here), func(v visit) bool { return to != "" && v.to != to })
		group := visit{to: to}.Group()
		var got []visit
		for after, more := uint64(0), true; more; {
			page := m.r.hub.Present(group, after, limit)
			if page.Total != len(want) || len(page.Presences) > limit {
				t.Fatalf("a page of %d of %d, want %d of %d", len(page.Presences), page.Total, limit, len(want))
			}
			for _, p := range page.Presences {
				got = append(got, p.(visit))
			}
			after, more = page.Next, page.Next != 0
		}
		if !slices.Equal(want, got) {
			t.Fatalf("the list of %q is %v, want %v", to, got, want)
		}
		if to != "" && len(want) > 0 {
			counts[to] = len(want)
		}
	}
	got := map[string]int{}
	for after, more := uint64(0), true; more; {
		page := m.r.hub.CountPresent("test", after, limit)
		if page.Total != len(m.here) {
			t.Fatalf("%d are counted in all, want %d", page.Total, len(m.here))
		}
		for _, c := range page.Counts {
			got[c.Match] = c.Count
		}
		after, more = page.Next, page.Next != 0
	}
	if diff := cmp.Diff(counts, got); diff != "" {
		t.Fatalf("counts (-want +got):\n%s", diff)
	}
}

// TestPresenceLists plays subscribers that come and go against a slice.
func TestPresenceLists(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		bubbletest.Run(t, rt, func(*testing.T) {
			h, err := hub.New(telling)
			if err != nil {
				rt.Fatal(err)
			}
			defer h.Close()
			m := &presenceModel{r: &rig{t: t, hub: h}, subs: map[string]*fanout.Subscriber{}}
			rt.Repeat(map[string]func(*rapid.T){"come": m.come, "come more": m.come, "leave": m.leave, "": m.check})
		})
	})
}

// TestPresentOne: one subscription is found by what it is to and by whose it is.
func TestPresentOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, telling)
		sub, err := r.hub.Subscribe(t.Context(), hub.Request{Matchers: matchers("a", "b"), Presence: visits("ann", "a", "b")})
		if err != nil {
			t.Fatal(err)
		}
		ann, err := sub.Attach(newSink())
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		find := func(to string, id fanout.SubscriberID) bool {
			p, _, found := r.hub.PresentOne(visit{to: to}.Group(), id)
			return found && p == visit{to, "ann"}
		}
		if !find("a", sub.ID) || !find("b", sub.ID) || find("c", sub.ID) || find("a", fanout.NewSubscriberID()) {
			t.Error("wrong ones are found")
		}
		ann.Close()
		synctest.Wait()
		if find("a", sub.ID) {
			t.Error("it is found when it has left")
		}
	})
}
