package load

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// RefusedError is a publication that the hub answered, but not with success.
type RefusedError struct {
	// Status is the answer's, as in "403 Forbidden".
	Status string
	// Text is the detail of a problem (RFC 9457), or the beginning of its body.
	Text string
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("load: the hub answered a publication with %s: %.200q", e.Status, e.Text)
}

// UnreachableError is a hub that could not be talked to.
type UnreachableError struct {
	// Doing says what was attempted.
	Doing string
	// Err is why it failed.
	Err error
}

func (e *UnreachableError) Error() string { return fmt.Sprintf("load: %s: %v", e.Doing, e.Err) }

// Unwrap returns Err.
func (e *UnreachableError) Unwrap() error { return e.Err }

// poster posts over one connection of HTTP/1.1 that it keeps. It is not net/http's client because what publishing
// costs here is taken from the readers.
type poster struct {
	options *Options
	conn    net.Conn
	reader  *bufio.Reader
	out     bytes.Buffer
}

// post sends a body, and returns that of the answer. The error is a [*RefusedError] or an [*UnreachableError].
func (p *poster) post(ctx context.Context, u *url.URL, kind, body string) (string, error) {
	if p.conn == nil {
		if err := p.dial(ctx, u); err != nil {
			return "", &UnreachableError{"connecting to publish", err}
		}
	}
	p.request(u, kind, body)
	if err := p.conn.SetDeadline(time.Now().Add(p.options.Timeout)); err != nil {
		return "", &UnreachableError{"publishing", err}
	}
	if _, err := p.conn.Write(p.out.Bytes()); err != nil {
		return "", &UnreachableError{"publishing", err}
	}
	resp, err := http.ReadResponse(p.reader, nil)
	if err != nil {
		return "", &UnreachableError{"reading the answer to a publication", err}
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", &UnreachableError{"reading the answer to a publication", err}
	}
	if resp.Close {
		p.close()
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return "", &RefusedError{resp.Status, refusal(resp.Header.Get("Content-Type"), answer)}
	}
	return string(answer), nil
}

// request writes the request to p.out.
func (p *poster) request(u *url.URL, kind, body string) {
	w := &p.out
	w.Reset()
	host := u.Host
	if given := p.options.Header.Get("Host"); given != "" {
		host = given
	}
	w.WriteString("POST " + u.RequestURI() + " HTTP/1.1\r\nHost: " + host + "\r\nContent-Type: " + kind +
		"\r\nContent-Length: ")
	w.WriteString(strconv.Itoa(len(body)))
	w.WriteString("\r\n")
	_ = p.options.Header.WriteSubset(w, map[string]bool{"Host": true}) // a buffer takes everything
	w.WriteString("\r\n")
	w.WriteString(body)
}

func (p *poster) dial(ctx context.Context, u *url.URL) error {
	addr, err := resolve(ctx, u)
	if err != nil {
		return err
	}
	d := &net.Dialer{Timeout: p.options.Timeout}
	if u.Scheme == "https" {
		t := &tls.Dialer{NetDialer: d, Config: &tls.Config{ServerName: u.Hostname(), InsecureSkipVerify: p.options.Insecure}}
		p.conn, err = t.DialContext(ctx, "tcp", addr.String())
	} else {
		p.conn, err = d.DialContext(ctx, "tcp", addr.String())
	}
	if err != nil {
		p.conn = nil // not an interface that holds nil
		return err
	}
	p.reader = bufio.NewReader(p.conn)
	return nil
}

func (p *poster) close() {
	if p.conn != nil {
		p.conn.Close()
		p.conn = nil
	}
}
