package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog/disk"
)

// dataLine returns the line in which the hub has said where its updates are.
func (h *hubProcess) dataLine() string {
	_, rest, _ := strings.Cut(h.stdout.String(), "\n")
	line, _, _ := strings.Cut(rest, "\n")
	return line
}

// A subscriber that comes back after a restart gets what it missed, and is told nothing of losses.
func TestUpdatesOutliveTheHub(t *testing.T) {
	place := t.TempDir()
	dir := filepath.Join(place, "tidings-data")
	serve := func() *hubProcess { // in the directory that is the default
		p := invocation{args: []string{"serve", "--dev", "--addr", "127.0.0.1:0"}, dir: place}.start(t)
		h := &hubProcess{process: p}
		return h.ready(t)
	}
	h := serve()
	if got, want := h.dataLine(), fmt.Sprintf("Updates are kept in %s (head 0, sync always)", dir); got != want {
		t.Errorf("the hub says %q, want %q", got, want)
	}
	first := h.publish(t, "--topic", "a", "--data", "1")
	h.publish(t, "--topic", "a", "--data", "2", "--id", "mine")
	h.endsInOrder(t, syscall.SIGTERM)

	h = serve()
	if got, want := h.dataLine(), "(head 2, sync always)"; !strings.HasSuffix(got, want) {
		t.Errorf("the hub says %q, want %s", got, want)
	}
	third := h.publish(t, "--topic", "a", "--data", "3")
	p := h.subscribe(t, "a", "--last-event-id", first, "--count", "2")
	if code := p.wait(t); code != exitOK || p.stderr.String() != "" {
		t.Errorf("subscribe ended with %d: %s", code, p.stderr.String())
	}
	if got, want := p.stdout.String(), "mine\tmessage\t2\n"+third+"\tmessage\t3\n"; got != want {
		t.Errorf("received %q, want %q", got, want)
	}
}

func TestDataInMemory(t *testing.T) {
	h := startHub(t)
	if got, want := h.dataLine(), "Updates are kept in memory: they are forgotten when the hub ends"; got != want {
		t.Errorf("the hub says %q, want %q", got, want)
	}
}

func TestServeDiskSettingsArrive(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, "--data", dir, "--sync", "never", "--retain", "newest:topic=price", "--retain", "count=2:topic=*")
	if got, want := h.dataLine(), "(head 0, sync never)"; !strings.HasSuffix(got, want) {
		t.Errorf("the hub says %q, want %s", got, want)
	}
	for i := range 6 {
		h.publish(t, "--topic", "price", "--data", fmt.Sprint("p", i))
		h.publish(t, "--topic", "chat", "--data", fmt.Sprint("c", i))
	}
	h.endsInOrder(t, syscall.SIGTERM)
	dump := tool(t, "dump", dir)
	if strings.Count(dump, `"topics":["price"]`) != 1 || !strings.Contains(dump, `"data":"p5"`) {
		t.Errorf("of prices the newest was to be kept:\n%s", dump)
	}
	if n := strings.Count(dump, `"topics":["chat"]`); n < 2 || n > 3 || strings.Contains(dump, `"data":"c0"`) {
		t.Errorf("of chats two were to be kept:\n%s", dump)
	}

	// No file system has as much: everything is refused, and said why.
	h = startHub(t, "--data", dir, "--disk-reserve", "8000000GiB")
	_, stderr, code := runBinary(t, "publish", "--hub", h.url, "--topic", "a", "--data", "x")
	if code != exitRefused {
		t.Errorf("publish ended with %d", code)
	}
	isOneLine(t, stderr, "507")
}

func TestServeRefusesALogOfANewerRelease(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, "--data", dir)
	h.publish(t, "--topic", "a", "--data", "x")
	h.endsInOrder(t, syscall.SIGTERM)
	db, err := pebble.Open(dir, &pebble.Options{Logger: silent{}})
	if err != nil {
		t.Fatal(err)
	}
	// Key and value are those of package disk.
	if err := db.Set([]byte{1, 'v'}, []byte(`{"format":99}`), pebble.Sync); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"serve", "--dev", "--addr", "127.0.0.1:0", "--data", dir}, {"log", "info", dir}} {
		stdout, stderr, code := runBinary(t, args...)
		if code != exitNewer || stdout != "" {
			t.Errorf("%q ended with %d, wrote %q", args, code, stdout)
		}
		isOneLine(t, stderr, "newer format: 99")
	}
}

// silent keeps pebble's words out of the test's.
type silent struct{}

func (silent) Infof(string, ...any)  {}
func (silent) Errorf(string, ...any) {}
func (silent) Fatalf(format string, args ...any) {
	panic(fmt.Sprintf(format, args...))
}

func TestServeRefusesADamagedLog(t *testing.T) {
	dir := filledLog(t, 4)
	tool(t, "purge", dir, "--topic", "b") // makes tables of all there is
	table := damage(t, dir)
	stdout, stderr, code := runBinary(t, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", dir)
	if code != exitFailure || stdout != "" {
		t.Errorf("ended with %d, wrote %q", code, stdout)
	}
	// Behind what the log itself has to say.
	last := stderr[strings.LastIndex(strings.TrimSuffix(stderr, "\n"), "\n")+1:]
	isOneLine(t, last, strings.TrimSuffix(filepath.Base(table), ".sst"))
	isOneLine(t, last, "cannot open the log in "+dir)
}

func TestDataIsNoDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, stderr, code := runBinary(t, "serve", "--dev", "--addr", "127.0.0.1:0", "--data", file)
	if code != exitFailure {
		t.Errorf("ended with %d", code)
	}
	isOneLine(t, stderr, file)
}

// A backup of a running hub is a log that a hub can have.
func TestBackupByTheBinary(t *testing.T) {
	dir, backups := t.TempDir(), t.TempDir()
	h := startHub(t, "--data", dir, "--backup-dir", backups)
	id := h.publish(t, "--topic", "a", "--data", "1")
	stdout, stderr, code := curl(t, "-sS", "-X", "POST", h.base+"/debug/backup?name=monday").run(t)
	var done struct {
		Path string
		Head uint64
	}
	if err := json.Unmarshal([]byte(stdout), &done); err != nil || code != 0 {
		t.Fatalf("curl ended with %d, wrote %q and %q: %v", code, stdout, stderr, err)
	}
	if want := filepath.Join(backups, "monday"); done.Path != want || done.Head != 1 {
		t.Errorf("the answer is %s, want the path %s and the head 1", stdout, want)
	}
	h.publish(t, "--topic", "a", "--data", "2")
	copied := startHub(t, "--data", done.Path)
	p := copied.subscribe(t, "a", "--last-event-id", "earliest", "--count", "1")
	if code := p.wait(t); code != exitOK || p.stdout.String() != id+"\tmessage\t1\n" {
		t.Errorf("subscribe ended with %d, received %q", code, p.stdout.String())
	}
	if resp := get(t, client(t, onlyHTTP1, nil), copied.base+"/debug/backup?name=x"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("without --backup-dir: %s", resp.Status)
	}
}

// A rule that a log has is told to its tools by its text; a rule that they misread would be lost.
func TestRuleOfClass(t *testing.T) {
	for text, want := range map[string]string{
		"exact:a:b": "exact:a:b", "any:*": "any:*", "(no rule)": "",
		"template:a/{b}": "template:a/{b}", "urlpattern:https://example.com/:a": "urlpattern:https://example.com/:a",
	} {
		rule, ok, err := ruleOf(disk.ClassInfo{Topics: []string{text}, Newest: true})
		if err != nil {
			t.Error(err)
		}
		var got bytes.Buffer
		for _, m := range rule.Topics {
			got.WriteString(m.String())
		}
		if got.String() != want || ok != (want != "") || !rule.NewestOnly {
			t.Errorf("%q is read as %+v, %v", text, rule, ok)
		}
	}
	if rule, ok, err := ruleOf(disk.ClassInfo{}); ok || err != nil {
		t.Errorf("the class of all others is read as %+v, %v", rule, err)
	}
	if rule, ok, err := ruleOf(disk.ClassInfo{Topics: []string{"later:x"}}); ok || err == nil {
		t.Errorf("a kind of a later release is read as %+v", rule)
	}
}
