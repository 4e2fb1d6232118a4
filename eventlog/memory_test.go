package eventlog_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/logtest"
	"github.com/tidings-hub/tidings/topic"
)

func openMemory(t *testing.T, r eventlog.Retention) eventlog.Log {
	t.Helper()
	log, err := eventlog.NewMemory(r)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

func TestMemory(t *testing.T) { logtest.Run(t, openMemory) }

func TestNewMemoryRefusesInvalidRules(t *testing.T) {
	if _, err := eventlog.NewMemory(eventlog.Retention{MaxAge: -1}); err == nil {
		t.Error("no error")
	}
}

func appendTo(t *testing.T, log eventlog.Log, batch ...eventlog.Update) []*eventlog.Record {
	t.Helper()
	appended, err := log.Append(t.Context(), logtest.Entries(batch...))
	if err != nil {
		t.Fatal(err)
	}
	added := make([]*eventlog.Record, len(appended))
	for i, a := range appended {
		added[i] = a.Record
	}
	return added
}

// sized returns an update of exactly size bytes.
func sized(size int) eventlog.Update {
	return eventlog.Update{Topics: []string{"t"}, Data: strings.Repeat("x", size-1)}
}

// TestMemoryDropsExactly: the log in memory drops a record as soon as a rule asks for it, and no sooner.
func TestMemoryDropsExactly(t *testing.T) {
	const each = 1000 + 256 // what an update of 1,000 bytes counts as
	tests := []struct {
		name  string
		rules eventlog.Retention
		batch []int // how many updates of 1,000 bytes
		floor uint64
	}{
		{"as many as are kept", eventlog.Retention{MaxRecords: 3}, []int{1, 1, 1}, 1},
		{"one more than are kept", eventlog.Retention{MaxRecords: 3}, []int{1, 1, 1, 1}, 2},
		{"a batch of more than are kept", eventlog.Retention{MaxRecords: 3}, []int{10}, 8},
		{"exactly as much as is kept", eventlog.Retention{MaxBytes: 3 * each}, []int{1, 1, 1}, 1},
		{"a byte too much", eventlog.Retention{MaxBytes: 3*each - 1}, []int{1, 1, 1}, 2},
		{"a batch of more than is kept", eventlog.Retention{MaxBytes: 3 * each}, []int{10}, 8},
		{"the newest is kept, however large", eventlog.Retention{MaxBytes: 1}, []int{1, 5}, 6},
		{"number is stricter", eventlog.Retention{MaxRecords: 2, MaxBytes: 3 * each}, []int{5}, 4},
		{"size is stricter", eventlog.Retention{MaxRecords: 4, MaxBytes: 3 * each}, []int{5}, 3},
		{"young enough", eventlog.Retention{MaxAge: time.Hour}, []int{5}, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			log := openMemory(t, tt.rules)
			for _, n := range tt.batch {
				batch := make([]eventlog.Update, n)
				for i := range batch {
					batch[i] = sized(1000)
				}
				appendTo(t, log, batch...)
			}
			if got := log.Floor(); got != tt.floor {
				t.Errorf("Floor() = %d, want %d", got, tt.floor)
			}
		})
	}
}

func TestMemoryDropsByAgeExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := openMemory(t, eventlog.Retention{MaxAge: time.Hour})
		start := time.Now()
		appendTo(t, log, sized(10), sized(10)) // at 0
		time.Sleep(10 * time.Minute)
		appendTo(t, log, sized(10)) // at 10 min
		for _, step := range []struct {
			at    time.Duration
			floor uint64
		}{
			{0, 1},
			{time.Hour, 1},
			{time.Hour + 1, 3},
			{70 * time.Minute, 3},
			{70*time.Minute + 1, 4},
			{0, 4},
		} {
			if err := log.Trim(t.Context(), start.Add(step.at)); err != nil {
				t.Fatal(err)
			}
			if got := log.Floor(); got != step.floor {
				t.Errorf("Floor() = %d after a trim at %v, want %d", got, step.at, step.floor)
			}
		}

		appendTo(t, log, sized(10)) // at 10 min, offset 4
		time.Sleep(time.Hour + 1)
		appendTo(t, log, sized(10))
		if got := log.Floor(); got != 5 {
			t.Errorf("Floor() = %d: an append does not apply the rule by age, want 5", got)
		}
	})
}

func TestMemoryDefaultRetention(t *testing.T) {
	want := eventlog.Retention{MaxAge: 24 * time.Hour, MaxBytes: 64 << 20}
	if got := eventlog.DefaultMemoryRetention(); got != want {
		t.Errorf("DefaultMemoryRetention() = %+v, want %+v", got, want)
	}
	log := openMemory(t, eventlog.Retention{})
	appendTo(t, log, sized(40<<20), sized(40<<20))
	if got := log.Floor(); got != 2 {
		t.Errorf("Floor() = %d with twice 40 MiB in a log of the zero Retention, want 2", got)
	}
	if err := log.Trim(t.Context(), time.Now().Add(25*time.Hour)); err != nil {
		t.Fatal(err)
	}
	if got := log.Floor(); got != 3 {
		t.Errorf("Floor() = %d after 25 hours, want 3", got)
	}
}

// TestMemoryIDs: what the log knows of an id when uses of it are dropped one after the other.
func TestMemoryIDs(t *testing.T) {
	log := openMemory(t, eventlog.Retention{MaxRecords: 3})
	const none = 0
	for i, step := range []struct {
		id   string // of the update that is appended
		want uint64 // where "x" is found then
	}{
		{"x", 1},
		{"x", 1},
		{"other", 1},
		{"other", none}, // the first use was dropped: nobody knows which use a cursor means
		{" x ", none},
		{"other", none},
		{"other", none},
		{"other", none}, // the last use was dropped
		{"x", 9},
		{"x", 9},
		{"other", 9},
		{"other", none},
	} {
		appendTo(t, log, eventlog.Update{Topics: []string{"t"}, ID: step.id})
		offset, found, err := log.Find(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		if offset != step.want || found != (step.want != none) {
			t.Errorf("after update %d (%q): Find = %d, %v; want %d", i+1, step.id, offset, found, step.want)
		}
	}
}

func TestMemoryReadStopsWithItsContext(t *testing.T) {
	log := openMemory(t, eventlog.Retention{})
	appendTo(t, log, sized(10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	all := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}}
	if _, err := log.Read(ctx, eventlog.ReadRequest{To: 1, Filter: all}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if _, err := log.Newest(ctx, all, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("Newest: %v", err)
	}
}

// TestMemoryReadTellsTrimming: a long read during which records behind its beginning are dropped ends at the hole,
// and the next one says so.
func TestMemoryReadTellsTrimming(t *testing.T) {
	log := openMemory(t, eventlog.Retention{MaxAge: time.Hour})
	batch := make([]eventlog.Update, 5000)
	for i := range batch {
		batch[i] = eventlog.Update{Topics: []string{"t"}, Data: fmt.Sprint(i)}
	}
	appendTo(t, log, batch...)
	trimmed := false
	// The context is asked between the parts of a read: that is when the trim comes.
	ctx := contextFunc{t.Context(), func() {
		if !trimmed {
			trimmed = true
			return
		}
		if err := log.Trim(t.Context(), time.Now().Add(2*time.Hour)); err != nil {
			t.Error(err)
		}
	}}
	all := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}}
	chunk, err := log.Read(ctx, eventlog.ReadRequest{To: 5000, Filter: all})
	if err != nil {
		t.Fatal(err)
	}
	n := uint64(len(chunk.Records))
	if n == 0 || n == 5000 || chunk.ScannedTo != n || chunk.Records[n-1].Position.Offset != n {
		t.Fatalf("%d records, looked up to %d: not a part of the log", n, chunk.ScannedTo)
	}
	_, err = log.Read(t.Context(), eventlog.ReadRequest{After: chunk.ScannedTo, To: 5000, Filter: all})
	want := &eventlog.TrimmedError{Floor: 5001}
	got, _ := errors.AsType[*eventlog.TrimmedError](err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the read behind it (-want +got):\n%s", diff)
	}
	if err.Error() != "eventlog: records before offset 5001 have been dropped" {
		t.Errorf("Error() = %q", err)
	}
}

// contextFunc calls f whenever somebody asks whether the context has ended.
type contextFunc struct {
	context.Context
	f func()
}

func (c contextFunc) Err() error {
	c.f()
	return c.Context.Err()
}
