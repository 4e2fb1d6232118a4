package load

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"slices"
)

// maxHead bounds the head of a response.
const maxHead = 64 << 10

// knownHead is a head that was read and found well. Most of a run's responses have the same one, and are not parsed.
type knownHead struct {
	bytes   []byte
	chunked bool
}

// response reads the stream of a response that comes in pieces, cut anywhere.
type response struct {
	head    []byte // as much of it as there is; nil once it was read
	opened  bool   // the head was read, and all is well
	chunked bool
	chunks  chunked
}

// body returns the first part of the next piece's body, and what is to be read after it. It is empty when the piece
// is used up.
func (r *response) body(b []byte, known *knownHead) (body, rest []byte, err error) {
	if !r.opened {
		if b, err = r.readHead(b, known); err != nil || !r.opened {
			return nil, nil, err
		}
	}
	if !r.chunked {
		return b, nil, nil
	}
	return r.chunks.next(b)
}

// ended reports whether the body said that it is at its end.
func (r *response) ended() bool { return r.chunked && r.chunks.done() }

// readHead collects the head, and returns what is behind it.
func (r *response) readHead(b []byte, known *knownHead) ([]byte, error) {
	had := len(r.head)
	if had == 0 && len(known.bytes) > 0 && bytes.HasPrefix(b, known.bytes) {
		r.chunked, r.opened = known.chunked, true
		return b[len(known.bytes):], nil
	}
	r.head = append(r.head, b...)
	end := bytes.Index(r.head[max(0, had-3):], []byte("\r\n\r\n"))
	if end < 0 {
		if len(r.head) > maxHead {
			return nil, fmt.Errorf("the head of the answer is longer than %d bytes", maxHead)
		}
		return nil, nil
	}
	end += max(0, had-3) + 4
	// Reading from no more than the head, it needs no buffer of the usual size.
	resp, err := http.ReadResponse(bufio.NewReaderSize(bytes.NewReader(r.head[:end]), 16), nil)
	if err != nil {
		return nil, err
	}
	if err := checkStream(resp); err != nil {
		if text := refusal(resp.Header.Get("Content-Type"), b[end-had:]); text != "" {
			err = fmt.Errorf("%w: %.200q", err, text)
		}
		return nil, err
	}
	r.chunked = slices.Contains(resp.TransferEncoding, "chunked")
	*known = knownHead{bytes: r.head[:end], chunked: r.chunked}
	r.opened, r.head = true, nil
	return b[end-had:], nil
}

// checkStream refuses an answer that is no stream.
func checkStream(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the answer is %s", resp.Status)
	}
	given := resp.Header.Get("Content-Type")
	if kind, _, err := mime.ParseMediaType(given); err != nil || kind != "text/event-stream" {
		return fmt.Errorf("the answer is no stream of events: its type is %q", given)
	}
	return nil
}

// textOf returns the beginning of a refusal's body.
func textOf(kind string, body io.Reader) string {
	text, _ := io.ReadAll(io.LimitReader(body, 4<<10)) // as much as there is
	return refusal(kind, text)
}

// refusal returns what a refusal says in its body: the detail of a problem (RFC 9457), or the text as it is.
func refusal(kind string, text []byte) string {
	var problem struct {
		Detail string `json:"detail"`
	}
	if kind, _, err := mime.ParseMediaType(kind); err == nil && kind == "application/problem+json" &&
		json.Unmarshal(text, &problem) == nil && problem.Detail != "" {
		return problem.Detail
	}
	return string(bytes.TrimSpace(text[:min(len(text), 512)]))
}
