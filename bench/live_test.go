package bench_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

const (
	liveSubscribers = 10
	liveInterval    = 10 * time.Millisecond
	liveTopic       = "https://example.com/live"
)

// live are subscribers that are live while others come back.
type live struct {
	r       *running
	peers   []*subscriber
	ended   sync.WaitGroup
	stop    context.CancelFunc
	mu      sync.Mutex
	present *latency // of what is measured at the moment; nil if nothing is
}

// newLive begins to publish to subscribers that are all live.
func newLive(r *running) *live {
	ctx, cancel := context.WithCancel(context.Background())
	l := &live{r: r, stop: cancel}
	var begun sync.WaitGroup
	for range liveSubscribers {
		s, err := dialSubscriber(r.addr, liveTopic, "")
		if err != nil {
			r.b.Fatal(err)
		}
		l.peers = append(l.peers, s)
		begun.Add(1)
		l.ended.Go(func() { l.read(s, begun.Done) })
	}
	l.ended.Go(func() { l.publish(ctx) })
	begun.Wait()
	return l
}

func (l *live) close() {
	l.stop()
	for _, s := range l.peers {
		s.close()
	}
	l.ended.Wait()
}

// latency is how long updates took: until publishing was answered, and until a subscriber had them.
type latency struct{ published, received spread }

// measure notes in took how long updates take that come to their end while f runs.
func (l *live) measure(took *latency, f func()) {
	l.set(took)
	defer l.set(nil)
	f()
}

func (l *live) set(took *latency) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.present = took
}

func (l *live) measured() *latency {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.present
}

// publish publishes the time at which each update is due. One that is late does not put off the next.
func (l *live) publish(ctx context.Context) {
	var late sync.WaitGroup
	defer late.Wait()
	ticker := time.NewTicker(liveInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		began := time.Now()
		due := fmt.Sprintf("<%d>", began.UnixNano())
		late.Go(func() {
			_, err := l.r.hub.Publish(context.Background(), eventlog.Update{Topics: []string{liveTopic}, Data: due}, topic.All())
			if err != nil {
				l.r.b.Error(err)
			}
			if took := l.measured(); took != nil {
				took.published.add(time.Since(began))
			}
		})
	}
}

// read notes how long each update took, and calls begun with the first.
func (l *live) read(s *subscriber, begun func()) {
	var rest string
	for {
		text, err := s.next()
		if err != nil {
			return // closed
		}
		now := time.Now().UnixNano()
		rest += string(text)
		for {
			_, after, found := strings.Cut(rest, "<")
			stamp, next, whole := strings.Cut(after, ">")
			if !found || !whole {
				break
			}
			rest = next
			if begun != nil {
				begun()
				begun = nil
			}
			var due int64
			if _, err := fmt.Sscan(stamp, &due); err != nil {
				l.r.b.Error(err)
				return
			}
			if took := l.measured(); took != nil {
				took.received.add(time.Duration(now - due))
			}
		}
	}
}
