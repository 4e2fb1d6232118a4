package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what ought to happen at once.
const patience = 30 * time.Second

// process is a running program.
type process struct {
	cmd    *exec.Cmd
	stdout output
	stderr output
	ended  chan struct{}
}

// invocation says how a program is run.
type invocation struct {
	program string // the binary if empty
	args    []string
	env     []string  // NAME=value, beside the test's own
	stdin   io.Reader // nothing if nil
	dir     string    // where it runs, the test's own if empty
}

// start runs a program; at the test's end it is killed if it has not ended.
func (i invocation) start(t *testing.T) *process {
	t.Helper()
	program := i.program
	if program == "" {
		program = binary
	}
	p := &process{cmd: exec.Command(program, i.args...), ended: make(chan struct{})}
	p.cmd.Env, p.cmd.Dir = append(os.Environ(), i.env...), i.dir
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = i.stdin, &p.stdout, &p.stderr
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait() // exit codes are looked at where they are expected
		p.stdout.close()
		p.stderr.close()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill() // it may have ended
		<-p.ended
		if t.Failed() {
			t.Logf("%q wrote\n%s\nand to standard error\n%s", p.cmd.Args, p.stdout.String(), p.stderr.String())
		}
	})
	return p
}

// start runs the binary.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return invocation{args: args}.start(t)
}

// runBinary runs the binary to its end.
func runBinary(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	return invocation{args: args}.run(t)
}

// run runs a program to its end.
func (i invocation) run(t *testing.T) (stdout, stderr string, code int) {
	t.Helper()
	p := i.start(t)
	code = p.wait(t)
	return p.stdout.String(), p.stderr.String(), code
}

// wait returns the exit code, -1 if a signal ended the program.
func (p *process) wait(t *testing.T) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(patience):
		t.Fatalf("%q does not end", p.cmd.Args)
		return 0
	}
}

// signal sends a signal.
func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// output is what a program writes, as a whole and line by line.
type output struct {
	mu     sync.Mutex
	all    bytes.Buffer
	read   int           // how much of all was returned as lines
	more   chan struct{} // closed when there is more
	closed bool
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all.Write(b)
	o.wake()
	return len(b), nil
}

func (o *output) close() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	o.wake()
}

func (o *output) wake() {
	if o.more != nil {
		close(o.more)
		o.more = nil
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.all.String()
}

// errNoLine is returned where a program has ended without another line.
var errNoLine = errors.New("the program has ended without another line")

// next returns the next line, or a channel that is closed when it is time to ask again.
func (o *output) next() (string, <-chan struct{}, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	line, _, found := strings.Cut(o.all.String()[o.read:], "\n")
	switch {
	case found:
		o.read += len(line) + 1
		return line, nil, nil
	case o.closed:
		return "", nil, errNoLine
	}
	if o.more == nil {
		o.more = make(chan struct{})
	}
	return "", o.more, nil
}

// line waits for the next line.
func (o *output) line(t *testing.T) string {
	t.Helper()
	timeout := time.After(patience)
	for {
		line, more, err := o.next()
		switch {
		case err != nil:
			t.Fatal(err)
		case more == nil:
			return line
		}
		select {
		case <-more:
		case <-timeout:
			t.Fatalf("no further line after\n%s", o)
		}
	}
}

// lineWith waits for a line that contains text, and returns it.
func (o *output) lineWith(t *testing.T, text string) string {
	t.Helper()
	for {
		if line := o.line(t); strings.Contains(line, text) {
			return line
		}
	}
}
