package disk_test

import (
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

func withID(topic, id string) eventlog.Update {
	return eventlog.Update{Topics: []string{topic}, ID: id}
}

// isSound closes a log and checks that its records and its indexes lead to one another.
func isSound(t *testing.T, fs vfs.FS, l *disk.Log) {
	t.Helper()
	closeLog(t, l)
	x, err := disk.Inspect("log", disk.On(fs, disk.Options{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Check(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if err := x.Close(); err != nil {
		t.Error(err)
	}
}

// TestIDsInSeveralClasses: an id that is used in the classes of several rules is known as long as one of its uses is
// there, and one that was dropped before it is known to have been.
func TestIDsInSeveralClasses(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, "log", disk.On(fs, disk.Options{Rules: []disk.Rule{newestOf("n1", "n2")}}))
	add(t, l, withID("a", "x"))
	add(t, l, withID("n1", "x"))
	add(t, l, withID("n2", "x"))
	missed := add(t, l, update("n2", "replaces the last one")) // the other x is still there
	if err := l.Trim(t.Context(), time.Now().Add(1000*time.Hour)); err != nil {
		t.Fatal(err)
	}
	add(t, l, withID("a", "x"))
	v := verdict(t, l, "x", exact("n2"))
	if v.Kind != eventlog.Gap || v.Why != eventlog.GapUnknownID {
		t.Errorf("x, of which %v may have been missed, is judged %+v", missed[0].Position, v)
	}
	isSound(t, fs, l)
}

// TestIDsInOneBatch: what is replaced takes its id along, though the id was used elsewhere in the same batch.
func TestIDsInOneBatch(t *testing.T) {
	fs := vfs.NewMem()
	l := open(t, "log", disk.On(fs, disk.Options{Rules: []disk.Rule{newestOf("n")}}))
	added := add(t, l, withID("n", "x"), withID("a", "x"), withID("a", "x"), update("n", "replaces the first"), withID("n", "y"), withID("a", "y"))
	if v := verdict(t, l, "y", everything); v.After != added[4].Position.Offset {
		t.Errorf("y, which was used first at %v: %+v", added[4].Position, v)
	}
	isSound(t, fs, l)
}
