package eventlog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/topic"
)

// pages reads a log by r to its end, and returns the offsets and how far it has looked.
func pages(t *rapid.T, m *Memory, r ReadRequest) (got []uint64, to uint64) {
	r.MaxScan, r.MaxBytes = rapid.IntRange(1, 3000).Draw(t, "scan"), rapid.IntRange(1, 3000).Draw(t, "bytes")
	for r.After < min(r.To, m.Head()) {
		chunk, err := m.Read(t.Context(), r)
		if err != nil || chunk.ScannedTo <= r.After {
			t.Fatalf("read behind %d to %d: looked at %d, %v", r.After, r.To, chunk.ScannedTo, err)
		}
		got, r.After = append(got, offsetsOf(chunk.Records)...), chunk.ScannedTo
	}
	return got, r.After
}

// TestByTopicAgainstScan: exact topics give the same as they do beside a template, for which every record is looked at,
// in logs of several parts, of whatever is asked and in whatever pages.
func TestByTopicAgainstScan(t *testing.T) {
	compiler, err := topic.NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	never, err := compiler.Template("never/{x}")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"}
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		m, err := NewMemory(Retention{MaxRecords: rapid.IntRange(1, 3000).Draw(t, "kept")})
		if err != nil {
			t.Fatal(err)
		}
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		batch := make([]Entry, rapid.IntRange(0, 4000).Draw(t, "updates"))
		for i := range batch {
			for range 1 + random.IntN(3) {
				batch[i].Topics = append(batch[i].Topics, names[random.IntN(1+random.IntN(len(names)))]) // some are rare
			}
			batch[i].Private, batch[i].Presence = random.IntN(4) == 0, random.IntN(10) == 0
		}
		if _, err := m.Append(ctx, batch); err != nil {
			t.Fatal(err)
		}
		exact := &Filter{}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(append(names, "none")), 1, 12).Draw(t, "matchers") {
			exact.Matchers = append(exact.Matchers, topic.Exact(name))
		}
		exact.Grant.Subscribe = exact.Matchers[:rapid.IntRange(0, 1).Draw(t, "granted")]
		scan := &Filter{Matchers: append(topic.Matchers{never}, exact.Matchers...), Grant: exact.Grant}

		r := ReadRequest{After: rapid.Uint64Range(0, m.head+1).Draw(t, "after"), To: rapid.Uint64Range(0, m.head+1).Draw(t, "to")}
		r.Told = m.Floor()
		byTopic, byScan := r, r
		byTopic.Filter, byScan.Filter = exact, scan
		got, to := pages(t, m, byTopic)
		want, wantTo := pages(t, m, byScan)
		if diff := cmp.Diff(want, got); diff != "" || to != wantTo {
			t.Errorf("behind %d to %d, looked at %d, want %d (-want +got):\n%s", r.After, r.To, to, wantTo, diff)
		}
		n := rapid.IntRange(0, 2000).Draw(t, "newest")
		after, err := m.Newest(ctx, exact, n)
		wantAfter, wantErr := m.Newest(ctx, scan, n)
		if after != wantAfter || err != nil || wantErr != nil {
			t.Errorf("newest %d lie behind %d, want %d; %v, %v", n, after, wantAfter, err, wantErr)
		}
		limit := rapid.IntRange(1, len(names)).Draw(t, "limit")
		latest, err := m.Latest(ctx, exact, limit)
		wantLatest, wantErr := m.Latest(ctx, scan, limit)
		if diff := cmp.Diff(wantLatest, latest); diff != "" || errors.Join(err, wantErr) != nil {
			t.Errorf("latest: %v, %v (-want +got):\n%s", err, wantErr, diff)
		}
	})
}

// BenchmarkHold is how long the committer waits for one part of a read of several topics.
func BenchmarkHold(b *testing.B) {
	for _, n := range []int{1, 8, 100} {
		m, err := NewMemory(Retention{MaxRecords: 1 << 20})
		if err != nil {
			b.Fatal(err)
		}
		filter := &Filter{}
		for i := range n {
			filter.Matchers = append(filter.Matchers, topic.Exact(fmt.Sprint(i)))
		}
		for i := range 100_000 {
			e := Entry{Update: Update{Topics: []string{fmt.Sprint(i * 7919 % n)}}}
			if _, err := m.Append(b.Context(), []Entry{e}); err != nil {
				b.Fatal(err)
			}
		}
		var part [slicePart]*Record
		b.Run(fmt.Sprintf("forward/topics=%d", n), func(b *testing.B) {
			for b.Loop() {
				_, _, _ = m.copyForward(part[:], 50_000, &ReadRequest{To: m.head, Filter: filter})
			}
		})
		b.Run(fmt.Sprintf("backward/topics=%d", n), func(b *testing.B) {
			for b.Loop() {
				_, _, _ = m.copyBackward(part[:], 90_000, filter)
			}
		})
	}
}
