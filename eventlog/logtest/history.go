package logtest

import (
	"context"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// tb is what the tests and the random runs of the model have in common.
type tb interface {
	rapid.TB
	Context() context.Context
}

// history is a log together with everything that was ever appended to it.
type history struct {
	log     eventlog.Log
	records []*eventlog.Record
	floor   uint64 // the highest that was seen
}

// keepAll are rules that drop nothing while a test runs, until dropAll.
var keepAll = eventlog.Retention{MaxAge: time.Hour}

// farAhead is later than every rule by age that the tests use.
const farAhead = 1000 * time.Hour

// begin opens a log and closes it at the end of the test.
func begin(t *testing.T, open Open, r eventlog.Retention) *history {
	t.Helper()
	h := &history{log: open(t, r), floor: 1}
	t.Cleanup(func() { h.close(t) })
	return h
}

func (h *history) close(t tb) {
	t.Helper()
	if err := h.log.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
}

// append appends a batch and checks everything that is promised of every batch.
func (h *history) append(t tb, batch ...eventlog.Update) []*eventlog.Record {
	t.Helper()
	before := time.Now()
	head := h.log.Head()
	appended, err := h.log.Append(t.Context(), Entries(batch...))
	if err != nil {
		t.Fatalf("Append: %v", err)
	}
	added := records(appended)
	if len(added) != len(batch) {
		t.Fatalf("Append of %d updates returned %d records", len(batch), len(added))
	}
	lineage := h.log.Lineage()
	for i, r := range added {
		if r.Position.Offset <= head {
			t.Fatalf("record %d of the batch has offset %d, behind %d", i, r.Position.Offset, head)
		}
		head = r.Position.Offset
		if r.Position.Epoch != lineage.Current() {
			t.Errorf("record in epoch %q, the present one is %q", r.Position.Epoch, lineage.Current())
		}
		if at := lineage.At(head); at != r.Position {
			t.Errorf("the record lies at %v, the lineage says %v", r.Position, at)
		}
		if early := before.Sub(r.Time); early > time.Second {
			t.Errorf("the record's time is %v before its Append", early)
		}
		compare(t, r, batch[i])
	}
	if got := h.log.Head(); got != head {
		t.Errorf("Head() = %d after a batch that ends at %d", got, head)
	}
	h.records = append(h.records, added...)
	return added
}

// Entries returns updates as entries without idempotency keys.
func Entries(updates ...eventlog.Update) []eventlog.Entry {
	entries := make([]eventlog.Entry, len(updates))
	for i, u := range updates {
		entries[i].Update = u
	}
	return entries
}

// records returns those of the entries that were appended.
func records(appended []eventlog.Appended) []*eventlog.Record {
	var rs []*eventlog.Record
	for _, a := range appended {
		if !a.Repeated && !a.Conflict && !a.Skipped {
			rs = append(rs, a.Record)
		}
	}
	return rs
}

// dropAll lets the rule by age take everything there is.
func (h *history) dropAll(t tb) {
	t.Helper()
	if err := h.log.Trim(t.Context(), time.Now().Add(farAhead)); err != nil {
		t.Fatalf("Trim: %v", err)
	}
	if head, floor := h.log.Head(), h.log.Floor(); floor != head+1 {
		t.Fatalf("Floor() = %d with head %d after the age of everything was over", floor, head)
	}
}

// kept returns the records from the floor on.
func (h *history) kept() []*eventlog.Record {
	floor := h.log.Floor()
	for i, r := range h.records {
		if r.Position.Offset >= floor {
			return h.records[i:]
		}
	}
	return nil
}

// head returns the offset of the last record, as it should be.
func (h *history) head() uint64 {
	if len(h.records) == 0 {
		return 0
	}
	return h.records[len(h.records)-1].Position.Offset
}

// readAll reads as often as it takes, with the limits of r, and checks each chunk.
func (h *history) readAll(t tb, r eventlog.ReadRequest) []*eventlog.Record {
	t.Helper()
	var got []*eventlog.Record
	to := min(r.To, h.log.Head())
	for r.After < to {
		chunk, err := h.log.Read(t.Context(), r)
		if err != nil {
			t.Fatalf("Read behind %d: %v", r.After, err)
		}
		h.checkChunk(t, r, chunk)
		got = append(got, chunk.Records...)
		r.After = chunk.ScannedTo
	}
	return got
}

// checkChunk checks what is promised of every chunk of a log that stands still.
func (h *history) checkChunk(t tb, r eventlog.ReadRequest, chunk eventlog.Chunk) {
	t.Helper()
	limits := r.WithDefaults()
	if chunk.ScannedTo <= r.After || chunk.ScannedTo > min(r.To, h.head()) {
		t.Fatalf("Read(%d, %d] of a log with head %d has looked up to %d", r.After, r.To, h.head(), chunk.ScannedTo)
	}
	passed, looked := 0, 0 // an index leads past records without a look at them
	for _, rec := range h.records {
		if rec.Position.Offset > r.After && rec.Position.Offset <= chunk.ScannedTo {
			passed++
			if r.Filter.Matchers.MatchAny(rec.Topics) {
				looked++
			}
		}
	}
	if looked > limits.MaxScan {
		t.Errorf("Read has looked at %d records, at most %d were asked for", looked, limits.MaxScan)
	}
	size := 0
	for i, rec := range chunk.Records {
		if size >= limits.MaxBytes {
			t.Errorf("chunk of %d records goes on behind record %d, with %d bytes of at most %d", len(chunk.Records), i, size, limits.MaxBytes)
		}
		size += rec.Size()
	}
	if full := size >= limits.MaxBytes || passed >= limits.MaxScan; !full && chunk.ScannedTo < min(r.To, h.head()) {
		t.Errorf("Read(%d, %d] ended at %d with %d bytes and %d records looked at: neither limit is reached",
			r.After, r.To, chunk.ScannedTo, size, passed)
	}
}

// wanted returns those of the kept records with after < offset <= to that f selects.
func (h *history) wanted(f *eventlog.Filter, after, to uint64) []*eventlog.Record {
	var want []*eventlog.Record
	for _, r := range h.kept() {
		if r.Position.Offset > after && r.Position.Offset <= to && f.Match(&r.Update) {
			want = append(want, r)
		}
	}
	return want
}

// everything selects all updates.
var everything = &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}, Grant: topic.All()}

// nothing asks for a topic that no update has.
var nothing = &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("nothing")}, Grant: topic.All()}

// toHead stands for no upper bound.
const toHead = math.MaxUint64

func update(data string) eventlog.Update { return eventlog.Update{Topics: []string{"a"}, Data: data} }
