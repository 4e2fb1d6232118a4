package server_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// openLog opens a log in dir. It is closed by whom it is given to.
func openLog(t *testing.T, dir string) *disk.Log {
	t.Helper()
	log, err := disk.Open(dir, disk.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// backup asks for a backup.
func backup(t *testing.T, client *http.Client, url string, header ...string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	return resp.StatusCode, text(t, resp)
}

// What was answered before the call is in the copy, whatever goes on meanwhile.
func TestBackupOfARunningHub(t *testing.T) {
	backups := filepath.Join(t.TempDir(), "backups")
	s, client := modes[0].listen(t, server.Options{Grace: patience})
	running := serve(t, s, newDev(t, server.DevOptions{Log: openLog(t, t.TempDir()), BackupDir: backups}))

	var publishers sync.WaitGroup
	var answered [4]atomic.Int64
	stop := make(chan struct{})
	for p := range answered {
		publishers.Go(func() {
			for n := int64(1); ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				publish(t, client, s.URL(), "a", fmt.Sprintf("%d %d", p, n))
				answered[p].Store(n)
			}
		})
	}
	for round := range 3 {
		// Publishing goes on: every publisher has got further since the last copy.
		var before [4]int64
		for p := range answered {
			for from := answered[p].Load(); answered[p].Load() < from+20; {
				publish(t, client, s.URL(), "b", "in between")
			}
			before[p] = answered[p].Load()
		}
		status, body := backup(t, client, fmt.Sprintf("%sdebug/backup?name=copy-%d", s.URL(), round))
		var done struct {
			Path string
			Head uint64
		}
		if status != http.StatusOK || json.Unmarshal([]byte(body), &done) != nil {
			t.Fatalf("status %d, %s", status, body)
		}
		if want := filepath.Join(backups, fmt.Sprintf("copy-%d", round)); done.Path != want {
			t.Errorf("the copy is at %s, want %s", done.Path, want)
		}
		checkCopy(t, done.Path, done.Head, before)
	}
	close(stop)
	publishers.Wait()
	running.stop()
	if err := running.wait(t); err != nil {
		t.Error(err)
	}
}

// checkCopy opens a copy as a hub would, and looks for what each publisher had been answered.
func checkCopy(t *testing.T, dir string, head uint64, want [4]int64) {
	t.Helper()
	log := openLog(t, dir)
	defer log.Close()
	if log.Head() < head {
		t.Errorf("the copy's head is %d, and the answer says %d", log.Head(), head)
	}
	filter := &eventlog.Filter{Matchers: topic.Matchers{topic.Exact("a")}, Grant: topic.All()}
	var got [4]int64
	for after := uint64(0); after < log.Head(); {
		chunk, err := log.Read(t.Context(), eventlog.ReadRequest{After: after, To: math.MaxUint64, Filter: filter})
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range chunk.Records {
			var p int
			var n int64
			if _, err := fmt.Sscan(r.Data, &p, &n); err != nil || n != got[p]+1 {
				t.Fatalf("the copy has %q behind number %d, %v", r.Data, got[p], err)
			}
			got[p] = n
		}
		after = chunk.ScannedTo
	}
	for p := range got {
		if got[p] < want[p] || want[p] < 20 {
			t.Errorf("publisher %d: the copy ends with number %d, and %d had been answered", p, got[p], want[p])
		}
	}
}

func TestBackupRefuses(t *testing.T) {
	dir := t.TempDir()
	s, client := modes[0].listen(t, server.Options{})
	serve(t, s, newDev(t, server.DevOptions{Log: openLog(t, t.TempDir()), BackupDir: dir}))
	const call = "debug/backup"
	if status, body := backup(t, client, s.URL()+call+"?name=taken"); status != http.StatusOK {
		t.Fatalf("status %d, %s", status, body)
	}
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for query, want := range map[string]int{
		"":                                  http.StatusBadRequest,
		"?name=":                            http.StatusBadRequest,
		"?name=..":                          http.StatusBadRequest,
		"?name=.hidden":                     http.StatusBadRequest,
		"?name=a/b":                         http.StatusBadRequest,
		"?name=..%2Fb":                      http.StatusBadRequest,
		"?name=a%5Cb":                       http.StatusBadRequest,
		"?name=a%00b":                       http.StatusBadRequest,
		"?name=" + strings.Repeat("a", 101): http.StatusBadRequest,
		"?name=taken":                       http.StatusConflict,
		"?name=file":                        http.StatusConflict,
	} {
		if status, body := backup(t, client, s.URL()+call+query); status != want {
			t.Errorf("%q: status %d, %s, want %d", query, status, body, want)
		}
	}
	// A page of another site could send this without being asked.
	if status, _ := backup(t, client, s.URL()+call+"?name=x", "Origin", "https://example.com"); status != http.StatusForbidden {
		t.Errorf("from another origin: status %d", status)
	}
	if resp := get(t, client, s.URL()+call+"?name=x"); resp.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("GET: %s", resp.Status)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("the directory has %v, %v, want the one copy and the file", entries, err)
	}
}

func TestNoBackupsUnlessToldSo(t *testing.T) {
	s, client := modes[0].listen(t, server.Options{})
	serve(t, s, newDev(t, server.DevOptions{Log: openLog(t, t.TempDir())}))
	if status, _ := backup(t, client, s.URL()+"debug/backup?name=x"); status != http.StatusNotFound {
		t.Errorf("status %d, want 404", status)
	}
}

// A backup that fails is told in the log; what the system says is not for everybody.
func TestBackupFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s, client := modes[0].listen(t, server.Options{})
	serve(t, s, newDev(t, server.DevOptions{Log: openLog(t, t.TempDir()), BackupDir: filepath.Join(file, "below")}))
	if status, body := backup(t, client, s.URL()+"debug/backup?name=x"); status != http.StatusInternalServerError || strings.Contains(body, file) {
		t.Errorf("status %d, %s", status, body)
	}
}

// A log outlives the process that had it.
func TestDevClosesItsLog(t *testing.T) {
	dir := t.TempDir()
	for _, want := range []int{1, 2} {
		s, client := modes[0].listen(t, server.Options{})
		running := serve(t, s, newDev(t, server.DevOptions{Log: openLog(t, dir)}))
		publish(t, client, s.URL(), "a", "x")
		resp := get(t, client, s.URL()+hubPath+"?topic=a&last_event_id=earliest")
		events := sse.NewDecoder(resp.Body, sse.Options{})
		for range want {
			if event, err := events.Decode(); err != nil || event.Data != "x" {
				t.Errorf("received %+v, %v", event, err)
			}
		}
		running.stop()
		if event, err := events.Decode(); err != io.EOF {
			t.Errorf("behind %d updates: %+v, %v, want io.EOF", want, event, err)
		}
		if err := running.wait(t); err != nil {
			t.Error(err)
		}
	}
	if d, err := server.NewDev(server.DevOptions{Log: openLog(t, dir), MaxBodyBytes: -1}); err == nil {
		t.Error("a negative MaxBodyBytes was accepted")
		_ = d.Shutdown(t.Context())
	}
	log := openLog(t, dir) // fails unless NewDev has closed it
	log.Close()
}
