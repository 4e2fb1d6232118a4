package fanout

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestLullFor(t *testing.T) {
	tests := []struct {
		name           string
		took           time.Duration
		writes, frames int
		want           time.Duration
	}{
		{"half as long as the round", 20 * time.Millisecond, 5000, 10000, 10 * time.Millisecond},
		{"the shortest round", lullAfter, 1000, 3000, lullAfter / 2},
		{"a shorter one", lullAfter - 1, 1000, 3000, 0},
		{"a long one", time.Second, 200000, 400000, longestLull},
		{"hardly more than one update a write", 20 * time.Millisecond, 100, 149, 0},
		{"one more in every other", 20 * time.Millisecond, 100, 150, 10 * time.Millisecond},
		{"just few updates a write", 20 * time.Millisecond, 100, 799, 10 * time.Millisecond},
		{"not so few", 20 * time.Millisecond, 100, 800, 0},
		{"no write", time.Second, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := lullFor(tt.took, tt.writes, tt.frames); got != tt.want {
				t.Errorf("a lull of %v, want %v", got, tt.want)
			}
		})
	}
}

// TestLullGathers: a loop that cannot keep up with one update a write lets more come, and nobody waits for more than a
// round and a lull.
func TestLullGathers(t *testing.T) {
	const (
		subscribers = 4 * aheadOf
		each        = time.Millisecond
		every       = 25 * time.Millisecond
		updates     = 500
		round       = subscribers * each
		cycle       = round + longestLull
	)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var sinks []*countSink
		var longest time.Duration
		s, sinks := busyShard(Options{}, subscribers, func(sub int) {
			time.Sleep(each)
			if oldest := sinks[sub].frames; oldest < updates { // or it is the farewell
				longest = max(longest, time.Since(began)-time.Duration(oldest)*every)
			}
		})
		var loop sync.WaitGroup
		loop.Go(s.run)
		for i := range updates {
			time.Sleep(time.Until(began.Add(time.Duration(i) * every)))
			s.fan.Publish(batchOf(t, uint64(i)+1, uint64(i)+1))
		}
		time.Sleep(time.Second)
		s.mailbox.post(message{kind: msgShutdown})
		loop.Wait()
		for i, sink := range sinks {
			if sink.frames != updates+1 { // with the farewell
				t.Fatalf("subscriber %d got %d of %d updates", i, sink.frames, updates)
			}
			if most := int(updates*every/round) * 4 / 5; sink.offers > most {
				t.Fatalf("subscriber %d was written to %d times, want at most %d", i, sink.offers, most)
			}
		}
		if most := cycle + (aheadOf+1)*each; longest > most { // what is published just behind a look waits for the next
			t.Errorf("an update waited for %v, want at most %v", longest, most)
		}
	})
}

// TestLullEnds: in a lull batches wake nobody, and messages do.
func TestLullEnds(t *testing.T) {
	const round, lull = 40 * time.Millisecond, 20 * time.Millisecond
	publish := func(s *shard) { s.fan.Publish(batchOf(t, s.fan.window.head+1, s.fan.window.head+1)) }
	ask := func(s *shard) { s.mailbox.post(message{kind: msgState, reply: make(chan ShardState, 1)}) }
	tests := []struct {
		name   string
		before func(*shard)
		after  map[time.Duration]func(*shard)
		want   time.Duration
	}{
		{"by itself", nil, nil, lull},
		{"not by a batch", nil, map[time.Duration]func(*shard){5: publish}, lull},
		{"not by one that is there already", publish, nil, lull},
		{"by a message", nil, map[time.Duration]func(*shard){5: ask, 6: ask}, 5 * time.Millisecond},
		{"by a message behind a batch", nil, map[time.Duration]func(*shard){5: publish, 6: ask}, 6 * time.Millisecond},
		{"by one that is there already", ask, nil, 0},
		{"by a mailbox that has overflowed", func(s *shard) { s.mailbox.jump(s.fan.window.head) }, nil, 0},
		{"by one that does", nil, map[time.Duration]func(*shard){5: func(s *shard) { s.mailbox.jump(s.fan.window.head) }}, 5 * time.Millisecond},
		{"by who comes back", func(s *shard) { attachTo(s, filterA, 0, greedy()) }, nil, 0},
		{"by the end of somebody's leave", func(s *shard) {
			s.subs[0].leave = &leave{at: time.Now().Add(3 * time.Millisecond)}
			s.expect(s.subs[0])
		}, nil, 3 * time.Millisecond},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s *shard
				s, _ = busyShard(Options{ExpiryWarning: time.Microsecond}, int(round/time.Millisecond), func(sub int) {
					time.Sleep(time.Millisecond)
					if sub == aheadOf && s.fan.window.head == 2 {
						publish(s)
					}
				})
				publish(s)
				publish(s)
				s.turn()
				if len(s.dirty) == 0 {
					t.Fatal("nothing came during the round")
				}
				if tt.before != nil {
					tt.before(s)
				}
				for at, do := range tt.after {
					time.AfterFunc(at*time.Millisecond, func() { do(s) })
				}
				ended := time.Now()
				s.mailbox.poller.wait(s.rest())
				if got := time.Since(ended); got != tt.want {
					t.Errorf("the loop waited for %v, want %v", got, tt.want)
				}
				s.turn()
				if len(s.dirty) > 0 {
					t.Errorf("%d subscribers have still not got what came during the round", len(s.dirty))
				}
				time.Sleep(time.Second) // for what is yet to be done
			})
		})
	}
}

// TestNoLull: a loop that has written to all has none, however long that took: what comes is written at once.
func TestNoLull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, _ := busyShard(Options{}, 40, func(int) { time.Sleep(time.Millisecond) })
		s.fan.Publish(batchOf(t, 1, 2))
		s.mailbox.poller.wait(s.rest())
		s.turn()
		time.AfterFunc(time.Millisecond, func() { s.fan.Publish(batchOf(t, 3, 3)) })
		began := time.Now()
		s.mailbox.poller.wait(s.rest())
		if waited := time.Since(began); waited != time.Millisecond {
			t.Errorf("the loop waited for %v, want the millisecond until something came", waited)
		}
	})
}

// TestHushLosesNoMessage: many post while the loop goes in and out of lulls that only a message can end.
func TestHushLosesNoMessage(t *testing.T) {
	const posters, each = 4, 5000
	m := &mailbox{poller: newPoller(), max: 1 << 20}
	for range posters {
		go func() {
			for range each {
				m.put(&Batch{}, 1)
				m.post(message{})
			}
		}()
	}
	hushed := 0
	for in, got := new(mail), 0; got < posters*each; got += len(in.messages) {
		if m.hush() {
			hushed++
			m.poller.wait(-1)
		}
		m.take(in)
	}
	if hushed == 0 {
		t.Error("there was no lull: the test does not test it")
	}
}
