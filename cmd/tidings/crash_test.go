package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/sse"
)

var rounds = flag.Int("rounds", 5, "how often TestCrash kills the hub")

// crashPublisher publishes numbered updates, one after the other. Every second one has an id of its own.
type crashPublisher struct {
	name     int
	client   *http.Client
	sent     int            // the number of the last one
	answered map[int]string // number → id, of those that were answered
}

func (p *crashPublisher) data(n int) string { return fmt.Sprintf("%d/%d", p.name, n) }

// publish publishes until the hub is gone. It reports whether that was in the middle of a request: the connection
// was there, and no answer came.
func (p *crashPublisher) publish(hub string, first func()) (cut bool, err error) {
	for {
		p.sent++
		form := url.Values{"topic": {"crash", fmt.Sprint("crash/", p.name)}, "data": {p.data(p.sent)}}
		if p.sent%2 == 1 {
			form.Set("id", "own-"+p.data(p.sent))
		}
		resp, err := p.client.PostForm(hub, form)
		if err != nil {
			return !errors.Is(err, syscall.ECONNREFUSED), nil
		}
		if resp.StatusCode != http.StatusOK {
			resp.Body.Close()
			return false, fmt.Errorf("%s: %s", p.data(p.sent), resp.Status)
		}
		id, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			id = nil // cut off behind the 200
		}
		p.answered[p.sent] = string(id)
		first()
	}
}

// replay returns the log's updates from the first one to the one with the data last, as a subscriber gets them.
func replay(t *testing.T, h *hubProcess, last string) []sse.Event {
	t.Helper()
	c := client(t, onlyHTTP1, nil)
	resp := get(t, c, h.url+"?topic=crash&last_event_id=earliest")
	defer resp.Body.Close()
	var events []sse.Event
	for event, err := range sse.Read(resp.Body, sse.Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if events = append(events, event); event.Data == last {
			return events
		}
	}
	t.Fatalf("the stream ended after %d events", len(events))
	return nil
}

// crash runs the hub, has the publishers publish, and kills it at a random moment. It returns how many of them were
// cut in the middle of a request.
func crash(t *testing.T, dir string, publishers []*crashPublisher) int {
	t.Helper()
	h := startHub(t, "--data", dir)
	var running sync.WaitGroup
	begun := make(chan struct{})
	begin := sync.OnceFunc(func() { close(begun) })
	cut := make([]bool, len(publishers))
	for i, p := range publishers {
		running.Go(func() {
			defer begin() // also if it fails
			var err error
			if cut[i], err = p.publish(h.url, begin); err != nil {
				t.Error(err)
			}
		})
	}
	<-begun
	time.AfterFunc(20*time.Millisecond+rand.N(380*time.Millisecond), func() { _ = h.cmd.Process.Kill() }) // it may have ended
	running.Wait()
	if code := h.wait(t); code != -1 {
		t.Fatalf("the hub ended by itself, with %d", code)
	}
	n := 0
	for _, c := range cut {
		if c {
			n++
		}
	}
	return n
}

// checkReplay checks what a replay has against what the publishers were answered, and takes what they were not
// answered but is there as answered: it has to stay. It returns how many of these there are.
func checkReplay(t *testing.T, events []sse.Event, publishers []*crashPublisher) (unanswered int) {
	t.Helper()
	last := make([]int, len(publishers))
	offset := uint64(0)
	for _, event := range events {
		if p, ok := eventlog.ParsePosition(event.ID); ok {
			if p.Offset <= offset {
				t.Errorf("offset %d follows %d", p.Offset, offset)
			}
			offset = p.Offset
		}
		var name, n int
		if _, err := fmt.Sscanf(event.Data, "%d/%d", &name, &n); err != nil {
			continue // the end of a round
		}
		p := publishers[name]
		if n <= last[name] {
			t.Errorf("publisher %d: update %d follows %d", name, n, last[name])
		}
		for missing := last[name] + 1; missing < n; missing++ {
			if id, ok := p.answered[missing]; ok {
				t.Errorf("publisher %d: update %d was answered with %q and is not there", name, missing, id)
			}
		}
		last[name] = n
		id, ok := p.answered[n]
		switch {
		case n > p.sent:
			t.Errorf("publisher %d: nobody published %d", name, n)
		case n%2 == 1 && event.ID != "own-"+p.data(n):
			t.Errorf("publisher %d: update %d has the id %q, want its own", name, n, event.ID)
		case !ok:
			unanswered++
			p.answered[n] = event.ID
		case id != "" && id != event.ID:
			t.Errorf("publisher %d: update %d has the id %q, and was answered with %q", name, n, event.ID, id)
		}
	}
	for _, p := range publishers {
		for n := last[p.name] + 1; n <= p.sent; n++ {
			if id, ok := p.answered[n]; ok {
				t.Errorf("publisher %d: update %d was answered with %q and is not there", p.name, n, id)
			}
		}
	}
	return unanswered
}

// What was answered with 200 is in the log after the hub was killed, once, in its place; what was not is there once
// at most.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	publishers := make([]*crashPublisher, 4)
	for i := range publishers {
		publishers[i] = &crashPublisher{name: i, client: client(t, onlyHTTP1, nil), answered: map[int]string{}}
	}
	before := []sse.Event{}
	allCut, allUnanswered, slowest := 0, 0, time.Duration(0)
	for round := range *rounds {
		cut := crash(t, dir, publishers)
		if cut == 0 {
			t.Errorf("round %d: no publisher waited for an answer when the hub was killed", round)
		}
		begun := time.Now()
		h := startHub(t, "--data", dir)
		slowest = max(slowest, time.Since(begun))
		mark := fmt.Sprint("end of round ", round)
		h.publish(t, "--topic", "crash", "--data", mark)
		events := replay(t, h, mark)
		if diff := cmp.Diff(before, events[:min(len(before), len(events))]); diff != "" {
			t.Fatalf("round %d: what was replayed before has changed (-before +now):\n%s", round, diff)
		}
		unanswered := checkReplay(t, events, publishers)
		if unanswered > cut {
			t.Errorf("round %d: %d updates that were not answered are there, and %d publishers were cut", round, unanswered, cut)
		}
		before, allCut, allUnanswered = events, allCut+cut, allUnanswered+unanswered
		h.endsInOrder(t, syscall.SIGTERM)
		if t.Failed() {
			return
		}
	}
	checkOffsets(t, dir, before)
	t.Logf("%d rounds: %d updates, %d requests cut in flight, of which %d are in the log; slowest start %v",
		*rounds, len(before), allCut, allUnanswered, slowest.Round(time.Millisecond))
}

// checkOffsets checks that the log holds exactly what was replayed, in this order, with strictly rising offsets.
func checkOffsets(t *testing.T, dir string, events []sse.Event) {
	t.Helper()
	stdout, stderr, code := runBinary(t, "log", "dump", dir)
	if code != exitOK {
		t.Fatalf("dump ended with %d: %s", code, stderr)
	}
	lines := bufio.NewScanner(strings.NewReader(stdout))
	lines.Buffer(nil, 1<<20)
	lines.Scan() // the header
	offset := uint64(0)
	for i, event := range events {
		var line recordLine
		if !lines.Scan() || json.Unmarshal(lines.Bytes(), &line) != nil {
			t.Fatalf("no update in line %d of the dump: %s", i+2, lines.Bytes())
		}
		if line.Offset <= offset || line.Data != event.Data || line.ID != event.ID &&
			event.ID != (eventlog.Position{Epoch: line.Epoch, Offset: line.Offset}).String() {
			t.Fatalf("the log has %+v behind offset %d, and the replay %+v", line, offset, event)
		}
		offset = line.Offset
	}
	if stdout, stderr, code := runBinary(t, "log", "check", dir); code != exitOK {
		t.Errorf("check ended with %d: %s%s", code, stdout, stderr)
	}
}
