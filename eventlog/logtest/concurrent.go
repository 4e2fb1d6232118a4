package logtest

import (
	"errors"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

// testReadWhileAppending has several readers follow one writer, with rules that drop under them. Nobody sees
// anything above the head, out of order, or with a hole that is not told.
func testReadWhileAppending(t *testing.T, open Open) {
	for _, rules := range []struct {
		name string
		eventlog.Retention
	}{{"nothing dropped", keepAll}, {"dropping", eventlog.Retention{MaxRecords: 50}}} {
		t.Run(rules.name, func(t *testing.T) {
			h := begin(t, open, rules.Retention)
			const batches, batchSize = 300, 7
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					if err := follow(t, h.log, batches*batchSize); err != nil {
						t.Error(err)
					}
				})
			}
			serial := 0
			for range batches {
				batch := make([]eventlog.Update, batchSize)
				for i := range batch {
					serial++
					batch[i] = update(strconv.Itoa(serial))
				}
				h.append(t, batch...)
			}
			group.Wait()
		})
	}
}

// follow reads until it has seen the update that bears the number last.
func follow(t *testing.T, log eventlog.Log, last int) error {
	after, serial, lost := uint64(0), 0, false
	for serial < last {
		chunk, err := log.Read(t.Context(), eventlog.ReadRequest{After: after, To: toHead, Filter: everything, MaxScan: 20})
		if trimmed, ok := errors.AsType[*eventlog.TrimmedError](err); ok {
			if trimmed.Floor <= after+1 {
				return fmt.Errorf("behind %d: %w", after, err)
			}
			after, lost = trimmed.Floor-1, true
			continue
		}
		if err != nil {
			return err
		}
		if head := log.Head(); chunk.ScannedTo > head {
			return fmt.Errorf("read up to %d, above the head %d", chunk.ScannedTo, head)
		}
		for _, r := range chunk.Records {
			got, err := strconv.Atoi(r.Data)
			if err != nil {
				return err
			}
			if r.Position.Offset <= after || r.Position.Offset > chunk.ScannedTo {
				return fmt.Errorf("record %v in a chunk of (%d, %d]", r.Position, after, chunk.ScannedTo)
			}
			if got != serial+1 && (!lost || got <= serial) {
				return fmt.Errorf("update %d follows %d", got, serial)
			}
			serial, lost = got, false
		}
		after = chunk.ScannedTo
	}
	return nil
}
