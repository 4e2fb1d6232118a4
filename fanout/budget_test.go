package fanout

import (
	"sync"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

// sizes is what frames count together, each once.
func sizes(frames ...*Frame) int64 {
	sum, seen := 0, map[*Frame]bool{}
	for _, f := range frames {
		if seen[f] {
			continue
		}
		seen[f] = true
		sum += f.size()
		if d := f.zipped.Load(); d != nil && f.record != nil {
			sum += len(d.buf)
		}
	}
	return int64(sum)
}

// wantUsed checks what the budget counts.
func wantUsed(t *testing.T, what string, b *budget, want int64) {
	t.Helper()
	if got := b.used.Load(); got != want {
		t.Errorf("%s: %d bytes are counted, want %d", what, got, want)
	}
}

func TestBudgetCountsAFrameOnce(t *testing.T) {
	frames := batchOf(t, 1, 3).Frames
	one, all := sizes(frames[0]), sizes(frames...)
	b := &budget{limit: all - 1}
	wantUsed(t, "nothing held", b, 0)
	b.hold(frames...)
	b.hold(frames...)
	b.hold(frames[0])
	wantUsed(t, "held twice and thrice", b, all)
	if got := b.over(); got != 1 {
		t.Errorf("over by %d, want 1", got)
	}
	b.release(frames...)
	wantUsed(t, "released once", b, all)
	b.release(frames...)
	wantUsed(t, "released by all but one holder", b, one)
	b.release(frames[0])
	wantUsed(t, "released by all", b, 0)
}

// TestBudgetCountsTheGzipForm with its frame, whenever it is made.
func TestBudgetCountsTheGzipForm(t *testing.T) {
	t.Run("while it is held", func(t *testing.T) {
		f, b := batchOf(t, 1, 1).Frames[0], new(budget)
		b.hold(f)
		plain := sizes(f)
		for range 2 {
			b.in(f, FormGzip)
			if sizes(f) == plain {
				t.Fatal("there is no gzip form")
			}
			wantUsed(t, "compressed", b, sizes(f))
		}
		b.release(f)
		wantUsed(t, "released", b, 0)
	})
	t.Run("before", func(t *testing.T) {
		f, b := batchOf(t, 1, 1).Frames[0], new(budget)
		b.in(f, FormGzip)
		wantUsed(t, "not held", b, 0)
		b.hold(f)
		wantUsed(t, "held", b, sizes(f))
	})
	t.Run("by several at once", func(t *testing.T) {
		for range 100 {
			f, b := batchOf(t, 1, 1).Frames[0], new(budget)
			var all sync.WaitGroup
			for range 4 {
				all.Go(func() {
					b.in(f, FormGzip)
					b.hold(f)
					b.release(f)
				})
			}
			b.hold(f)
			all.Wait()
			wantUsed(t, "held once", b, sizes(f))
			b.release(f)
			wantUsed(t, "released", b, 0)
		}
	})
	t.Run("not of what is the same in every form", func(t *testing.T) {
		f, b := newHead([]byte("HTTP/1.1 200 OK\r\n\r\n")), new(budget)
		b.hold(f)
		b.in(f, FormGzip)
		wantUsed(t, "held", b, int64(f.size()))
	})
}

// TestBudgetHolders: whoever has a frame for longer than a turn counts it, as long as he has it.
func TestBudgetHolders(t *testing.T) {
	t.Run("the window", func(t *testing.T) {
		b := batchOf(t, 1, 5)
		s := stillShard(Options{WindowBytes: int(sizes(b.Frames[2:]...))})
		turnOf(s, b)
		wantUsed(t, "three of five fit", &s.fan.budget, sizes(b.Frames[2:]...))
	})
	t.Run("a subscriber with a full socket", func(t *testing.T) {
		for _, form := range []Form{FormEvent, FormGzip} {
			b := batchOf(t, 1, 3)
			s := stillShard(Options{WindowBytes: 1})
			sink := &countSink{form: form, room: len(b.Frames[0].Bytes(form)) + 5}
			sub := attachTo(s, filterA, 0, sink)
			s.goLive(sub)
			turnOf(s, b)
			wantUsed(t, "the second is begun", &s.fan.budget, sizes(b.Frames[1:]...))
			more := batchOf(t, 4, 4)
			turnOf(s, more)
			wantUsed(t, "one more", &s.fan.budget, sizes(append(b.Frames[1:], more.Frames...)...))
			sink.room = -1
			s.handle([]message{{kind: msgDrained, sub: sub}})
			s.flush(0)
			wantUsed(t, "drained", &s.fan.budget, 0)
		}
	})
	t.Run("a subscriber that goes", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		sub := attachTo(s, filterA, 0, &countSink{room: 5})
		s.goLive(sub)
		turnOf(s, batchOf(t, 1, 3))
		if s.fan.budget.used.Load() == 0 {
			t.Fatal("nothing is held")
		}
		s.finish(sub, EndGone)
		wantUsed(t, "gone", &s.fan.budget, 0)
	})
	t.Run("a subscriber that keeps up", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		s.goLive(attachTo(s, filterA, 0, greedy()))
		turnOf(s, batchOf(t, 1, 3))
		wantUsed(t, "delivered", &s.fan.budget, 0)
	})
	t.Run("the kept chunks, and a chunk on its way", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		turnOf(s, batchOf(t, 1, 3))
		sub := attachTo(s, filterA, 0, greedy())
		s.catchUp()
		if !sub.reading {
			t.Fatal("no read from the log was asked for")
		}
		r, c := s.fan.readers, &chunk{frames: batchOf(t, 1, 3).Frames, to: 3}
		r.deliver(sub, c)
		wantUsed(t, "on its way", &s.fan.budget, sizes(c.frames...))
		r.last.add(readKey{}, filterA, c)
		wantUsed(t, "kept too", &s.fan.budget, sizes(c.frames...))
		s.mailbox.take(&s.mail)
		s.handle(s.mail.messages)
		wantUsed(t, "waits for its turn", &s.fan.budget, sizes(c.frames...))
		s.receiveArrived()
		wantUsed(t, "has arrived", &s.fan.budget, sizes(c.frames...))
		if !sub.live || sub.sink.(*countSink).frames != 3 {
			t.Error("the chunk was not delivered")
		}
		r.forget()
		wantUsed(t, "forgotten", &s.fan.budget, 0)
	})
	t.Run("a chunk for who has gone", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		sub := attachTo(s, filterA, 0, greedy())
		s.fan.readers.deliver(sub, &chunk{frames: batchOf(t, 1, 3).Frames, to: 3})
		s.finish(sub, EndGone)
		if s.fan.budget.used.Load() == 0 {
			t.Error("it is still on its way")
		}
		s.mailbox.take(&s.mail)
		s.handle(s.mail.messages)
		wantUsed(t, "has arrived", &s.fan.budget, 0)
	})
	t.Run("a chunk for a shard that has ended", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		sub := attachTo(s, filterA, 0, greedy())
		s.mailbox.close(&s.mail)
		s.fan.readers.deliver(sub, &chunk{frames: batchOf(t, 1, 3).Frames, to: 3})
		wantUsed(t, "refused", &s.fan.budget, 0)
	})
	t.Run("no chunk of an error", func(t *testing.T) {
		s := stillShard(Options{WindowBytes: 1})
		s.fan.readers.last.add(readKey{}, filterA, &chunk{err: eventlog.ErrClosed})
		wantUsed(t, "kept", &s.fan.budget, 0)
	})
}
