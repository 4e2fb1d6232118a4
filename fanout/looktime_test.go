package fanout

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// costlyFilter selects the topics that hold "-last", by templates that take thousands of times what an exact topic
// does.
func costlyFilter(t *testing.T) *eventlog.Filter {
	t.Helper()
	compiler, err := topic.NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	filter := &eventlog.Filter{}
	for i := range 60 {
		text := fmt.Sprintf("{+a}-never-%d{+b}", i)
		if i == 59 {
			text = "{+a}-last{+b}"
		}
		m, err := compiler.Template(text)
		if err != nil {
			t.Fatal(err)
		}
		filter.Matchers = append(filter.Matchers, m)
	}
	return filter
}

// longTopics returns a batch of updates of which each twentieth is wanted by costlyFilter, and the offsets of these.
func longTopics(t *testing.T, n uint64) (b *Batch, wanted []uint64) {
	t.Helper()
	var records []*eventlog.Record
	for offset := range n {
		name := strings.Repeat("ab/", 30)
		if offset++; offset%20 == 0 {
			name += "-last"
			wanted = append(wanted, offset)
		}
		records = append(records, record(offset, "data", name))
	}
	b, err := NewBatch(records)
	if err != nil {
		t.Fatal(err)
	}
	return b, wanted
}

// TestLookTime: what one subscriber has looked at in a turn is bounded also by the time that it takes, and it gets
// everything all the same.
func TestLookTime(t *testing.T) {
	const n = 300
	filter := costlyFilter(t)
	b, want := longTopics(t, n)
	w := newWindow(1<<20, 0, new(budget))
	w.append(b)
	var got []uint64
	reads, after := 0, uint64(0)
	for ; after < n; reads++ {
		frames, to, looked, ok := w.read(nil, after, n, filter, 1<<20, n)
		if !ok || to <= after || looked != int(to-after) {
			t.Fatalf("behind %d: up to %d, %d looked at, %v", after, to, looked, ok)
		}
		got, after = append(got, offsets(frames)...), to
	}
	if reads < 2 {
		t.Errorf("%d costly looks in one read", n)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("read (-want +got):\n%s", diff)
	}
}

// TestTurnTime: a turn serves no more of those who are behind than it has time for.
func TestTurnTime(t *testing.T) {
	s := stillShard(Options{})
	b, _ := longTopics(t, 300)
	turnOf(s, b)
	filter := costlyFilter(t)
	const most = int(turnTime/lookTime) + 1
	for range 3 * most {
		attachTo(s, filter, 0, greedy())
	}
	s.catchUp()
	served := 0
	for _, sub := range s.subs {
		if sub.pos > 0 {
			served++
		}
	}
	if served < 1 || served > most {
		t.Errorf("%d were served in one turn, want at most %d", served, most)
	}
}
