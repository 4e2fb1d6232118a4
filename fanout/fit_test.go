package fanout

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

// TestFormsEndNobody: what the window and the kept chunks hold in several forms may be more than all together may hold.
// Then they let go of some, and who has begun an update goes on.
func TestFormsEndNobody(t *testing.T) {
	const window, kept = 100_000, 20_000
	for _, form := range []Form{FormGzip, FormEnvelope, FormGzip | FormEnvelope} {
		s := stillShard(Options{WindowBytes: window, KeptBytes: kept, BufferLimit: window + kept + 10_000})
		chunks := &s.fan.readers.last
		random := rand.New(rand.NewPCG(1, 2))
		next := func() *Batch {
			text := make([]byte, 1000) // which does not shrink
			for i := range text {
				text[i] = byte('!' + random.IntN(90))
			}
			b, err := NewBatch([]*eventlog.Record{record(s.head+1, string(text), "a", strings.Repeat("b", 100))})
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		reads := greedy()
		reads.form = form
		s.goLive(attachTo(s, filterA, 0, reads))
		for range 100 {
			turnOf(s, next())
		}
		for range 8 { // of which there are more forms too
			b := next()
			chunks.add(readKey{after: s.head}, filterA, &chunk{frames: b.Frames, to: b.Head})
			turnOf(s, b)
		}
		before := s.fan.window.state()
		if s.fan.budget.over() <= 0 {
			t.Fatalf("form %b: no more is held than may be: %d", form, s.fan.budget.used.Load())
		}
		slow := attachTo(s, filterA, s.head, &countSink{room: 10})
		s.catchUp()
		turnOf(s, next())
		if slow.begun == 0 || !slow.pinned {
			t.Fatal("nothing was begun")
		}
		keepBudgets(s)
		if slow.ended {
			t.Errorf("form %b: who has begun an update was ended for what the window holds", form)
		}
		after := s.fan.window.state()
		if s.fan.budget.over() > 0 || after.Frames == 0 || after.Floor <= before.Floor || after.Head != before.Head+1 {
			t.Errorf("form %b: %d bytes too much are held; the window was %+v, and is %+v", form, s.fan.budget.over(), before, after)
		}
		if left := len(chunks.kept); left == 0 {
			t.Errorf("form %b: no chunk is kept", form)
		}
		chunks.clear()
		slow.sink.(*countSink).room = -1
		slow.Drained()
		s.turn()
		if got, want := s.fan.budget.used.Load(), heldBy(s.fan.window.frames); got != want {
			t.Errorf("form %b: %d bytes are held in the end, want %d of the window", form, got, want)
		}
	}
}

func heldBy(frames []*Frame) (n int64) {
	for _, f := range frames {
		n += f.held()
	}
	return n
}
