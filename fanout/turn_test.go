package fanout

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// turnOf delivers a batch as a turn would.
func turnOf(s *shard, b *Batch) {
	s.fan.window.append(b)
	s.deliver(b)
	s.flush(0)
}

func TestDeliverOnlyAboveThePosition(t *testing.T) {
	tests := []struct {
		name  string
		after uint64
		want  []uint64
	}{
		{"before the batch", 0, []uint64{1, 2, 3, 4}},
		{"within the batch", 2, []uint64{3, 4}},
		{"at its end", 4, nil},
		{"above it", 9, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := stillShard(Options{})
			sink := &countSink{} // takes nothing, so that everything stays pending
			sub := attachTo(s, filterA, tt.after, sink)
			s.goLive(sub)
			turnOf(s, batchOf(t, 1, 4))
			if diff := cmp.Diff(tt.want, offsets(sub.pending), equateEmpty); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
			if s.head != 4 {
				t.Errorf("the shard's head is %d, want 4", s.head)
			}
		})
	}
}

// TestDeliverOnce: a subscriber that an update reaches by several matchers and several topics gets it once.
func TestDeliverOnce(t *testing.T) {
	s := stillShard(Options{})
	sink := greedy()
	s.goLive(attachTo(s, filterOf([]string{"a", "b", "*"}, nil), 0, sink))
	b, err := NewBatch([]*eventlog.Record{record(1, "x", "a", "b", "c")})
	if err != nil {
		t.Fatal(err)
	}
	turnOf(s, b)
	if sink.frames != 1 {
		t.Errorf("the sink got %d frames, want 1", sink.frames)
	}
}

// TestOneWritePerTurn: all frames of a turn go to the socket in one write, those of a burst in few.
func TestOneWritePerTurn(t *testing.T) {
	for _, tt := range []struct {
		frames uint64
		offers int
	}{{1, 1}, {2, 1}, {flushEvery, 1}, {flushEvery + 1, 2}, {10 * flushEvery, 10}} {
		s := stillShard(Options{})
		sink := greedy()
		s.goLive(attachTo(s, filterA, 0, sink))
		turnOf(s, batchOf(t, 1, tt.frames))
		if sink.offers != tt.offers || sink.frames != int(tt.frames) {
			t.Errorf("%d frames: %d writes of %d frames, want %d", tt.frames, sink.offers, sink.frames, tt.offers)
		}
	}
}

// TestReceiveStopsAtTheHead: a shared read may go beyond this shard's head. What lies there comes in a batch, and
// must not come twice or be passed over.
func TestReceiveStopsAtTheHead(t *testing.T) {
	s := stillShard(Options{WindowBytes: 1})
	turnOf(s, batchOf(t, 1, 5))
	sink := greedy()
	sub := attachTo(s, filterA, 0, sink)
	s.catchUp()
	if !sub.reading {
		t.Fatal("no read from the log was asked for")
	}
	s.receive(sub, &chunk{frames: batchOf(t, 1, 7).Frames, to: 9})
	if sink.frames != 5 || sub.pos != 5 || !sub.live {
		t.Fatalf("head 5: %d frames sent, position %d, live %v", sink.frames, sub.pos, sub.live)
	}
	turnOf(s, batchOf(t, 6, 9))
	if sink.frames != 9 {
		t.Errorf("%d frames sent in all, want 9", sink.frames)
	}
}

func TestReceiveBelowTheHead(t *testing.T) {
	s := stillShard(Options{WindowBytes: 1})
	turnOf(s, batchOf(t, 1, 5))
	sink := greedy()
	sub := attachTo(s, filterA, 0, sink)
	s.catchUp()
	s.receive(sub, &chunk{frames: batchOf(t, 1, 2).Frames, to: 3})
	if sub.live || sub.pos != 3 || sub.reading {
		t.Errorf("a chunk up to 3 of 5: live %v, position %d, reading %v", sub.live, sub.pos, sub.reading)
	}
	s.catchUp()
	if !sub.reading {
		t.Error("the subscriber does not go on")
	}
}

func TestReceiveEndsOnALogThatFails(t *testing.T) {
	for _, tt := range []struct {
		name  string
		chunk *chunk
	}{
		{"error", &chunk{err: eventlog.ErrClosed}},
		{"no progress", &chunk{to: 0}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ended []EndReason
			s := stillShard(Options{WindowBytes: 1, Observer: Observer{
				Ended: func(_ SubscriberID, why EndReason) { ended = append(ended, why) },
			}})
			turnOf(s, batchOf(t, 1, 5))
			sink := greedy()
			sub := attachTo(s, filterA, 0, sink)
			s.catchUp()
			s.receive(sub, tt.chunk)
			s.flush(0)
			if diff := cmp.Diff([]EndReason{EndLog}, ended); diff != "" {
				t.Errorf("ended (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff([]string{"end"}, sink.ends); diff != "" {
				t.Errorf("the sink's end (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReceiveForWhoIsEnding(t *testing.T) {
	s := stillShard(Options{WindowBytes: 1})
	turnOf(s, batchOf(t, 1, 5))
	sink := greedy()
	sub := attachTo(s, filterA, 0, sink)
	s.catchUp()
	s.end(sub, EndClosed)
	s.receive(sub, &chunk{frames: batchOf(t, 1, 5).Frames, to: 5})
	s.flush(0)
	if sink.frames != 1 || len(sink.ends) != 1 { // the farewell
		t.Errorf("%d frames were sent to a subscriber that is ending, want 1; ends: %v", sink.frames, sink.ends)
	}
}

// TestJumpMovesWhoIsLive: a live subscriber's position stands still while nothing matches. Behind, it must not
// make it read what it was already offered.
func TestJumpMovesWhoIsLive(t *testing.T) {
	s := stillShard(Options{})
	quiet := attachTo(s, filterB, 0, greedy())
	busy := attachTo(s, filterA, 0, greedy())
	ahead := attachTo(s, filterA, 8, greedy()) // its cursor is above this shard's head
	behind := attachTo(s, filterA, 0, &countSink{})
	for _, sub := range []*Subscriber{quiet, busy, ahead} {
		s.goLive(sub)
	}
	turnOf(s, batchOf(t, 1, 5))
	s.jump(9)
	for _, tt := range []struct {
		name string
		sub  *Subscriber
		pos  uint64
	}{{"quiet", quiet, 5}, {"busy", busy, 5}, {"ahead", ahead, 8}, {"behind", behind, 0}} {
		if tt.sub.live || tt.sub.pos != tt.pos {
			t.Errorf("%s: live %v, position %d; want behind at %d", tt.name, tt.sub.live, tt.sub.pos, tt.pos)
		}
	}
	if s.head != 9 {
		t.Errorf("head = %d, want 9", s.head)
	}
	if s.index.Topics() != 0 {
		t.Errorf("%d topics are still in the index", s.index.Topics())
	}
}

// TestGoLiveOnlyAtTheHead: whoever is not at the shard's head stays out of the index, so that batches pass him by
// until he has had what lies before them.
func TestGoLiveOnlyAtTheHead(t *testing.T) {
	s := stillShard(Options{ChunkBytes: 1})
	turnOf(s, batchOf(t, 1, 3))
	sink := greedy()
	sub := attachTo(s, filterA, 0, sink)
	for want := range 3 {
		if sub.live || sink.frames != want {
			t.Fatalf("after %d chunks: live %v, %d frames", want, sub.live, sink.frames)
		}
		s.catchUp()
	}
	if !sub.live || sink.frames != 3 {
		t.Errorf("at the head: live %v, %d frames", sub.live, sink.frames)
	}
}

// TestGoLiveOnlyWithAnEmptySocket: a subscriber that has yet to take what it was given stays behind, so that what
// it has pending stays bounded.
func TestGoLiveOnlyWithAnEmptySocket(t *testing.T) {
	s := stillShard(Options{})
	turnOf(s, batchOf(t, 1, 3))
	sink := &countSink{room: 10}
	sub := attachTo(s, filterA, 0, sink)
	s.catchUp()
	if sub.live || sub.pos != 3 || !sub.blocked {
		t.Fatalf("live %v, position %d, blocked %v", sub.live, sub.pos, sub.blocked)
	}
	sink.room = -1
	s.handle([]message{{kind: msgDrained, sub: sub}})
	s.flush(0)
	s.catchUp()
	if !sub.live || len(sub.pending) > 0 {
		t.Errorf("drained: live %v, %d frames pending", sub.live, len(sub.pending))
	}
}

// TestTurnShareOfLooking: who wants nothing of the window takes a share of the turn too, for it has to be looked at.
func TestTurnShareOfLooking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time stands still
		s := stillShard(Options{})
		turnOf(s, batchOf(t, 1, windowScan))
		compiler, err := topic.NewCompiler(nil)
		if err != nil {
			t.Fatal(err)
		}
		never, err := compiler.Template("never/{x}")
		if err != nil {
			t.Fatal(err)
		}
		filter := &eventlog.Filter{Matchers: topic.Matchers{never}}
		for range 10 {
			attachTo(s, filter, 0, greedy())
		}
		var live []int
		for range 4 {
			s.catchUp()
			live = append(live, 0)
			for _, sub := range s.subs {
				if sub.live {
					live[len(live)-1]++
				}
			}
		}
		if diff := cmp.Diff([]int{4, 8, 10, 10}, live); diff != "" {
			t.Errorf("live after each turn (-want +got):\n%s", diff)
		}
	})
}

// TestTurnShare: a storm of returning subscribers is served in several turns, and who had to wait is first.
func TestTurnShare(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // time stands still
		s := stillShard(Options{ChunkBytes: 1 << 20})
		big := make([]byte, turnBytes/4)
		for i := range big {
			big[i] = 'x'
		}
		b, err := NewBatch([]*eventlog.Record{record(1, string(big), "a")})
		if err != nil {
			t.Fatal(err)
		}
		turnOf(s, b)
		var sinks []*countSink
		for range 10 {
			sinks = append(sinks, greedy())
			attachTo(s, filterA, 0, sinks[len(sinks)-1])
		}
		var served []int
		for range 3 {
			s.catchUp()
			n := 0
			for i, sink := range sinks {
				n += sink.frames
				if sink.frames > 1 {
					t.Fatalf("number %d was served %d times", i, sink.frames)
				}
				if i > 0 && sink.frames > sinks[i-1].frames {
					t.Errorf("number %d was served before number %d", i, i-1)
				}
			}
			served = append(served, n)
		}
		if diff := cmp.Diff([]int{4, 8, 10}, served); diff != "" {
			t.Errorf("served after each turn (-want +got):\n%s", diff)
		}
	})
}

func TestHeartbeatOfWhoIsBehindMovesNoCursor(t *testing.T) {
	s := stillShard(Options{})
	turnOf(s, batchOf(t, 1, 5))
	sub := attachTo(s, filterB, 0, greedy())
	if got := s.heartbeat(sub); got != s.comment {
		t.Errorf("plain: %q", got.Bytes(FormEvent))
	}
	sub.signals = true
	if got := s.heartbeat(sub); got != s.comment {
		t.Errorf("behind: %q", got.Bytes(FormEvent))
	}
	s.goLive(sub)
	ping := s.heartbeat(sub)
	if want := "id: #testepoch2.5\nevent: tidings.ping\ndata: {}\n\n"; string(ping.Bytes(FormEvent)) != want {
		t.Errorf("live: %q, want %q", ping.Bytes(FormEvent), want)
	}
	if s.heartbeat(sub) != ping {
		t.Error("the ping is not shared while the head stands still")
	}
	turnOf(s, batchOf(t, 6, 6))
	if got := s.heartbeat(sub); string(got.Bytes(FormEvent)) != "id: #testepoch2.6\nevent: tidings.ping\ndata: {}\n\n" {
		t.Errorf("after the head moved: %q", got.Bytes(FormEvent))
	}
}

// TestVisit: what the wheel's visit does, and when it comes again.
func TestVisit(t *testing.T) {
	const heartbeat, stall = 16 * time.Second, 80 * time.Second
	tests := []struct {
		name    string
		sub     Subscriber
		taken   int
		at      time.Duration
		pending int
		ended   bool
	}{
		{"idle, too soon", Subscriber{}, 0, heartbeat - 1, 0, false},
		{"idle", Subscriber{}, 0, heartbeat, 1, false},
		{"wrote lately", Subscriber{lastWrite: time.Second}, 0, heartbeat, 0, false},
		{"blocked, not stalled", Subscriber{blocked: true}, 0, stall - 1, 0, false},
		{"stalled", Subscriber{blocked: true}, 0, stall, 0, true},
		{"blocked, makes progress", Subscriber{blocked: true}, 1, stall, 0, false},
		{"has pending frames", Subscriber{pending: make([]*Frame, 1)}, 0, heartbeat, 1, false},
		{"ending", Subscriber{ending: true}, 0, heartbeat, 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := stillShard(Options{Heartbeat: heartbeat, Stall: stall})
				sub := &tt.sub
				sub.shard, sub.sink = s, &countSink{taken: tt.taken}
				s.subs = append(s.subs, sub)
				s.now = tt.at
				s.visit(sub)
				if len(sub.pending) != tt.pending || sub.ended != tt.ended {
					t.Errorf("%d frames pending, ended %v; want %d, %v", len(sub.pending), sub.ended, tt.pending, tt.ended)
				}
				if in := s.wheel.count == 1; in == tt.ended {
					t.Errorf("ended %v, comes again %v", tt.ended, in)
				}
			})
		})
	}
}

// TestKillCutsWhatWasEnding: who is told to end and to be cut in one turn is cut: there is no time for a proper end.
func TestKillCutsWhatWasEnding(t *testing.T) {
	s := stillShard(Options{})
	sink := greedy()
	attachTo(s, filterOf([]string{"a"}, nil), 0, sink)
	s.mailbox.post(message{kind: msgShutdown})
	s.mailbox.post(message{kind: msgKill})
	s.turn()
	if !slices.Equal(sink.ends, []string{"abort"}) {
		t.Errorf("ended by %q, want abort", sink.ends)
	}
}
