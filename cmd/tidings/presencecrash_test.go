package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// startTelling runs a hub that tells who is subscribed, on a log in dir.
func startTelling(t *testing.T, dir string) *hubProcess {
	t.Helper()
	p := start(t, "serve", "--addr", "127.0.0.1:0", "--data", dir, "--anonymous", "--open-publish", "--subscriptions")
	h := &hubProcess{process: p}
	return h.ready(t)
}

// comeAndGo opens streams and closes some of them, until the hub is gone. Each subscriber has one subscription.
func comeAndGo(hub string, c *http.Client, came func()) {
	var open []*http.Response
	for i := 0; ; i++ {
		resp, err := c.Get(fmt.Sprintf("%s?match=crash&n=%d", hub, i))
		if err != nil {
			break
		}
		came()
		if open = append(open, resp); len(open) > 5 {
			n := rand.IntN(len(open))
			open[n].Body.Close()
			open = append(open[:n], open[n+1:]...)
		}
	}
	for _, resp := range open {
		resp.Body.Close()
	}
}

// comings reads from a log which subscriptions are active, and checks that each began once and ended once at most, in
// this order.
func comings(t *testing.T, dir string) (began, active int) {
	t.Helper()
	stdout, stderr, code := runBinary(t, "log", "dump", dir)
	if code != exitOK {
		t.Fatalf("dump ended with %d: %s", code, stderr)
	}
	state := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(stdout))
	lines.Buffer(nil, 1<<24)
	var header dumpHeader
	if !lines.Scan() || json.Unmarshal(lines.Bytes(), &header) != nil {
		t.Fatalf("the dump begins with %s", lines.Bytes())
	}
	for lines.Scan() {
		var line recordLine
		var said struct {
			ID     string `json:"id"`
			Active bool   `json:"active"`
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil || !line.Presence || json.Unmarshal([]byte(line.Data), &said) != nil {
			continue // the last line
		}
		before, known := state[said.ID]
		switch {
		case said.Active && known:
			t.Errorf("%s began twice", said.ID)
		case !said.Active && !before:
			t.Errorf("%s ended, and was not active", said.ID)
		}
		state[said.ID] = said.Active
		if said.Active {
			active++
			began++
		} else {
			active--
		}
	}
	if len(header.Marks) != active {
		t.Errorf("the log has %d marks, and %d subscriptions are active", len(header.Marks), active)
	}
	return began, active
}

// TestShutdownOfPresence: a hub that ends in order says of everybody that it has left.
func TestShutdownOfPresence(t *testing.T) {
	dir := t.TempDir()
	h := startTelling(t, dir)
	c := client(t, onlyHTTP1, nil)
	const many = 20
	for i := range many {
		resp := get(t, c, fmt.Sprintf("%s?match=a&n=%d", h.url, i))
		defer resp.Body.Close()
	}
	h.endsInOrder(t, syscall.SIGTERM)
	if began, active := comings(t, dir); began != many || active != 0 {
		t.Errorf("%d of %d began, and %d have not ended", began, many, active)
	}
}

// After a crash, however it comes, the hub says of each subscription that it said to be active that it has ended, once,
// before it serves anybody.
func TestCrashOfPresence(t *testing.T) {
	dir := t.TempDir()
	began, left := 0, 0
	for round := range *rounds {
		h := startTelling(t, dir)
		_ = h.cmd.Process.Kill() // at once: what the crash before has left is said already
		h.wait(t)
		before, active := comings(t, dir)
		if active != 0 {
			t.Errorf("round %d: %d are active in the log of a hub that has begun to serve anew", round, active)
		}
		h = startTelling(t, dir)
		var running sync.WaitGroup
		come := make(chan struct{})
		first := sync.OnceFunc(func() { close(come) })
		for range 4 {
			c := client(t, onlyHTTP1, nil)
			running.Go(func() {
				defer first()
				comeAndGo(h.url, c, first)
			})
		}
		<-come
		time.AfterFunc(20*time.Millisecond+rand.N(380*time.Millisecond), func() { _ = h.cmd.Process.Kill() }) // it may have ended
		running.Wait()
		if code := h.wait(t); code != -1 {
			t.Fatalf("the hub ended by itself, with %d", code)
		}
		after, active := comings(t, dir)
		began, left = began+after-before, left+active
		if t.Failed() {
			return
		}
	}
	if began == 0 || left == 0 {
		t.Errorf("%d subscriptions began, and %d were active at a crash: nothing was tested", began, left)
	}
	t.Logf("%d rounds: %d subscriptions began, %d were active at a crash", *rounds, began, left)
}
