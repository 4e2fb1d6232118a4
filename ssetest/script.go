package ssetest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// Step is a part of a [Script].
type Step struct {
	run func(*conn) error // an error ends the script
}

// errOver ends a script whose connection is done with.
var errOver = errors.New("the connection is over")

// conn is a connection on which a request has come.
type conn struct {
	tcp  *net.TCPConn
	in   *bufio.Reader
	done <-chan struct{} // closed when the server closes

	begun bool // the head has been sent
	plain bool // there is no stream: the answer is complete with its head, or raw
}

// play does the steps.
func (c *conn) play(script Script) {
	for _, step := range script {
		if step.run(c) != nil {
			return
		}
	}
	_ = End().run(c) // the client may have left
}

// head sends the head of a stream unless something has been sent.
func (c *conn) head() error {
	if c.begun {
		return nil
	}
	return Answer(http.StatusOK).run(c)
}

// write writes bytes as they are.
func (c *conn) write(text string) error {
	_, err := io.WriteString(c.tcp, text)
	return err
}

// Answer sends the response's head: the status, and header fields as names and values in turn. With 200, a
// stream follows, whose Content-Type is text/event-stream if header does not name another. Every other answer
// has no body. Without Answer, the first step that sends anything begins a stream.
func Answer(status int, header ...string) Step {
	return Step{func(c *conn) error {
		var b strings.Builder
		fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\nConnection: close\r\n", status, http.StatusText(status))
		typed := false
		for i := 0; i+1 < len(header); i += 2 {
			fmt.Fprintf(&b, "%s: %s\r\n", header[i], header[i+1])
			typed = typed || strings.EqualFold(header[i], "Content-Type")
		}
		c.begun, c.plain = true, status != http.StatusOK
		switch {
		case status == http.StatusOK && !typed:
			b.WriteString("Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n")
		case status == http.StatusOK:
			b.WriteString("Transfer-Encoding: chunked\r\n")
		case status != http.StatusNoContent:
			b.WriteString("Content-Length: 0\r\n")
		}
		b.WriteString("\r\n")
		return c.write(b.String())
	}}
}

// Send sends a part of the stream, at once.
func Send(text string) Step {
	return Step{func(c *conn) error {
		if err := c.head(); err != nil || text == "" {
			return err
		}
		return c.write(fmt.Sprintf("%x\r\n%s\r\n", len(text), text))
	}}
}

// Drip sends a part of the stream byte by byte, each in a write of its own.
func Drip(text string) Step {
	return Step{func(c *conn) error {
		for i := range len(text) {
			if err := Send(text[i : i+1]).run(c); err != nil {
				return err
			}
		}
		return nil
	}}
}

// Raw sends bytes as they are: parts of a head, or what is no HTTP at all. What has been begun so is not
// ended in good order.
func Raw(text string) Step {
	return Step{func(c *conn) error {
		c.begun, c.plain = true, true
		return c.write(text)
	}}
}

// Pause waits. Before the head, this is a server that is slow to answer.
func Pause(d time.Duration) Step {
	return Step{func(c *conn) error {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			return nil
		case <-c.done:
			return errOver
		}
	}}
}

// Await waits until ch is closed or has a value.
func Await(ch <-chan struct{}) Step {
	return Step{func(c *conn) error {
		select {
		case <-ch:
			return nil
		case <-c.done:
			return errOver
		}
	}}
}

// Stall sends nothing more, and keeps the connection until the client leaves.
func Stall() Step {
	return Step{func(c *conn) error {
		_, _ = io.Copy(io.Discard, c.in)
		return errOver
	}}
}

// End ends the stream in good order.
func End() Step {
	return Step{func(c *conn) error {
		if err := c.head(); err != nil {
			return err
		}
		if !c.plain {
			if err := c.write("0\r\n\r\n"); err != nil {
				return err
			}
		}
		return errOver
	}}
}

// Cut closes the connection without ending the stream, as a server does that crashes. The client finds an
// unexpected end.
func Cut() Step {
	return Step{func(*conn) error { return errOver }}
}

// Reset resets the connection, as a machine does that knows nothing of it any more. What the client has not
// read may be lost to it.
func Reset() Step {
	return Step{func(c *conn) error {
		_ = c.tcp.SetLinger(0)
		return errOver
	}}
}

// HalfClose closes the server's direction without ending the stream, and keeps the other one until the client
// leaves.
func HalfClose() Step {
	return Step{func(c *conn) error {
		if err := c.tcp.CloseWrite(); err != nil {
			return err
		}
		return Stall().run(c)
	}}
}
