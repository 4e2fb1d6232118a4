package bench_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
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
	// liveEnv makes this program the process of the live subscribers; its value is the hub's address.
	liveEnv = "TIDINGS_BENCH_LIVE"
)

// live are subscribers that are live while others come back. They are in a process of their own, so that they do not
// stand in the run queues of the hub.
type live struct {
	r     *running
	child *exec.Cmd
	ended sync.WaitGroup
	stop  context.CancelFunc

	mu        sync.Mutex
	published []passed // until publishing was answered
	received  []passed // until a subscriber had it
}

// passed is how long an update took that was due at a time.
type passed struct {
	due  time.Time
	took time.Duration
}

// newLive begins to publish to subscribers that are all live.
func newLive(r *running) *live {
	self, err := os.Executable()
	if err != nil {
		r.b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	l := &live{r: r, child: exec.Command(self), stop: cancel}
	l.child.Env = append(os.Environ(), liveEnv+"="+r.addr)
	l.child.Stderr = os.Stderr
	output, err := l.child.StdoutPipe()
	if err == nil {
		err = l.child.Start()
	}
	if err != nil {
		r.b.Fatal(err)
	}
	begun := make(chan struct{})
	l.ended.Go(func() { l.gather(output, begun) })
	l.ended.Go(func() { l.publish(ctx) })
	<-begun
	return l
}

func (l *live) close() {
	l.stop()
	_ = l.child.Process.Kill() // it knows no other end
	l.ended.Wait()
	_ = l.child.Wait() // killed
}

// latency is how long updates took: until publishing was answered, and until a subscriber had them.
type latency struct{ published, received spread }

// measure notes in took how long updates take that are due while f runs. It waits until they have arrived.
func (l *live) measure(took *latency, f func()) {
	from := time.Now()
	f()
	to := time.Now()
	for l.subscribersAt(to) < liveSubscribers {
		<-time.After(liveInterval)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	within(l.published, from, to, &took.published)
	within(l.received, from, to, &took.received)
}

// subscribersAt returns how many times an update has arrived that was due at t or later.
func (l *live) subscribersAt(t time.Time) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := len(l.received) - 1; i >= 0 && n < liveSubscribers && l.received[i].due.After(t.Add(-time.Second)); i-- {
		if l.received[i].due.After(t) {
			n++
		}
	}
	return n
}

// within adds those of all that were due between two times.
func within(all []passed, from, to time.Time, into *spread) {
	for _, p := range all {
		if p.due.After(from) && p.due.Before(to) {
			into.add(p.took)
		}
	}
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
		due := time.Now()
		late.Go(func() {
			u := eventlog.Update{Topics: []string{liveTopic}, Data: fmt.Sprintf("<%d>", due.UnixNano())}
			if _, err := l.r.hub.Publish(context.Background(), u, topic.All()); err != nil {
				l.r.b.Error(err)
			}
			l.mu.Lock()
			defer l.mu.Unlock()
			l.published = append(l.published, passed{due, time.Since(due)})
		})
	}
}

// gather reads what the subscribers' process says, and closes begun when each of them may have had an update.
func (l *live) gather(output io.Reader, begun chan<- struct{}) {
	lines := bufio.NewScanner(output)
	for n := 1; lines.Scan(); n++ {
		var due, arrived int64
		if _, err := fmt.Sscan(lines.Text(), &due, &arrived); err != nil {
			l.r.b.Errorf("%q: %v", lines.Text(), err)
			return
		}
		l.mu.Lock()
		l.received = append(l.received, passed{time.Unix(0, due), time.Duration(arrived - due)})
		l.mu.Unlock()
		if n == liveSubscribers {
			close(begun)
		}
	}
}

// beLive is the main function of the process of the live subscribers. It prints when each update was due and when it
// arrived, and ends when it is killed.
func beLive(addr string) error {
	out := make(chan string, 1024)
	failed := make(chan error, liveSubscribers)
	for range liveSubscribers {
		s, err := dialSubscriber(addr, liveTopic, "")
		if err != nil {
			return err
		}
		go func() { failed <- s.followLive(out) }()
	}
	for {
		select {
		case line := <-out:
			fmt.Print(line)
		case err := <-failed:
			return err
		}
	}
}

// followLive sends a line for each update.
func (s *subscriber) followLive(out chan<- string) error {
	var rest string
	for {
		text, err := s.next()
		if err != nil {
			return err
		}
		arrived := time.Now().UnixNano()
		rest += string(text)
		for {
			_, after, found := strings.Cut(rest, "<")
			due, next, whole := strings.Cut(after, ">")
			if !found || !whole {
				break
			}
			rest = next
			out <- fmt.Sprintf("%s %d\n", due, arrived)
		}
	}
}
