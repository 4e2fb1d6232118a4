package fanout

import "testing"

// TestShedMovesWhoIsLive: a live subscriber's position stands still while nothing matches. If it lets go of what it has
// pending, it must not have to read again what it was already offered, which the log may no longer hold.
func TestShedMovesWhoIsLive(t *testing.T) {
	s := stillShard(Options{WindowBytes: 1})
	sink := &countSink{} // full
	quiet := attachTo(s, filterB, 0, sink)
	s.goLive(quiet)
	turnOf(s, batchOf(t, 1, 5))
	s.queue(quiet, s.heartbeat(quiet))
	s.flush(0)
	if !quiet.live || !quiet.pinned {
		t.Fatalf("live %v, pinned %v: the heartbeat does not wait", quiet.live, quiet.pinned)
	}
	s.fan.budget.limit = 1
	s.keepBudget()
	if quiet.live || quiet.pos != 5 {
		t.Fatalf("live %v, position %d; want behind at 5", quiet.live, quiet.pos)
	}
	sink.room = -1
	quiet.Drained()
	s.turn()
	if !quiet.live || quiet.reading {
		t.Errorf("drained: live %v, reads the log %v", quiet.live, quiet.reading)
	}
}
