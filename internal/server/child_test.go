package server_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/internal/server"
)

const (
	// childEnv makes the test's binary a server with few descriptors. Its value is a line with the certificate's file and
	// one with the key's, both empty to serve in clear.
	childEnv = "TIDINGS_TEST_CHILD"
	// childSoft and childHard are the limits that it begins with.
	childSoft, childHard = 60, 160
)

// child serves until standard input ends, and returns an exit code. It prints its URL and its ceiling.
func child() int {
	if err := lowerDescriptors(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	certFile, keyFile, _ := strings.Cut(os.Getenv(childEnv), "\n")
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the test ends it
		stop()
	}()
	s, err := server.Listen(ctx, server.Options{
		Addr: "127.0.0.1:0", CertFile: certFile, KeyFile: keyFile, Logger: logger,
		Grace: 100 * time.Millisecond,
	})
	if err == nil {
		var app *server.Dev
		if app, err = server.NewDev(server.DevOptions{Logger: logger}); err == nil {
			fmt.Printf("%s\n%v\n", s.URL(), s.Ceiling())
			err = s.Serve(ctx, app)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// childServer is a server in a process of its own.
type childServer struct {
	url     string
	ceiling string
	roots   *x509.CertPool

	cmd   *exec.Cmd
	stdin io.Closer
	log   logBuffer
}

// logBuffer is a buffer that may be written to from another goroutine.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// startChild starts a server of the mode. At the test's end it is killed if it has not ended.
func startChild(t *testing.T, m mode) *childServer {
	t.Helper()
	c := new(childServer)
	files := "\n"
	if m.tls {
		var certFile, keyFile string
		certFile, keyFile, c.roots = certificate(t)
		files = certFile + files + keyFile
	}
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c.cmd = exec.Command(program)
	c.cmd.Env = append(os.Environ(), childEnv+"="+files)
	c.cmd.Stderr = &c.log
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.cmd.Process.Kill() // it may have ended
		_ = c.cmd.Wait()
		if t.Failed() {
			t.Logf("the server's log:\n%s", c.log.String())
		}
	})
	lines := bufio.NewScanner(stdout)
	for _, into := range []*string{&c.url, &c.ceiling} {
		if !lines.Scan() {
			t.Fatalf("the server does not start: %v", lines.Err())
		}
		*into = lines.Text()
	}
	return c
}

// end ends the server and returns what it has logged.
func (c *childServer) end(t *testing.T) string {
	t.Helper()
	c.stdin.Close()
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	return c.log.String()
}
