package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// watchedLog notes how long the batches are that are appended, and fails those for which it has an error.
type watchedLog struct {
	eventlog.Log
	mu      sync.Mutex
	batches []int
	err     error
}

func (l *watchedLog) Append(ctx context.Context, batch []eventlog.Entry) ([]eventlog.Appended, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.batches = append(l.batches, len(batch))
	if l.err != nil {
		return nil, l.err
	}
	return l.Log.Append(ctx, batch)
}

func (l *watchedLog) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

func (l *watchedLog) lengths() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.batches)
}

// tally counts what a hub's observer is told.
type tally struct {
	mu        sync.Mutex
	refused   map[string]int
	committed []int
	failed    []int
}

func (y *tally) observer() hub.Observer {
	return hub.Observer{
		Committed: func(n int) { y.note(func() { y.committed = append(y.committed, n) }) },
		Failed:    func(n int, _ error) { y.note(func() { y.failed = append(y.failed, n) }) },
		Refused: func(r hub.RefuseReason) {
			y.note(func() {
				if y.refused == nil {
					y.refused = map[string]int{}
				}
				y.refused[r.String()]++
			})
		},
	}
}

func (y *tally) note(f func()) {
	y.mu.Lock()
	defer y.mu.Unlock()
	f()
}

func memoryLog(t testing.TB) *eventlog.Memory {
	t.Helper()
	log, err := eventlog.NewMemory(eventlog.Retention{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { log.Close() })
	return log
}

func startHub(t testing.TB, o hub.Options) *hub.Hub {
	t.Helper()
	h, err := hub.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// submit publishes one update with a key.
func submit(h *hub.Hub, name, data, key string) hub.Outcome {
	return h.PublishAll(context.Background(), []hub.Submission{submission(name, data, key)}, topic.All())[0]
}

func submission(name, data, key string) hub.Submission {
	return hub.Submission{Update: eventlog.Update{Topics: []string{name}, Data: data}, Key: key}
}

// TestKeys: an update with a used key is not published again, and not at all if it says something else.
func TestKeys(t *testing.T) {
	first := submission("a", "1", "k")
	tests := []struct {
		name string
		then hub.Submission
		want string
	}{
		{"same", submission("a", "1", "k"), "repeated"},
		{"another key", submission("a", "1", "l"), "new"},
		{"no key", submission("a", "1", ""), "new"},
		{"other data", submission("a", "2", "k"), "conflict"},
		{"other topic", submission("b", "1", "k"), "conflict"},
		{"other id", hub.Submission{Update: eventlog.Update{Topics: []string{"a"}, Data: "1", ID: "i"}, Key: "k"}, "conflict"},
		{"private", hub.Submission{Update: eventlog.Update{Topics: []string{"a"}, Data: "1", Private: true}, Key: "k"}, "conflict"},
	}
	for _, oneBatch := range []bool{true, false} {
		for _, tt := range tests {
			t.Run(fmt.Sprintf("%s, one batch %v", tt.name, oneBatch), func(t *testing.T) {
				var seen tally
				h := startHub(t, hub.Options{Observer: seen.observer()})
				var o []hub.Outcome
				if oneBatch {
					o = h.PublishAll(t.Context(), []hub.Submission{first, tt.then}, topic.All())
				} else {
					o = append(h.PublishAll(t.Context(), []hub.Submission{first}, topic.All()),
						h.PublishAll(t.Context(), []hub.Submission{tt.then}, topic.All())...)
				}
				if o[0].Err != nil || o[0].Repeated || o[0].ID == "" {
					t.Fatalf("first: %+v", o[0])
				}
				refused := map[string]int(nil)
				switch got, head := o[1], h.Head().Offset; tt.want {
				case "repeated":
					if got.Err != nil || !got.Repeated || got.ID != o[0].ID || got.Position != o[0].Position || head != 1 {
						t.Errorf("got %+v after %+v, head %d", got, o[0], head)
					}
				case "new":
					if got.Err != nil || got.Repeated || got.ID == o[0].ID || head != 2 {
						t.Errorf("got %+v after %+v, head %d", got, o[0], head)
					}
				case "conflict":
					refused = map[string]int{"key-reused": 1}
					if !errors.Is(got.Err, hub.ErrKeyReused) || got.ID != "" || head != 1 {
						t.Errorf("got %+v, head %d", got, head)
					}
				}
				if diff := cmp.Diff(refused, seen.refused); diff != "" {
					t.Errorf("refused (-want +got):\n%s", diff)
				}
			})
		}
	}
}

// TestKeyOfOwnID: who repeats an update gets the publisher's own id again.
func TestKeyOfOwnID(t *testing.T) {
	h := startHub(t, hub.Options{})
	s := hub.Submission{Update: eventlog.Update{Topics: []string{"a"}, ID: "mine"}, Key: "k"}
	for i := range 3 {
		o := h.PublishAll(t.Context(), []hub.Submission{s}, topic.All())[0]
		if o.Err != nil || o.ID != "mine" || o.Repeated != (i > 0) {
			t.Errorf("attempt %d: %+v", i, o)
		}
	}
}

// TestKeyOfFailedBatch: what has failed can be published under its key, or something else.
func TestKeyOfFailedBatch(t *testing.T) {
	for _, data := range []string{"1", "2"} {
		var seen tally
		log := &watchedLog{Log: memoryLog(t)}
		h := startHub(t, hub.Options{Log: log, Observer: seen.observer()})
		log.fail(fmt.Errorf("%w: for a test", eventlog.ErrNoSpace))
		if o := submit(h, "a", "1", "k"); !errors.Is(o.Err, eventlog.ErrNoSpace) {
			t.Fatalf("got %+v", o)
		}
		log.fail(nil)
		if o := submit(h, "a", data, "k"); o.Err != nil || o.Repeated {
			t.Errorf("data %s: got %+v", data, o)
		}
		if diff := cmp.Diff([]int{1}, seen.failed); diff != "" {
			t.Errorf("failed (-want +got):\n%s", diff)
		}
	}
}

// TestKeysRace: of many that publish the same at the same time, one is the first.
func TestKeysRace(t *testing.T) {
	h := startHub(t, hub.Options{})
	outcomes := make([]hub.Outcome, 64)
	var group sync.WaitGroup
	for i := range outcomes {
		group.Go(func() { outcomes[i] = submit(h, "a", "once", "k") })
	}
	group.Wait()
	fresh := 0
	for _, o := range outcomes {
		if o.Err != nil || o.ID != outcomes[0].ID {
			t.Errorf("got %+v, want id %s", o, outcomes[0].ID)
		}
		if !o.Repeated {
			fresh++
		}
	}
	if fresh != 1 || h.Head().Offset != 1 {
		t.Errorf("%d were the first, head %v", fresh, h.Head())
	}
}

func TestKeyRefused(t *testing.T) {
	h := startHub(t, hub.Options{Limits: hub.Limits{KeyBytes: 10}})
	limit, ok := errors.AsType[*hub.LimitError](submit(h, "a", "", strings.Repeat("x", 11)).Err)
	if !ok || *limit != (hub.LimitError{Limit: "KeyBytes", Max: 10, Got: 11}) {
		t.Errorf("long key: %v", limit)
	}
	invalid, ok := errors.AsType[*hub.InvalidError](submit(h, "a", "", "a\x00").Err)
	if !ok || invalid.Field != "key" {
		t.Errorf("control character: %v", invalid)
	}
	if o := submit(h, "a", "", strings.Repeat("x", 10)); o.Err != nil {
		t.Errorf("longest key: %v", o.Err)
	}
}

// TestPublishAll: each update has its own outcome, in order, and those that are accepted are one batch.
func TestPublishAll(t *testing.T) {
	var seen tally
	log := &watchedLog{Log: memoryLog(t)}
	h := startHub(t, hub.Options{Log: log, Observer: seen.observer(), Limits: hub.Limits{DataBytes: 10}})
	grant := topic.Grant{Publish: topic.Matchers{topic.Exact("a")}}
	outcomes := h.PublishAll(t.Context(), []hub.Submission{
		submission("a", "1", ""),
		submission("b", "not granted", ""),
		submission("b", "granted", ""),
		submission("", "no topic", ""),
		submission("a", "2", "k"),
		submission("a", "much too long", ""),
		submission("a", "2", "k"),
		submission("a", "3", "k"),
		submission("a", "4", ""),
	}, grant)
	want := []string{"#1", "limit", "forbidden", "invalid", "#2", "limit", "#2 again", "key-reused", "#3"}
	got := make([]string, len(outcomes))
	for i, o := range outcomes {
		got[i] = outcomeText(o)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{5}, log.lengths()); diff != "" {
		t.Errorf("appended batches (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]int{3}, seen.committed); diff != "" {
		t.Errorf("committed (-want +got):\n%s", diff)
	}
	refused := map[string]int{"limit": 2, "forbidden": 1, "invalid": 1, "key-reused": 1}
	if diff := cmp.Diff(refused, seen.refused); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}

func outcomeText(o hub.Outcome) string {
	_, invalid := errors.AsType[*hub.InvalidError](o.Err)
	_, limit := errors.AsType[*hub.LimitError](o.Err)
	switch {
	case invalid:
		return "invalid"
	case limit:
		return "limit"
	case errors.Is(o.Err, hub.ErrForbidden):
		return "forbidden"
	case errors.Is(o.Err, hub.ErrKeyReused):
		return "key-reused"
	case o.Err != nil:
		return o.Err.Error()
	case o.Repeated:
		return fmt.Sprintf("#%d again", o.Position.Offset)
	}
	return fmt.Sprintf("#%d", o.Position.Offset)
}

// TestPublishAllOfNothing: what has nothing to publish does not trouble the log.
func TestPublishAllOfNothing(t *testing.T) {
	log := &watchedLog{Log: memoryLog(t)}
	h := startHub(t, hub.Options{Log: log})
	if got := h.PublishAll(t.Context(), nil, topic.All()); len(got) != 0 {
		t.Errorf("outcomes %v", got)
	}
	got := h.PublishAll(t.Context(), []hub.Submission{submission("", "", ""), submission("*", "", "")}, topic.All())
	if len(got) != 2 || outcomeText(got[0]) != "invalid" || outcomeText(got[1]) != "invalid" {
		t.Errorf("outcomes %v", got)
	}
	if got := log.lengths(); len(got) != 0 {
		t.Errorf("appended batches of %v", got)
	}
}

// TestPublishAllFails: what is wrong with the batch is the outcome of everything in it.
func TestPublishAllFails(t *testing.T) {
	log := &watchedLog{Log: memoryLog(t)}
	h := startHub(t, hub.Options{Log: log})
	log.fail(fmt.Errorf("%w: for a test", eventlog.ErrUnavailable))
	batch := []hub.Submission{submission("a", "1", ""), submission("", "", ""), submission("a", "2", "k")}
	outcomes := h.PublishAll(t.Context(), batch, topic.All())
	for i, o := range outcomes {
		if unavailable := errors.Is(o.Err, eventlog.ErrUnavailable); unavailable != (i != 1) {
			t.Errorf("outcome %d: %v", i, o.Err)
		}
	}
	h.Close()
	for i, o := range h.PublishAll(t.Context(), batch, topic.All()) {
		if closed := errors.Is(o.Err, hub.ErrClosed); closed != (i != 1) {
			t.Errorf("closed, outcome %d: %v", i, o.Err)
		}
	}
}
