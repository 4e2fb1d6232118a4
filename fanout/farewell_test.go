package fanout_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

var retryLine = regexp.MustCompile(`(?:^|\n\n|:\n)retry: (\d+)\n\n$`)

// farewellOf returns what a stream ends with: the reason, which is empty where only the retry line says that the
// stream is over, and when to return.
func farewellOf(stream string, signals bool) (why string, retry time.Duration, err error) {
	if !signals {
		line := retryLine.FindStringSubmatch(stream)
		if line == nil {
			return "", 0, fmt.Errorf("no retry line at the end of %q", stream)
		}
		ms, err := strconv.Atoi(line[1])
		return "", time.Duration(ms) * time.Millisecond, err
	}
	events := decode(stream)
	if len(events) == 0 || events[len(events)-1].Type != fanout.SignalBye {
		return "", 0, fmt.Errorf("no tidings.bye at the end of %q", stream)
	}
	var bye fanout.ByeData
	if err := json.Unmarshal([]byte(events[len(events)-1].Data), &bye); err != nil {
		return "", 0, err
	}
	return bye.Reason, time.Duration(bye.Retry) * time.Millisecond, nil
}

// wantFarewell checks that the stream was ended properly and its peer told to come back, once, within the spread.
func (c *reader) wantFarewell(why fanout.EndReason, signals bool) {
	c.rig.t.Helper()
	if c.ended() != "end" {
		c.rig.t.Errorf("the stream was ended by %q", c.ended())
	}
	told, retry, err := farewellOf(c.stream(), signals)
	if err != nil {
		c.rig.t.Error(err)
		return
	}
	if signals && told != why.String() {
		c.rig.t.Errorf("tidings.bye says %q, want %q", told, why)
	}
	spread := fanout.Options{}.WithDefaults().ReturnSpread
	if retry < time.Second || retry > time.Second+spread {
		c.rig.t.Errorf("told to return in %v, want 1 s to %v", retry, time.Second+spread)
	}
	count := 0
	for _, e := range c.events() {
		if e.Type == fanout.SignalBye {
			count++
		}
	}
	if want := map[bool]int{true: 1}[signals]; count != want {
		c.rig.t.Errorf("%d times tidings.bye, want %d", count, want)
	}
}

// TestFarewell: whom the hub ends is told when to come back, in every form, and a compressed stream has its checksum.
func TestFarewell(t *testing.T) {
	type setting struct {
		o     fanout.Options
		rules eventlog.Retention
		// end lets the stream end that has had the update 1, or begins behind it.
		end func(t *testing.T, r *rig, c *reader)
	}
	settings := map[fanout.EndReason]setting{
		fanout.EndClosed: {end: func(_ *testing.T, _ *rig, c *reader) { c.sub.Close() }},
		fanout.EndShutdown: {end: func(t *testing.T, r *rig, _ *reader) {
			if err := r.fan.Shutdown(t.Context()); err != nil {
				t.Error(err)
			}
		}},
		fanout.EndLog: {
			o: fanout.Options{WindowBytes: 2, PendingBytes: 1},
			end: func(_ *testing.T, r *rig, c *reader) {
				r.log.set(nil, errors.New("disk on fire"))
				fallBehind(r, c, 1)
			},
		},
		fanout.EndOvertaken: {
			o: fanout.Options{WindowBytes: 2, PendingBytes: 1}, rules: eventlog.Retention{MaxRecords: 2},
			end: func(_ *testing.T, r *rig, c *reader) { fallBehind(r, c, 9) },
		},
	}
	for why, s := range settings {
		for name, form := range forms {
			for _, signals := range []bool{false, true} {
				if why == fanout.EndOvertaken && signals {
					continue // it is told of its loss, and goes on: TestOvertaken
				}
				t.Run(fmt.Sprintf("%v, %s, signals %v", why, name, signals), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, s.rules, s.o)
						o, sink := subscriptionOf("a"), newFake(-1)
						o.Signals, sink.form = signals, form
						c := r.attach(o, sink)
						synctest.Wait()
						r.publish(1)
						synctest.Wait()
						s.end(t, r, c)
						synctest.Wait()
						c.wantFarewell(why, signals)
						c.wantEnded(why)
						if got := data(c.events()); len(got) == 0 || got[0] != "1" {
							t.Errorf("before its end the stream has said %q", got)
						}
					})
				})
			}
		}
	}
}

// fallBehind lets the subscriber fall behind by n updates, and then drains it.
func fallBehind(r *rig, c *reader, n int) {
	c.limit(0)
	for range n {
		r.publish(1)
		synctest.Wait()
	}
	c.drain(-1)
}

// wantEnded checks that the Observer was told of one end, and which.
func (c *reader) wantEnded(why fanout.EndReason) {
	c.rig.t.Helper()
	was := c.was()
	if n := len(was); n == 0 || was[n-1] != "ended "+why.String() {
		c.rig.t.Errorf("the Observer was told %v, want an end as %v", was, why)
	}
}

// TestNoFarewell: who takes nothing, or is not there, is told nothing.
func TestNoFarewell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := stallRig(t)
		stalled, gone := r.attach(subscriptionOf("a"), newFake(7)), r.attach(subscriptionOf("a"), newFake(-1))
		synctest.Wait()
		r.publish(1)
		synctest.Wait()
		gone.fail()
		time.Sleep(2 * testStall)
		synctest.Wait()
		stalled.wantEnded(fanout.EndStalled)
		gone.wantEnded(fanout.EndGone)
		for _, c := range []*reader{stalled, gone} {
			if c.ended() != "abort" {
				t.Errorf("ended by %q", c.ended())
			}
			if _, _, err := farewellOf(c.stream(), false); err == nil {
				t.Errorf("a farewell: %q", c.stream())
			}
		}
	})
}

// TestFarewellIsSpread: not all are told to return at once, but all within the spread.
func TestFarewellIsSpread(t *testing.T) {
	const spread, subscribers = 2 * time.Second, 400
	for _, signals := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, eventlog.Retention{}, fanout.Options{ReturnSpread: spread})
			var readers []*reader
			for range subscribers {
				o := subscriptionOf("a")
				o.Signals = signals
				readers = append(readers, r.attach(o, newFake(-1)))
			}
			synctest.Wait()
			if err := r.fan.Shutdown(t.Context()); err != nil {
				t.Fatal(err)
			}
			tenths := make([]int, 10)
			for _, c := range readers {
				_, retry, err := farewellOf(c.stream(), signals)
				if err != nil {
					t.Fatal(err)
				}
				if retry < time.Second || retry > time.Second+spread {
					t.Fatalf("told to return in %v", retry)
				}
				tenths[min(int((retry-time.Second)*10/spread), 9)]++
			}
			// Of 400 each tenth has 40 on average; that one has none is less likely than once in 10^17.
			if slices.Contains(tenths, 0) {
				t.Errorf("signals %v: so many return in each tenth of the spread: %v", signals, tenths)
			}
		})
	}
}

// TestFarewellOfWhoIsBlocked comes when the socket drains, behind the frame that was begun.
func TestFarewellOfWhoIsBlocked(t *testing.T) {
	for name, form := range forms {
		for _, signals := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, signals %v", name, signals), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					r := newRig(t, eventlog.Retention{}, fanout.Options{})
					o, sink := subscriptionOf("a"), newFake(-1)
					o.Signals, sink.form = signals, form
					c := r.attach(o, sink)
					synctest.Wait()
					c.limit(7)
					r.publish(3)
					synctest.Wait()
					c.sub.Close()
					done := 0
					for ; c.ended() == "" && done < 1000; done++ { // byte by byte
						synctest.Wait()
						c.drain(1)
					}
					if done < 10 {
						t.Errorf("ended after %d bytes more", done)
					}
					c.wantFarewell(fanout.EndClosed, signals)
					c.wantData(numbers(1, 1))
					c.wantStory("attached", "live", "ended closed")
				})
			})
		}
	}
}

// TestHeadComesFirst: what stands before the stream is sent as it is, in every form, however little room there is.
func TestHeadComesFirst(t *testing.T) {
	const head = "HTTP/1.1 200 OK\r\n\r\n"
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for room := -1; room < 60; room++ {
					r := newRig(t, eventlog.Retention{}, fanout.Options{PendingBytes: 1})
					o, sink := subscriptionOf("a"), newFake(room)
					sink.form, sink.head = form, len(head)
					o.Head, o.First = []byte(head), []*fanout.Frame{fanout.NewComment()}
					c := r.attach(o, sink)
					synctest.Wait()
					r.publish(3)
					synctest.Wait()
					c.drain(-1)
					synctest.Wait()
					c.sub.Close()
					synctest.Wait()
					if got := string(c.bytes[:len(head)]); got != head {
						t.Fatalf("room for %d bytes: the stream begins with %q", room, got)
					}
					if got := c.stream(); len(got) < 2 || got[:2] != ":\n" {
						t.Fatalf("room for %d bytes: behind the head comes %q", room, got)
					}
					if diff := cmp.Diff(numbers(1, 3), data(c.events())); diff != "" {
						t.Fatalf("room for %d bytes (-want +got):\n%s", room, diff)
					}
					c.wantFarewell(fanout.EndClosed, false)
				}
			})
		})
	}
}
