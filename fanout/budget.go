package fanout

import "sync/atomic"

// budget counts the bytes of all frames that something holds: the recent window, the kept chunks of the log, chunks on
// their way to a shard, and what subscribers with a full socket have pending. Each frame counts once, however many
// hold it. Its methods may be called from any goroutine.
type budget struct {
	limit int64
	used  atomic.Int64
	// round is 0 as long as no more is held than may be. Beyond it every shard is asked to let go of something; then it
	// is allAnswered and how many have not done so yet.
	round atomic.Int32
}

const allAnswered = 1

// hold counts frames that have one holder more.
func (b *budget) hold(frames ...*Frame) {
	for _, f := range frames {
		if holds := f.holds.Add(1); uint32(holds) == 1 {
			b.used.Add(f.counted(holds))
		}
	}
}

// release counts frames that have one holder less.
func (b *budget) release(frames ...*Frame) {
	for _, f := range frames {
		if holds := f.holds.Add(^uint64(0)); uint32(holds) == 0 {
			b.used.Add(-f.counted(holds))
		}
	}
}

// counted is what f counts as when it is held like that.
func (f *Frame) counted(holds uint64) int64 { return int64(f.size()) + int64(holds>>32) }

// held is what f counts as now.
func (f *Frame) held() int64 { return f.counted(f.holds.Load()) }

// in returns f as a stream in form has it pending, made and counted if nobody needed it before.
func (b *budget) in(f *Frame, form Form) *Frame {
	if form&FormEnvelope != 0 && f.record != nil {
		f = b.seal(f)
	}
	if form&FormGzip != 0 && f.head > 0 && f.zipped.Load() == nil {
		b.hold(f) // so that nobody releases the last hold in between
		if made, first := f.zip(); first {
			b.grow(f, len(made.buf))
		}
		b.release(f)
	}
	return f
}

// seal returns f in its envelope.
func (b *budget) seal(f *Frame) *Frame {
	if sealed := f.sealed.Load(); sealed != nil {
		return sealed
	}
	made, err := newEnvelope(f.record)
	if err != nil {
		return f // what could be encoded without can be with it
	}
	b.hold(f)
	if f.sealed.CompareAndSwap(nil, made) {
		b.grow(f, made.size())
	}
	b.release(f)
	return f.sealed.Load()
}

// grow counts what was made of a frame that is held.
func (b *budget) grow(f *Frame, n int) {
	f.holds.Add(uint64(n) << 32)
	b.used.Add(int64(n))
}

// over returns by how much more is held than may be.
func (b *budget) over() int64 { return b.used.Load() - b.limit }
