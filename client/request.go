package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	mediaType    = "text/event-stream"
	headerCursor = "Last-Event-ID"
)

// request returns the next request.
func (c *connection) request(ctx context.Context) (*http.Request, error) {
	o := c.options
	body, err := o.body()
	if err != nil {
		return nil, fmt.Errorf("client: body of the request: %w", err)
	}
	r, err := http.NewRequestWithContext(ctx, o.Method, c.source.url.String(), body)
	if err != nil {
		return nil, final(fmt.Errorf("client: %w", err)) // New has tried it
	}
	if o.GetBody != nil {
		r.GetBody = o.GetBody
	}
	if o.Header != nil {
		r.Header = o.Header.Clone()
	}
	setDefault(r.Header, "Accept", mediaType)
	setDefault(r.Header, "Cache-Control", "no-cache")
	if id := c.source.LastEventID(); id != "" {
		value, err := cursorHeader(id)
		if err != nil {
			return nil, final(fmt.Errorf("client: last event ID: %w", err))
		}
		r.Header.Set(headerCursor, value)
	}
	if o.Prepare != nil {
		if err := o.Prepare(r); err != nil {
			if r.Body != nil {
				r.Body.Close()
			}
			return nil, fmt.Errorf("client: preparing the request: %w", err)
		}
	}
	return r, nil
}

// body returns the body of the next request, nil for none.
func (o *Options) body() (io.Reader, error) {
	switch {
	case o.GetBody != nil:
		return o.GetBody()
	case o.Body != nil:
		return bytes.NewReader(o.Body), nil
	default:
		return nil, nil
	}
}

func setDefault(h http.Header, name, value string) {
	if h.Values(name) == nil {
		h.Set(name, value)
	}
}

// cursorHeader returns the value of Last-Event-ID that stands for id: its UTF-8 bytes, less the blanks around
// it, that are not part of any header's value.
func cursorHeader(id string) (string, error) {
	for i := range len(id) {
		if c := id[i]; c < ' ' && c != '\t' || c == 0x7F {
			return "", fmt.Errorf("%q cannot be sent, since HTTP forbids the character at byte %d", id, i)
		}
	}
	return strings.Trim(id, " \t"), nil
}

// retryAfter returns how long a Retry-After header asks to wait, in either form, and 0 if it cannot be read.
func retryAfter(value string, now time.Time) time.Duration {
	value = strings.TrimSpace(value)
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if at, err := http.ParseTime(value); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}
