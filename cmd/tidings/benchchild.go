package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/tidings-hub/tidings/internal/load"
)

// benchChild is a hub in a process of its own.
type benchChild struct {
	cmd   *exec.Cmd
	url   string
	ended chan struct{}
}

// startChild starts this binary with other arguments, on the CPUs pin if there are any, and waits until it prints a
// line that begins with prefix and goes on with its URL. The machine's settings are kept from it: a hub's figures
// are to depend on what was asked for alone.
func startChild(ctx context.Context, std *streams, pin []int, prefix string, args ...string) (*benchChild, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &benchChild{cmd: exec.Command(self, args...), ended: make(chan struct{})}
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "TIDINGS_") {
			c.cmd.Env = append(c.cmd.Env, variable)
		}
	}
	c.cmd.Stderr = std.err
	c.cmd.SysProcAttr = childAttributes()
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if len(pin) == 0 {
		err = c.cmd.Start()
	} else if err = load.PinChild(pin, c.cmd.Start); err != nil {
		err = cannotPin(err)
	}
	if err != nil {
		return nil, err
	}
	urls := make(chan string, 1)
	go func() {
		defer close(c.ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if url, ok := strings.CutPrefix(lines.Text(), prefix); ok {
				urls <- url
				break
			}
		}
		close(urls)
		_, _ = io.Copy(io.Discard, out) // what else it says does not matter
		_ = c.cmd.Wait()                // nor how it ends, being killed
	}()
	select {
	case c.url = <-urls:
	case <-ctx.Done():
	}
	if c.url == "" {
		c.end()
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("tidings %s has ended before it served", strings.Join(args, " "))
	}
	return c, nil
}

func (c *benchChild) pid() int { return c.cmd.Process.Pid }

// end ends the process.
func (c *benchChild) end() {
	const patience = 5 * time.Second
	if err := c.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = c.cmd.Process.Kill() // where there are no such signals
	}
	select {
	case <-c.ended:
	case <-time.After(patience):
		_ = c.cmd.Process.Kill()
		<-c.ended
	}
}
