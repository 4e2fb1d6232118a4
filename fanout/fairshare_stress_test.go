package fanout_test

import (
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

// TestFewPlacesForMany has many subscribers come, drain, go and be closed at random while two places are all there
// are. Who stays gets everything, and in the end every place is free.
func TestFewPlacesForMany(t *testing.T) {
	for _, rate := range []int{0, 5000} {
		synctest.Test(t, func(t *testing.T) {
			r := behindTheWindow(t, 100, fanout.Options{
				Shards: 3, MaxBehind: 2, ChunkBytes: 100, ReplayRate: rate, Heartbeat: time.Second, Stall: time.Hour,
			})
			var all sync.WaitGroup
			stay := make([]*reader, 200)
			for i := range stay {
				c := r.attach(subscriptionOf("a"), newFake(rand.IntN(300)))
				if i%3 == 0 {
					stay[i] = c
				}
				all.Go(func() {
					for range rand.IntN(20) {
						time.Sleep(time.Duration(rand.IntN(100)) * time.Millisecond)
						c.drain(rand.IntN(500))
					}
					switch i % 3 {
					case 0:
						c.drain(-1)
					case 1:
						c.sub.Close()
						c.drain(-1)
					case 2:
						c.fail()
					}
				})
			}
			all.Wait()
			time.Sleep(time.Hour)
			synctest.Wait()
			for _, c := range stay {
				if c != nil {
					c.wantData(numbers(1, 100))
				}
			}
			r.wantReplay(0, 0)
		})
	}
}
