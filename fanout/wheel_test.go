package fanout

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// visits returns whom the wheel visits when it is moved to now. Nobody is added again.
func visits(w *wheel, now time.Duration) map[*Subscriber]int {
	seen := map[*Subscriber]int{}
	w.advance(now, func(sub *Subscriber) { seen[sub]++ })
	return seen
}

func TestWheelVisitsWhenDue(t *testing.T) {
	const tick = time.Second
	for _, due := range []time.Duration{1, tick - 1, tick, tick + 1, 5 * tick, 16 * tick, 16*tick + 1, 17 * tick} {
		t.Run(fmt.Sprint(due), func(t *testing.T) {
			w := newWheel(wheelTicks * tick)
			sub := &Subscriber{}
			w.add(sub, due)
			on := (due + tick - 1) / tick * tick // the first tick that is not before
			if seen := visits(w, on-1); len(seen) > 0 {
				t.Errorf("visited before %v", on)
			}
			if seen := visits(w, on); seen[sub] != 1 {
				t.Errorf("visited %d times at %v", seen[sub], on)
			}
			if seen := visits(w, 100*tick); len(seen) > 0 || w.count != 0 {
				t.Errorf("visited again, %d in the wheel", w.count)
			}
		})
	}
}

func TestWheelVisitsSoonerWhatIsBeyondIt(t *testing.T) {
	w := newWheel(wheelTicks * time.Second)
	sub := &Subscriber{}
	w.add(sub, time.Hour)
	if seen := visits(w, 17*time.Second); seen[sub] != 1 {
		t.Errorf("visited %d times within one round", seen[sub])
	}
}

func TestWheelVisitsAtTheNextTickWhatIsOverdue(t *testing.T) {
	w := newWheel(wheelTicks * time.Second)
	visits(w, time.Minute)
	sub := &Subscriber{}
	w.add(sub, time.Second)
	if seen := visits(w, 61*time.Second); seen[sub] != 1 {
		t.Errorf("visited %d times at the next tick", seen[sub])
	}
}

func TestWheelAfterALongPause(t *testing.T) {
	w := newWheel(wheelTicks * time.Second)
	subs := make([]*Subscriber, 17)
	for i := range subs {
		subs[i] = &Subscriber{}
		w.add(subs[i], time.Duration(i+1)*time.Second)
	}
	seen := visits(w, 24*time.Hour)
	for i, sub := range subs {
		if seen[sub] != 1 {
			t.Errorf("number %d was visited %d times", i, seen[sub])
		}
	}
}

func TestWheelNext(t *testing.T) {
	w := newWheel(wheelTicks * time.Second)
	if got := w.next(0); got >= 0 {
		t.Errorf("next = %v with nobody in the wheel", got)
	}
	sub := &Subscriber{}
	w.add(sub, 10*time.Second)
	for _, tt := range []struct{ now, want time.Duration }{
		{0, time.Second},
		{300 * time.Millisecond, 700 * time.Millisecond},
		{time.Second, 0},
		{time.Hour, 0}, // late: at once
	} {
		if got := w.next(tt.now); got != tt.want {
			t.Errorf("next(%v) = %v, want %v", tt.now, got, tt.want)
		}
	}
	w.remove(sub)
	if got := w.next(0); got >= 0 {
		t.Errorf("next = %v after the only one was removed", got)
	}
}

func TestWheelTickIsNeverZero(t *testing.T) {
	if w := newWheel(time.Nanosecond); w.tick != time.Millisecond {
		t.Errorf("tick = %v", w.tick)
	}
}

// TestWheelModel: whoever is in the wheel is visited not before the tick in which it is due, unless it is due
// beyond one round, and not after it.
func TestWheelModel(t *testing.T) {
	const tick = time.Second
	rapid.Check(t, func(rt *rapid.T) {
		w := newWheel(wheelTicks * tick)
		due := map[*Subscriber]time.Duration{}
		var subs []*Subscriber
		now := time.Duration(0)
		rt.Repeat(map[string]func(*rapid.T){
			"add": func(rt *rapid.T) {
				sub := &Subscriber{}
				at := now + time.Duration(rapid.Int64Range(0, int64(40*tick)).Draw(rt, "in"))
				w.add(sub, at)
				due[sub] = at
				subs = append(subs, sub)
			},
			"remove": func(rt *rapid.T) {
				if len(subs) == 0 {
					return
				}
				sub := rapid.SampledFrom(subs).Draw(rt, "subscriber")
				if _, in := due[sub]; in {
					w.remove(sub)
					delete(due, sub)
				}
			},
			"advance": func(rt *rapid.T) {
				now += time.Duration(rapid.Int64Range(0, int64(3*tick)).Draw(rt, "by"))
				w.advance(now, func(sub *Subscriber) {
					at, in := due[sub]
					switch {
					case !in:
						rt.Fatalf("visited somebody who is not in the wheel")
					case at > now: // beyond the wheel: comes again
						w.add(sub, at)
					default:
						delete(due, sub)
					}
				})
			},
			"": func(rt *rapid.T) {
				for _, at := range due {
					if at <= now-tick {
						rt.Fatalf("due at %v, not visited at %v", at, now)
					}
				}
				if w.count != len(due) {
					rt.Fatalf("%d in the wheel, want %d", w.count, len(due))
				}
			},
		})
	})
}
