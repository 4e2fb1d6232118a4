package fanout

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"testing"
	"time"
)

// TestCurlDecodesEventByEvent: a reader that is built on zlib shows each event before the next one is sent, and is
// content with the end.
func TestCurlDecodesEventByEvent(t *testing.T) {
	program, err := exec.LookPath("curl")
	if err != nil {
		t.Fatalf("this test needs curl: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // a hang guard
	defer cancel()
	events := [][]byte{[]byte(":\n"), text(722), noise(300), text(200_000), []byte(":\n"), noise(70_000), text(20)}
	shown := make(chan struct{}, 1) // so that a handler that gave up holds nobody up
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept-Encoding") == "" {
			t.Error("curl does not ask for a coding")
		}
		w.Header().Set("Content-Encoding", "gzip")
		var sum gzipSum
		send := func(d *deflated) {
			_, _ = w.Write(d.bytes(FormEvent)) // what does not arrive is missed below
			_ = http.NewResponseController(w).Flush()
			sum.add(d)
		}
		send(gzipHeader)
		for _, event := range events {
			send(deflate(event, len(event) > len(":\n")))
			select {
			case <-shown:
			case <-ctx.Done():
				return
			}
		}
		send(sum.trailer())
	}))
	defer server.Close()

	curl := exec.CommandContext(ctx, program, "-sS", "-N", "--compressed", server.URL)
	var complaints bytes.Buffer
	curl.Stderr = &complaints
	stdout, err := curl.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := curl.Start(); err != nil {
		t.Fatal(err)
	}
	for i, event := range events {
		got := make([]byte, len(event))
		if _, err := io.ReadFull(stdout, got); err != nil || !bytes.Equal(got, event) {
			t.Errorf("event %d: read %.50q: %v", i, got, err)
			cancel()
			break
		}
		shown <- struct{}{}
	}
	rest, err := io.ReadAll(stdout)
	if err != nil || len(rest) > 0 {
		t.Errorf("behind the events: %.50q, %v", rest, err)
	}
	if err := curl.Wait(); err != nil {
		t.Errorf("curl: %v: %s", err, &complaints)
	}
}
