package disk_test

import (
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

var benchRecords = flag.Int("records", 200_000, "how many records BenchmarkLarge has in its log")

// BenchmarkAppend appends batches of 256-byte updates, each durable, and puts batches of the same size into a bare
// pebble in the same run.
func BenchmarkAppend(b *testing.B) {
	data := strings.Repeat("x", 256)
	for _, n := range []int{1, 64, 512} {
		for _, ids := range []bool{false, true} {
			b.Run(fmt.Sprintf("log,batch=%d,ids=%v", n, ids), func(b *testing.B) {
				l, err := disk.Open(b.TempDir(), disk.Options{})
				if err != nil {
					b.Fatal(err)
				}
				defer l.Close()
				entries := make([]eventlog.Entry, n)
				for i := 0; b.Loop(); {
					for j := range entries {
						i++
						u := eventlog.Update{Topics: []string{fmt.Sprint("t", i%10000)}, Data: data}
						if ids {
							u.ID = fmt.Sprint("urn:", i)
						}
						entries[j].Update = u
					}
					if _, err := l.Append(b.Context(), entries); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "records/s")
			})
		}
		b.Run(fmt.Sprintf("pebble,batch=%d", n), func(b *testing.B) {
			db, err := pebble.Open(b.TempDir(), &pebble.Options{MemTableSize: 16 << 20, Logger: silent{}})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			for i := uint64(0); b.Loop(); {
				batch := db.NewBatch()
				for range n {
					i++
					if err := batch.Set(binary.BigEndian.AppendUint64(nil, i), []byte(data), nil); err != nil {
						b.Fatal(err)
					}
				}
				if err := batch.Commit(pebble.Sync); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "records/s")
		})
	}
}

type silent struct{}

func (silent) Infof(string, ...any)              {}
func (silent) Errorf(string, ...any)             {}
func (silent) Fatalf(format string, args ...any) { panic(fmt.Sprintf(format, args...)) }

// BenchmarkLarge looks for single things in a log of -records records, ten of which have a rare topic.
func BenchmarkLarge(b *testing.B) {
	dir := b.TempDir()
	// A rule by count that keeps all of them, in as many segments as a rule has.
	o := disk.Options{Sync: disk.SyncNever, Retention: eventlog.Retention{MaxRecords: *benchRecords}}
	l, err := disk.Open(dir, o)
	if err != nil {
		b.Fatal(err)
	}
	fillLarge(b, l, *benchRecords)
	middle := *benchRecords / 2
	rare := &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("rare")}}
	position := l.Lineage().At(uint64(middle)).String()

	judge := func(cursor string, want eventlog.VerdictKind) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				v, err := l.Verdict(b.Context(), eventlog.ParseCursor(cursor), rare)
				if err != nil || v.Kind != want {
					b.Fatal(v, err)
				}
			}
		}
	}
	b.Run("find own offset", judge(position, eventlog.Resumed))
	b.Run("find publisher id", judge(fmt.Sprint("id-", middle-middle%1000), eventlog.Resumed))
	b.Run("find unknown id", judge("unknown", eventlog.Gap))
	b.Run("resume rare topic", func(b *testing.B) {
		for b.Loop() {
			chunk, err := l.Read(b.Context(), eventlog.ReadRequest{To: math.MaxUint64, Filter: rare})
			if err != nil || len(chunk.Records) != 10 {
				b.Fatal(len(chunk.Records), err)
			}
		}
	})
	b.Run("latest of rare topic", func(b *testing.B) {
		for b.Loop() {
			if latest, err := l.Latest(b.Context(), rare, 10); err != nil || len(latest.Offsets) != 1 {
				b.Fatal(latest, err)
			}
		}
	})
	b.Run("read everything", func(b *testing.B) {
		n, after := 0, uint64(0)
		for b.Loop() {
			chunk, err := l.Read(b.Context(), eventlog.ReadRequest{After: after, To: math.MaxUint64, Filter: everything})
			if err != nil {
				b.Fatal(err)
			}
			n += len(chunk.Records)
			if after = chunk.ScannedTo; after == l.Head() {
				after = 0
			}
		}
		b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "records/s")
	})
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	b.Run("open", func(b *testing.B) {
		for b.Loop() {
			l, err := disk.Open(dir, o)
			if err != nil {
				b.Fatal(err)
			}
			b.StopTimer()
			if err := l.Close(); err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
		}
	})
}

func fillLarge(b *testing.B, l *disk.Log, records int) {
	entries := make([]eventlog.Entry, 1000)
	data := strings.Repeat("x", 100)
	for first := 0; first < records; first += len(entries) {
		for i := range entries {
			entries[i].Update = eventlog.Update{Topics: []string{fmt.Sprint("t", i)}, Data: data}
		}
		entries[0].ID = fmt.Sprint("id-", first)
		if first%(records/10) < len(entries) {
			entries[1].Topics = []string{"rare"}
		}
		if _, err := l.Append(b.Context(), entries); err != nil {
			b.Fatal(err)
		}
	}
}
