package fanout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

var forms = map[string]fanout.Form{
	"event": fanout.FormEvent, "chunk": fanout.FormChunk, "gzip": fanout.FormGzip, "gzip in chunks": fanout.FormGzip | fanout.FormChunk,
}

// someFrames returns where the first n frames of a rig's stream end, beginning with where the first one begins.
func someFrames(t *testing.T, form fanout.Form, n int) (ends []int) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{})
		all := newFake(-1)
		all.form = form
		r.attach(subscriptionOf("a"), all)
		synctest.Wait()
		ends = []int{len(all.bytes)} // the header of a compressed stream
		for range n {
			r.publish(1)
			synctest.Wait()
			ends = append(ends, len(all.bytes))
		}
	})
	return ends
}

// TestBegunFrameIsFinished has subscribers fall behind with the stream cut at every byte of its first three frames.
// The frame that was begun is finished, what was not begun is read again, nothing comes twice.
func TestBegunFrameIsFinished(t *testing.T) {
	for name, form := range forms {
		ends := someFrames(t, form, 3)
		for _, piece := range []int{-1, 1, 7} {
			t.Run(fmt.Sprintf("%s, drained by %d", name, piece), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					// PendingBytes is less than a frame: who is blocked is behind at once.
					r := newRig(t, eventlog.Retention{}, fanout.Options{PendingBytes: 1})
					var readers []*reader
					for room := range ends[3] {
						sink := newFake(room)
						sink.form = form
						readers = append(readers, r.attach(subscriptionOf("a"), sink))
					}
					synctest.Wait()
					r.publish(3)
					synctest.Wait()
					r.publish(4)
					synctest.Wait()
					for room, c := range readers {
						if len(c.bytes) != room {
							t.Fatalf("room for %d bytes took %d", room, len(c.bytes))
						}
						if !slices.Contains(c.was(), "behind slow") {
							t.Fatalf("room for %d bytes: %v, never behind", room, c.was())
						}
						for i := 0; piece > 0 && i < 2000; i++ {
							c.drain(piece)
							synctest.Wait()
						}
						c.drain(-1)
					}
					synctest.Wait()
					for room, c := range readers {
						if diff := cmp.Diff(numbers(1, 7), data(c.events())); diff != "" {
							t.Errorf("cut at byte %d (-want +got):\n%s", room, diff)
						}
						if was := c.was(); was[len(was)-1] != "live" {
							t.Errorf("cut at byte %d: %v", room, was)
						}
						c.sub.Close()
					}
					synctest.Wait()
					for room, c := range readers { // whole to the end, and so is its checksum
						if diff := cmp.Diff(numbers(1, 7), data(c.events())); diff != "" {
							t.Errorf("cut at byte %d and ended (-want +got):\n%s", room, diff)
						}
						c.wantFarewell(fanout.EndClosed, false)
					}
				})
			})
		}
	}
}

// TestEndFinishesTheBegunFrame ends streams that are cut at every byte: what was begun is finished, and nothing follows
// but the farewell.
func TestEndFinishesTheBegunFrame(t *testing.T) {
	for name, form := range forms {
		ends := someFrames(t, form, 3)
		for _, why := range []fanout.EndReason{fanout.EndClosed, fanout.EndShutdown} {
			for _, signals := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s, %v, signals %v", name, why, signals), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						r := newRig(t, eventlog.Retention{}, fanout.Options{})
						var readers []*reader
						for room := range ends[3] {
							o, sink := subscriptionOf("a"), newFake(room)
							o.Signals, sink.form = signals, form
							readers = append(readers, r.attach(o, sink))
						}
						synctest.Wait()
						r.publish(3)
						synctest.Wait()
						done := make(chan error, 1)
						if why == fanout.EndClosed {
							for _, c := range readers {
								c.sub.Close()
								c.sub.Close()
							}
							done <- nil
						} else {
							go func() { done <- r.fan.Shutdown(t.Context()) }()
						}
						synctest.Wait()
						for room, c := range readers {
							if c.ended() != "" || len(c.bytes) != room {
								t.Errorf("cut at byte %d: %d bytes, ended %q before it drained", room, len(c.bytes), c.ended())
							}
							c.drain(-1)
						}
						synctest.Wait()
						if err := <-done; err != nil {
							t.Error(err)
						}
						for room, c := range readers {
							begun := 0 // so many updates
							for begun < 3 && ends[begun] < room {
								begun++
							}
							if diff := cmp.Diff(numbers(1, begun), data(c.events())); diff != "" {
								t.Errorf("cut at byte %d of frames that end at %v (-want +got):\n%s", room, ends, diff)
							}
							c.wantFarewell(why, signals)
							c.wantStory("attached", "live", "ended "+why.String())
						}
					})
				})
			}
		}
	}
}

// TestSignalsSurviveFallingBehind: the frames that a stream begins with are sent, however little room there is.
func TestSignalsSurviveFallingBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{PendingBytes: 1})
		var readers []*reader
		for room := range 40 {
			o := subscriptionOf("a")
			for _, kind := range []string{"one", "two"} {
				f, err := fanout.NewSignal("tidings."+kind, "", struct{}{})
				if err != nil {
					t.Fatal(err)
				}
				o.First = append(o.First, f)
			}
			readers = append(readers, r.attach(o, newFake(room)))
		}
		synctest.Wait()
		r.publish(3)
		synctest.Wait()
		for _, c := range readers {
			c.drain(-1)
		}
		synctest.Wait()
		for room, c := range readers {
			var got []string
			for _, e := range c.events() {
				got = append(got, e.Name()+" "+e.Data)
			}
			want := "tidings.one {}, tidings.two {}, message 1, message 2, message 3"
			if s := strings.Join(got, ", "); s != want {
				t.Errorf("cut at byte %d: %s, want %s", room, s, want)
			}
		}
	})
}
