package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// kind is a server that is measured.
type kind string

// The kinds of server.
const (
	epoll     kind = "epoll"     // the hub, with the sink that writes to sockets itself
	goroutine kind = "goroutine" // the hub, with a goroutine per connection
	base      kind = "base"      // net/http with a goroutine and a channel per subscriber
	baseTLS   kind = "base-tls"  // the same over TLS
	cloop     kind = "cloop"     // a loop in C that writes every event to every connection
)

func kinds() []kind { return []kind{epoll, goroutine, base, baseTLS, cloop} }

// ours reports whether a server must deliver everything once and in order. What is only measured beside it need not.
func (k kind) ours() bool { return k == epoll || k == goroutine }

// says is what tables and plots call a server.
func (k kind) says() string {
	switch k {
	case epoll:
		return "tidings, epoll"
	case goroutine:
		return "tidings, goroutine"
	case base:
		return "net/http"
	case baseTLS:
		return "net/http, TLS"
	case cloop:
		return "C, epoll"
	}
	return string(k)
}

// programs are what is started, and where.
type programs struct {
	folder      string // for what must be in a file
	self        string
	tidings     string
	cloop       string // empty if there is no C compiler
	certificate string
	key         string
	cpus        placement
}

// command returns the arguments that start a server on any free port, the program first.
func (p *programs) command(r run, serve []string) []string {
	var command []string
	switch r.Server {
	case base:
		command = []string{p.tidings, "bench-base", "--addr=127.0.0.1:0"}
		serve = r.Serve
	case baseTLS:
		command = []string{p.self, tlsBaseCommand, p.certificate, p.key}
		serve = r.Serve
	case cloop:
		command = []string{p.cloop, "0", strconv.Itoa(p.cpus.serverCount())}
		serve = r.Serve
	default:
		command = []string{
			p.tidings, "serve", "--dev", "--addr=127.0.0.1:0", "--data=memory", "--fanout=" + string(r.Server),
			"--log-level=warn",
		}
		serve = append(serve[:len(serve):len(serve)], r.Serve...)
	}
	files := strings.NewReplacer("{cert}", p.certificate, "{key}", p.key)
	for _, arg := range serve {
		command = append(command, files.Replace(arg))
	}
	return append(p.cpus.onServer(), command...)
}

// server is one that runs.
type server struct {
	url     string
	process *exec.Cmd
	exited  chan error
	log     string
}

var urlPattern = regexp.MustCompile(`https?://\S+`)

// startServer starts a server and waits until it has printed its URL.
func (p *programs) startServer(ctx context.Context, r run, serve []string) (*server, error) {
	if r.Server == cloop && p.cloop == "" {
		return nil, errNoCompiler
	}
	command := p.command(r, serve)
	s := &server{exited: make(chan error, 1), log: filepath.Join(p.folder, "server.log")}
	log, err := os.Create(s.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	s.process = exec.CommandContext(ctx, command[0], command[1:]...)
	s.process.Stderr = log
	s.process.Dir, s.process.Env = p.folder, environment()
	said, saying, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	s.process.Stdout = saying
	err = s.process.Start()
	saying.Close()
	if err != nil {
		said.Close()
		return nil, err
	}
	url := make(chan string, 1)
	go func() {
		defer said.Close()
		lines := bufio.NewScanner(said)
		for lines.Scan() { // to the end, so that the server never waits
			if found := urlPattern.FindString(lines.Text()); found != "" {
				select {
				case url <- found:
				default:
				}
			}
		}
		s.exited <- s.process.Wait()
	}()
	select {
	case s.url = <-url:
		return s, nil
	case err := <-s.exited:
		s.exited <- err
		return nil, fmt.Errorf("%s ended before it listened (%v): %s", strings.Join(command, " "), err, s.lastWords())
	case <-time.After(30 * time.Second):
		s.stop()
		return nil, fmt.Errorf("%s has not said in 30 s where it listens: %s", strings.Join(command, " "), s.lastWords())
	}
}

var errNoCompiler = errors.New("there is no C compiler")

// stop ends a server, if need be by force.
func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM) // it may have gone by itself
	select {
	case <-s.exited:
	case <-time.After(10 * time.Second):
		_ = s.process.Process.Kill()
		<-s.exited
	}
}

// lastWords returns the end of what a server logged, in one line.
func (s *server) lastWords() string {
	text, err := os.ReadFile(s.log)
	if err != nil || len(text) == 0 {
		return "it logged nothing"
	}
	text = text[max(0, len(text)-400):]
	return strings.Join(strings.Fields(string(text)), " ")
}
