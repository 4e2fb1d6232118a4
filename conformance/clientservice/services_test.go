package main

import (
	"bufio"
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// running is a service that has been started.
type running struct {
	url   string
	stop  func()
	ended <-chan error // has how it ended, and is closed; nil if it is not ours to end
}

// ours are the services of this module: of the Go client, and of the browser's fetch transport under Node.
func ours() map[string]func(*testing.T) running {
	return map[string]func(*testing.T) running{"go": startGo, "typescript": startTypeScript}
}

// judged calls play with a judge of each of our services, or if TIDINGS_CLIENT_SERVICE is a URL of only that one.
func judged(t *testing.T, play func(t *testing.T, j *judge)) {
	t.Helper()
	services := ours()
	if url := os.Getenv("TIDINGS_CLIENT_SERVICE"); url != "" {
		services = map[string]func(*testing.T) running{
			"elsewhere": func(*testing.T) running { return running{url: strings.TrimSuffix(url, "/")} },
		}
	}
	for name, start := range services {
		t.Run(name, func(t *testing.T) { play(t, newJudge(t, start(t))) })
	}
}

func startGo(t *testing.T) running {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- serve(ctx, listener)
		close(ended)
	}()
	return running{url: "http://" + listener.Addr().String(), stop: stop, ended: ended}
}

func startTypeScript(t *testing.T) running {
	t.Helper()
	node := exec.Command("node", "scripts/run.mjs", "test/clientservice/main.ts", "--addr", "127.0.0.1:0")
	node.Dir, node.Stderr = "../../web", os.Stderr
	stdout, err := node.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := node.Start(); err != nil {
		t.Fatalf("this test needs Node: %v", err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	ended := make(chan error, 1)
	go func() {
		ended <- node.Wait()
		close(ended)
	}()
	if err != nil {
		t.Fatalf("the service says no URL, it ends with %v: has `npm ci` been run in web?", <-ended)
	}
	return running{url: strings.TrimSpace(url), stop: func() { _ = node.Process.Signal(os.Interrupt) }, ended: ended}
}
