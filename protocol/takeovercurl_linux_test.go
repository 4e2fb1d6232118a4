package protocol_test

import (
	"bytes"
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// TestTakenCurl: curl shows each event as it is published, and is content with the end.
func TestTakenCurl(t *testing.T) {
	const date = "Mon, 01 Jan 2024 00:00:00 GMT"
	head := func(lines ...string) string { return strings.Join(lines, "\r\n") + "\r\n\r\n" }
	plain := func(text string) string { return text }
	tests := []struct {
		name  string
		args  []string
		first string
		each  func(event string) string
		last  string
	}{
		{"-N", nil, ":\n", plain, `retry: \d{4}\n\n`},
		{"-N, HTTP/1.0", []string{"--http1.0"}, ":\n", plain, `retry: \d{4}\n\n`},
		{"-N --compressed", []string{"--compressed"}, ":\n", plain, `retry: \d{4}\n\n`},
		{"-N --compressed, HTTP/1.0", []string{"--compressed", "--http1.0"}, ":\n", plain, `retry: \d{4}\n\n`},
		{
			"as it is on the wire",
			[]string{"--raw", "--include"},
			head("HTTP/1.1 200 OK", "Accept-Query: application/x-www-form-urlencoded", "Cache-Control: no-store", "Connection: close", "Content-Type: text/event-stream",
				"Date: "+date, "Transfer-Encoding: chunked", "Vary: Accept-Encoding", "X-Accel-Buffering: no") + chunk(":\n"),
			chunk,
			`d\r\nretry: \d{4}\n\n\r\n0\r\n\r\n`,
		},
	}
	takenOver(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				s := serveTaken(t, m, hub.Options{}, protocol.Options{}, func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("Date", date)
						next.ServeHTTP(w, r)
					})
				})
				program, err := exec.LookPath("curl")
				if err != nil {
					t.Fatalf("this test needs curl: %v", err)
				}
				args := append([]string{"-sS", "-N", "--max-time", "60", s.url + "/?topic=a"}, tt.args...)
				curl := exec.CommandContext(t.Context(), program, args...)
				var complaints bytes.Buffer
				curl.Stderr = &complaints
				stdout, err := curl.StdoutPipe()
				if err != nil {
					t.Fatal(err)
				}
				if err := curl.Start(); err != nil {
					t.Fatal(err)
				}
				wantNext(t, stdout, tt.first)
				for i := range 20 {
					text := "event" + strings.Repeat("x", i*i*i)
					id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: text})
					wantNext(t, stdout, tt.each("id: "+id+"\ndata: "+text+"\n\n"))
				}
				if err := s.hub.Shutdown(t.Context()); err != nil {
					t.Error(err)
				}
				wantEnd(t, io.Reader(stdout), tt.last)
				if err := curl.Wait(); err != nil {
					t.Errorf("curl: %v: %s", err, &complaints)
				}
				if n := s.hijacked.Load(); n != 1 {
					t.Errorf("%d connections were taken over", n)
				}
			})
		}
	})
}
