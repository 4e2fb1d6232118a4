package protocol_test

import (
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// nginxConf is how nginx is mostly configured in front of a hub: not at all, or to speak HTTP/1.1 to it.
const nginxConf = `
daemon off;
worker_processes 1;
pid nginx.pid;
error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path body;
	proxy_temp_path proxy;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	server {
		listen unix:%[1]s;
		location /1.0/ {
			proxy_pass %[2]s/;
		}
		location /1.1/ {
			proxy_pass %[2]s/;
			proxy_http_version 1.1;
			proxy_set_header Connection "";
		}
	}
}
`

// startNginx puts nginx in front of the server at url, and returns a transport to it.
func startNginx(t *testing.T, url string) *http.Transport {
	t.Helper()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // is not in everybody's PATH
	}
	dir := t.TempDir()
	socket, conf := filepath.Join(dir, "s"), filepath.Join(dir, "conf")
	if err := os.WriteFile(conf, fmt.Appendf(nil, nginxConf, socket, url), 0o600); err != nil {
		t.Fatal(err)
	}
	nginx := exec.Command(program, "-p", dir, "-e", "stderr", "-c", conf)
	complaints := new(strings.Builder)
	nginx.Stderr = complaints
	if err := nginx.Start(); err != nil {
		t.Fatalf("this test needs nginx: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- nginx.Wait() }()
	t.Cleanup(func() {
		_ = nginx.Process.Signal(syscall.SIGTERM) // it may have ended
		if err := wait(t, ended, "the end of nginx"); err != nil {
			t.Errorf("nginx: %v: %s", err, complaints)
		}
	})
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	poll := time.NewTicker(10 * time.Millisecond)
	defer poll.Stop()
	for {
		if conn, err := dial(t.Context(), "", ""); err == nil {
			conn.Close()
			break
		}
		select {
		case <-poll.C:
		case err := <-ended:
			ended <- err
			t.Fatal("nginx does not start")
		}
	}
	transport := &http.Transport{DialContext: dial, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// wantNext reads what is on the wire next.
func wantNext(t testing.TB, in io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(in, got); err != nil || string(got) != want {
		t.Fatalf("read %q, %v; want %q", got[:n], err, want)
	}
}

// wantEnd reads what is on the wire up to its end.
func wantEnd(t testing.TB, in io.Reader, want string) {
	t.Helper()
	if rest, err := io.ReadAll(in); err != nil || !regexp.MustCompile("^(?:"+want+")$").Match(rest) {
		t.Errorf("up to the end %q, %v; want %s", rest, err, want)
	}
}

// TestNginx: behind nginx, also as it comes, each event arrives when it is published, compression passes, and a proper
// end is one for the client.
func TestNginx(t *testing.T) {
	for _, m := range []mode{modeHTTP1, modeTaken, modeBare} {
		t.Run(string(m), func(t *testing.T) {
			for _, upstream := range []string{"1.0", "1.1"} {
				for _, coding := range []string{"identity", "gzip"} {
					t.Run(upstream+" "+coding, func(t *testing.T) { testNginx(t, m, upstream, coding) })
				}
			}
		})
	}
}

func testNginx(t *testing.T, m mode, upstream, coding string) {
	versions := make(chan string, 100)
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{TakeOver: m.takesOver()})
	if err != nil {
		t.Fatal(err)
	}
	url, _ := listen(t, m, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		versions <- r.Proto
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(func() { h.Close() })
	s := &server{hub: h, url: "http://nginx/" + upstream + "/", transport: startNginx(t, url)}

	open := func() (*http.Response, io.Reader) {
		t.Helper()
		resp := s.request(t, http.MethodGet, "topic=a", "", "Accept-Encoding", coding)
		if got := wait(t, versions, "a request"); got != "HTTP/"+upstream {
			t.Fatalf("nginx speaks %s", got)
		}
		if got := resp.Header.Get("Content-Type"); resp.StatusCode != http.StatusOK || got != "text/event-stream" {
			t.Fatalf("%s, %s", resp.Status, got)
		}
		body := io.Reader(resp.Body)
		if got := resp.Header.Get("Content-Encoding"); (got == "gzip") != (coding == "gzip") {
			t.Fatalf("Content-Encoding %q", got)
		} else if got != "" {
			if body, err = gzip.NewReader(resp.Body); err != nil {
				t.Fatal(err)
			}
		}
		wantNext(t, body, ":\n")
		return resp, body
	}
	_, body := open()
	for i := range 30 {
		text := strings.Repeat("x", i*i*i)
		id := s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "event " + text})
		wantNext(t, body, "id: "+id+"\ndata: event "+text+"\n\n") // before the next is published
	}

	gone, _ := open() // who leaves nginx is let go of by the hub
	gone.Body.Close()
	for len(subscribers(t, h)) != 1 {
		s.publish(t, eventlog.Update{Topics: []string{"b"}}) // a turn for every shard
	}

	if err := h.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	wantEnd(t, body, `retry: \d{4}\n\n`)
	resp := s.request(t, http.MethodGet, "topic=a", "")
	wantProblem(t, resp, http.StatusServiceUnavailable, "", "shutting down")
	if resp.Header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
}

// TestNginxCut: a stream that was cut does not look complete through nginx. Over HTTP/1.0 only a reset can tell, which is
// for sockets; whoever reads events takes none that is not complete.
func TestNginxCut(t *testing.T) {
	for _, m := range []mode{modeHTTP1, modeTaken, modeBare} {
		t.Run(string(m), func(t *testing.T) {
			j := newJournal()
			h := newHub(t, hub.Options{Fanout: fanout.Options{Observer: j.observer()}})
			handler, err := protocol.Handler(h, protocol.Options{TakeOver: m.takesOver()})
			if err != nil {
				t.Fatal(err)
			}
			url, _ := listen(t, m, handler)
			t.Cleanup(func() { h.Close() })
			transport := startNginx(t, url)
			streams := map[string]*reader{}
			upstreams := []string{"1.1"}
			if m == modeTaken {
				upstreams = append(upstreams, "1.0")
			}
			for _, upstream := range upstreams {
				s := &server{hub: h, url: "http://nginx/" + upstream + "/", transport: transport}
				streams[upstream] = s.subscribe(t, "topic=a")
				wait(t, j.live, "the stream")
			}
			for range 300 { // more than everything between takes, and nobody reads
				publish(t, h, eventlog.Update{Topics: []string{"a"}, Data: strings.Repeat("x", 100_000)})
			}
			for range streams {
				wait(t, j.behind, "the stream is behind")
			}
			if err := h.Close(); err != nil {
				t.Error(err)
			}
			for upstream, r := range streams {
				for err == nil {
					_, err = r.decoder.Decode()
				}
				if err == io.EOF {
					t.Errorf("upstream HTTP/%s: the stream looks complete", upstream)
				}
				err = nil
			}
		})
	}
}
