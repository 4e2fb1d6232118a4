package disk_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// powerLoss returns what is on the disk after a power cut in which part of what was not synced is lost.
func powerLoss(fs *vfs.MemFS, seed uint64, percent int) *vfs.MemFS {
	return fs.CrashClone(vfs.CrashCloneCfg{UnsyncedDataPercent: percent, RNG: rand.New(rand.NewPCG(seed, 1))})
}

func addMany(t *testing.T, l *disk.Log, rng *rand.Rand, batches int) []*eventlog.Record {
	var records []*eventlog.Record
	for range batches {
		records = append(records, add(t, l, numbered(int(l.Head())+1, 1+rng.IntN(20))...)...)
		if rng.IntN(10) == 0 {
			if err := l.Flush(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return records
}

// TestPowerLoss: nothing that was acknowledged under SyncAlways is lost.
func TestPowerLoss(t *testing.T) {
	for _, percent := range []int{0, 30, 70, 100} {
		t.Run(fmt.Sprintf("%d percent of the unsynced survive", percent), func(t *testing.T) {
			for seed := range uint64(3) {
				rng := rand.New(rand.NewPCG(seed, 0))
				fs := vfs.NewCrashableMem()
				var kept []*eventlog.Record
				for range 4 { // each cut is followed by more
					l := open(t, "log", disk.On(fs, disk.Options{}))
					holdsAll(t, l, kept)
					kept = append(kept, addMany(t, l, rng, 1+rng.IntN(20))...)
					if len(read(t, l, everything, 0)) != len(kept) {
						t.Fatal("the log holds what was never appended")
					}
					fs = powerLoss(fs, seed, percent)
					closeLog(t, l)
				}
			}
		})
	}
}

// TestPowerLossNewDir: the directories in which a new log lies are as durable as what is in them.
func TestPowerLossNewDir(t *testing.T) {
	fs := vfs.NewCrashableMem()
	kept := add(t, open(t, "var/lib/log", disk.On(fs, disk.Options{})), numbered(1, 3)...)
	holdsAll(t, open(t, "var/lib/log", disk.On(powerLoss(fs, 1, 0), disk.Options{})), kept)
}

// TestPowerLossWhileNew: a log that was being made when the power went is made the next time.
func TestPowerLossWhileNew(t *testing.T) {
	disks, err := interrupted(func(fs vfs.FS) error {
		l, err := disk.Open("log", disk.On(fs, disk.Options{}))
		if err != nil {
			return err
		}
		return l.Close()
	})
	if err != nil || len(disks) < 20 {
		t.Fatalf("%d disks, %v", len(disks), err)
	}
	for i, fs := range disks {
		l, err := disk.Open("log", disk.On(fs, disk.Options{}))
		if err != nil {
			t.Errorf("disk %d of %d: %v", i+1, len(disks), err)
			continue
		}
		holdsAll(t, l, add(t, l, numbered(1, 3)...))
		closeLog(t, l)
	}
}

// TestPowerLossUnsynced: what the other policies lose is known to be lost, whatever is published afterwards.
func TestPowerLossUnsynced(t *testing.T) {
	lostAny := false
	for _, policy := range []disk.Sync{disk.SyncNever, disk.SyncInterval} {
		for _, percent := range []int{0, 50} {
			for seed := range uint64(2) {
				t.Run(fmt.Sprintf("%v, %d percent, %d", policy, percent, seed), func(t *testing.T) {
					fs := vfs.NewCrashableMem()
					l := open(t, "log", disk.On(fs, disk.Options{Sync: policy}))
					appended := addMany(t, l, rand.New(rand.NewPCG(seed, 0)), 40)
					fs = powerLoss(fs, seed, percent)
					closeLog(t, l)

					l = open(t, "log", disk.On(fs, disk.Options{Sync: policy}))
					head := l.Head()
					lostAny = lostAny || head < uint64(len(appended))
					holdsAll(t, l, appended[:head])
					judgeLost(t, l, appended, head)
					for i := 0; l.Head() < uint64(len(appended))+10; i++ { // the same offsets, and other ids
						add(t, l, update("a", fmt.Sprint("other ", i)))
					}
					judgeLost(t, l, appended, head)
				})
			}
		}
	}
	if !lostAny {
		t.Error("no power cut has lost anything")
	}
}

// judgeLost checks that cursors up to head are resumed, and that those above, which was lost, are gaps.
func judgeLost(t *testing.T, l eventlog.Log, appended []*eventlog.Record, head uint64) {
	t.Helper()
	for _, r := range appended {
		byPosition := verdict(t, l, r.Position.String(), everything)
		byID := verdict(t, l, r.ID, everything)
		if r.Position.Offset <= head {
			if byPosition.Kind != eventlog.Resumed || byID.Kind != eventlog.Resumed || byID.After != r.Position.Offset {
				t.Fatalf("%v is in the log with head %d: %+v, by its id %+v", r.Position, head, byPosition, byID)
			}
			continue
		}
		if byPosition.Kind != eventlog.Gap || byPosition.Why != eventlog.GapLineage {
			t.Fatalf("%v was lost, the head was %d: %+v", r.Position, head, byPosition)
		}
		if byID.Kind != eventlog.Gap || byID.Why != eventlog.GapUnknownID {
			t.Fatalf("%v was lost, the head was %d: by its id %+v", r.Position, head, byID)
		}
	}
}
