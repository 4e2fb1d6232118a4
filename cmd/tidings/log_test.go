package main

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// filledLog returns the directory of a log with n updates, numbered from 1, of the topics a and b in turn, the first
// of them with an id of its own.
func filledLog(t *testing.T, n int, args ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "log")
	h := startHub(t, append([]string{"--data", dir}, args...)...)
	for i := range n {
		update := []string{"--topic", string(rune('a' + i%2)), "--data", fmt.Sprint(i + 1)}
		if i == 0 {
			update = append(update, "--id", "first", "--retry", "1500ms", "--private", "--type", "kind")
		}
		h.publish(t, update...)
	}
	h.endsInOrder(t, syscall.SIGTERM)
	return dir
}

// tool runs tidings log, which must succeed, and returns what it prints.
func tool(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, code := runBinary(t, append([]string{"log"}, args...)...)
	if code != exitOK || stderr != "" {
		t.Fatalf("%q ended with %d: %s%s", args, code, stdout, stderr)
	}
	return stdout
}

func TestLogInfo(t *testing.T) {
	dir := filledLog(t, 3, "--retain", "newest:topic=b")
	stdout := tool(t, "info", dir)
	for _, want := range []string{
		"directory  " + dir, "updates    3", "up to 3, complete from 1", "epochs     1", "all others", "exact:b (newest only)",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	var info struct {
		Head, Floor, Records int64
		Lineage              []struct{ Epoch string }
		Classes              []struct{ Records int64 }
	}
	if err := json.Unmarshal([]byte(tool(t, "info", "--json", dir)), &info); err != nil {
		t.Fatal(err)
	}
	if info.Head != 3 || info.Floor != 1 || info.Records != 3 || len(info.Lineage) != 1 || len(info.Classes) != 2 {
		t.Errorf("info is %+v", info)
	}
}

func TestLogTail(t *testing.T) {
	dir := filledLog(t, 5)
	if got := tool(t, "tail", "-n", "2", dir); !strings.HasSuffix(got, "\tmessage\t5\n") || strings.Count(got, "\n") != 2 {
		t.Errorf("the newest two are\n%s", got)
	}
	got := tool(t, "tail", "--json", dir)
	if strings.Count(got, "\n") != 5 || !strings.Contains(got, `"topics":["a"],"private":true,"id":"first","type":"kind","data":"1","retry":"1.5s"}`) {
		t.Errorf("everything is\n%s", got)
	}
	tool(t, "purge", dir, "--topic", "b")
	if got := tool(t, "tail", "-n", "2", dir); !strings.Contains(got, "\t3\n") || !strings.HasSuffix(got, "\t5\n") || strings.Count(got, "\n") != 2 {
		t.Errorf("the newest two of a log with holes are\n%s", got)
	}
	tool(t, "purge", dir, "--topic", "a")
	if got := tool(t, "tail", dir); got != "" {
		t.Errorf("an empty log has\n%s", got)
	}
}

// A dump is all there is: the log made of it goes on where the other one ended, for subscribers too.
func TestLogDumpAndRestore(t *testing.T) {
	dir := filledLog(t, 5)
	copied := filepath.Join(t.TempDir(), "deep", "copy")
	dump := tool(t, "dump", dir)
	restore := func(dir, dump string) (string, string, int) {
		return invocation{args: []string{"log", "restore", dir}, stdin: strings.NewReader(dump)}.run(t)
	}
	stdout, stderr, code := restore(copied, dump)
	if want := "restored 5 updates to " + copied + "\n"; code != exitOK || stdout != want {
		t.Fatalf("restore ended with %d, wrote %q and %q, want %q", code, stdout, stderr, want)
	}
	if diff := cmp.Diff(dump, tool(t, "dump", copied)); diff != "" {
		t.Errorf("the dump of the copy (-want +got):\n%s", diff)
	}

	lines := strings.SplitAfter(dump, "\n")
	var second recordLine
	if err := json.Unmarshal([]byte(lines[2]), &second); err != nil {
		t.Fatal(err)
	}
	h := startHub(t, "--data", copied)
	cursor := fmt.Sprintf("#%s.%d", second.Epoch, second.Offset)
	p := h.subscribe(t, "*", "--last-event-id", cursor, "--count", "3")
	if code := p.wait(t); code != exitOK || p.stderr.String() != "" {
		t.Errorf("subscribe ended with %d: %s", code, p.stderr.String())
	}
	for _, want := range []string{"3", "4", "5"} {
		if line := p.stdout.line(t); !strings.HasSuffix(line, "\t"+want) {
			t.Errorf("received %q, want update %s", line, want)
		}
	}

	stdout, stderr, code = restore(dir, dump)
	if code != exitFailure || stdout != "" {
		t.Errorf("restore over a log ended with %d, wrote %q", code, stdout)
	}
	isOneLine(t, stderr, "the directory is not empty")
	for name, tt := range map[string]struct {
		dump string
		code int
		want string
	}{
		"nothing":         {"", exitFailure, "cut off"},
		"something else":  {"{}\n", exitFailure, "is not what tidings log dump has printed"},
		"newer version":   {strings.Replace(dump, `"tidingsDump":1`, `"tidingsDump":2`, 1), exitNewer, "version 2"},
		"without its end": {strings.Join(lines[:5], ""), exitFailure, "cut off"},
		"half a line":     {dump[:len(dump)-30], exitFailure, "cut off"},
		"a line less":     {strings.Join(append(lines[:3:3], lines[4:]...), ""), exitFailure, "the dump has 4 updates, and its last line says 5"},
		"unknown field":   {strings.Replace(dump, `"data":"3"`, `"data":"3","weight":1`, 1), exitFailure, `line 4 of the dump: json: unknown field "weight"`},
		"bad retry":       {strings.Replace(dump, `"1.5s"`, `"soon"`, 1), exitFailure, "line 2 of the dump: retry"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "log")
			stdout, stderr, code := restore(dir, tt.dump)
			if code != tt.code || stdout != "" {
				t.Errorf("ended with %d, wrote %q", code, stdout)
			}
			isOneLine(t, stderr, tt.want)
			if names, err := os.ReadDir(dir); err == nil && len(names) > 0 {
				t.Errorf("it left %v", names)
			}
		})
	}
}

// Who comes upon what a restore that was killed has left is told what it is.
func TestInterruptedRestore(t *testing.T) {
	lines := strings.SplitAfter(tool(t, "dump", filledLog(t, 2)), "\n")
	dir := filepath.Join(t.TempDir(), "log")
	stdin, dump := io.Pipe()
	p := invocation{args: []string{"log", "restore", dir}, stdin: stdin}.start(t)
	if _, err := io.WriteString(dump, lines[0]+lines[1]); err != nil {
		t.Fatal(err)
	}
	poll := time.NewTicker(time.Millisecond)
	defer poll.Stop()
	for begun, hang := 0, time.After(patience); begun == 0; {
		select {
		case <-poll.C:
		case <-hang:
			t.Fatal("the restore does not begin")
		}
		names, _ := filepath.Glob(filepath.Join(dir, "MANIFEST-*")) // the pattern is sound
		begun = len(names)
	}
	p.signal(t, syscall.SIGKILL)
	dump.Close()
	p.wait(t)
	for _, args := range [][]string{
		{"log", "info", dir}, {"log", "purge", dir, "--topic", "a"}, {"serve", "--dev", "--addr", "127.0.0.1:0", "--data", dir},
	} {
		stdout, stderr, code := runBinary(t, args...)
		if code != exitFailure || stdout != "" {
			t.Errorf("%q ended with %d, wrote %q", args, code, stdout)
		}
		isOneLine(t, stderr, "its restore was interrupted")
	}
}

func TestLogPurge(t *testing.T) {
	dir := filledLog(t, 7, "--retain", "age=1h:topic=b", "--retain", "newest:topic=c")
	classes := func() []string {
		var info struct{ Classes []struct{ Topics []string } }
		if err := json.Unmarshal([]byte(tool(t, "info", "--json", dir)), &info); err != nil {
			t.Fatal(err)
		}
		var topics []string
		for _, class := range info.Classes {
			topics = append(topics, strings.Join(class.Topics, " "))
		}
		return topics
	}
	before := classes()
	fifth, _, _ := strings.Cut(tool(t, "tail", "-n", "3", dir), "\t")
	if got, want := tool(t, "purge", dir, "--id", "nobody's"), "erased nothing: no update is selected\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	const told = "; subscribers with an older cursor will be told of a gap\n"
	if got, want := tool(t, "purge", dir, "--topic", "b"), "erased 3 updates"+told; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if got, want := tool(t, "purge", dir, "--id", fifth), "erased 1 update"+told; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	if diff := cmp.Diff(before, classes()); diff != "" {
		t.Errorf("the log's rules (-before +after):\n%s", diff)
	}
	h := startHub(t, "--data", dir, "--retain", "age=1h:topic=b", "--retain", "newest:topic=c")
	p := h.subscribe(t, "*", "--last-event-id", "first", "--count", "2")
	if code := p.wait(t); code != exitOK {
		t.Errorf("subscribe ended with %d", code)
	}
	isOneLine(t, p.stderr.String(), "updates may be lost")
	for _, want := range []string{"3", "7"} { // what is left behind the first
		if line := p.stdout.line(t); !strings.HasSuffix(line, "\t"+want) {
			t.Errorf("received %q, want update %s", line, want)
		}
	}
}

// Purging leaves the log the rules that it had, in their order: the cursor of a topic whose rule has nothing to do
// with what was erased stays good.
func TestLogPurgeKeepsTheOrderOfRules(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	b, both := "age=1h:topic=b", []string{"--data", dir, "--retain", "age=2h:topic=c", "--retain", "age=1h:topic=b"}
	startHub(t, "--data", dir, "--retain", b).endsInOrder(t, syscall.SIGTERM)
	h := startHub(t, both...) // what is the second rule now was there before the first
	first := h.publish(t, "--topic", "c", "--data", "1")
	h.publish(t, "--topic", "b", "--data", "2")
	h.publish(t, "--topic", "c", "--data", "3")
	h.endsInOrder(t, syscall.SIGTERM)
	tool(t, "purge", dir, "--topic", "b")

	h = startHub(t, both...)
	p := h.subscribe(t, "c", "--last-event-id", first, "--count", "1")
	if code := p.wait(t); code != exitOK || p.stderr.String() != "" || !strings.HasSuffix(p.stdout.line(t), "\t3") {
		t.Errorf("subscribe ended with %d: %s%s", code, p.stdout.String(), p.stderr.String())
	}
}

func TestLogCheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "log")
	h := startHub(t, "--data", dir)
	for i := range 12 {
		noise := make([]byte, 20<<10) // tables are compressed
		_, _ = rand.Read(noise)       // never fails
		h.publish(t, "--topic", string(rune('a'+i%2)), "--data", hex.EncodeToString(noise))
	}
	h.endsInOrder(t, syscall.SIGTERM)
	if got, want := tool(t, "check", dir), dir+" is sound: 12 updates\n"; got != want {
		t.Errorf("printed %q, want %q", got, want)
	}
	tool(t, "purge", dir, "--topic", "b") // makes tables of all there is
	table := damage(t, dir)
	stdout, stderr, code := runBinary(t, "log", "check", dir)
	if code != exitFailure || stdout != "" {
		t.Errorf("ended with %d, wrote %q", code, stdout)
	}
	isOneLine(t, stderr, strings.TrimSuffix(filepath.Base(table), ".sst"))
	isOneLine(t, stderr, "damaged")
}

// damage changes bytes in the largest table of a log, and returns its name.
func damage(t *testing.T, dir string) string {
	t.Helper()
	tables, err := filepath.Glob(filepath.Join(dir, "*.sst"))
	if err != nil || len(tables) == 0 {
		t.Fatalf("no tables in %s, %v", dir, err)
	}
	var largest string
	var content []byte
	for _, name := range tables {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if len(b) > len(content) {
			largest, content = name, b
		}
	}
	copy(content[len(content)/4:], bytes.Repeat([]byte{0xff}, 64))
	if err := os.WriteFile(largest, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return largest
}

// Every command that needs the log says who has it.
func TestLogIsLocked(t *testing.T) {
	dir := t.TempDir()
	h := startHub(t, "--data", dir)
	owner := fmt.Sprintf("the log in %s is in use by process %d", dir, h.cmd.Process.Pid)
	for _, args := range [][]string{
		{"serve", "--dev", "--addr", "127.0.0.1:0", "--data", dir},
		{"log", "info", dir},
		{"log", "check", dir},
		{"log", "tail", dir},
		{"log", "dump", dir},
		{"log", "purge", dir, "--topic", "a"},
	} {
		t.Run(strings.Join(args[:2], " "), func(t *testing.T) {
			stdout, stderr, code := runBinary(t, args...)
			if code != exitLocked || stdout != "" {
				t.Errorf("ended with %d, wrote %q", code, stdout)
			}
			isOneLine(t, stderr, owner)
		})
	}
}

func TestNoLogThere(t *testing.T) {
	for _, command := range []string{"info", "check", "tail", "dump"} {
		t.Run(command, func(t *testing.T) {
			_, stderr, code := runBinary(t, "log", command, filepath.Join(t.TempDir(), "nowhere"))
			if code != exitFailure {
				t.Errorf("ended with %d", code)
			}
			isOneLine(t, stderr, "no log in")
		})
	}
}

func TestProgressBar(t *testing.T) {
	var screen bytes.Buffer
	bar := &progressBar{w: &screen}
	bar.show(0, 1000)
	bar.show(500, 1000)
	bar.show(501, 1000)
	bar.show(1000, 1000)
	bar.clear()
	want := "\r[" + strings.Repeat(" ", 40) + "]   0 % of 1000 updates" +
		"\r[" + strings.Repeat("#", 20) + strings.Repeat(" ", 20) + "]  50 % of 1000 updates" +
		"\r[" + strings.Repeat("#", 40) + "] 100 % of 1000 updates\r\x1b[K"
	if got := screen.String(); got != want {
		t.Errorf("shows %q, want %q", got, want)
	}
	silent := new(progressBar)
	silent.show(1, 2)
	silent.clear()
}

// Whatever the lines are, a dump is read as it is written or refused.
func FuzzDumpReader(f *testing.F) {
	f.Add(`{"tidingsDump":1,"head":1,"lineage":[{"epoch":"a","first":1}]}` + "\n" +
		`{"offset":1,"epoch":"a","time":"2026-01-02T15:04:05.123Z","topics":["a"],"private":true,"id":"1","data":"x","retry":"-1ns"}` + "\n" +
		`{"end":true,"updates":1}` + "\n")
	f.Add(`{"tidingsDump":1,"head":0,"lineage":null}` + "\n" + `{"end":true,"updates":0}` + "\n")
	f.Fuzz(func(t *testing.T, text string) {
		read := func(text string) (dumpHeader, []recordLine, error) {
			lines := &dumpReader{ctx: t.Context(), r: bufio.NewReader(strings.NewReader(text))}
			header, err := lines.header()
			if err != nil {
				return header, nil, err
			}
			var records []recordLine
			for r, err := range lines.records {
				if err != nil {
					return header, nil, err
				}
				records = append(records, lineOf(r))
			}
			return header, records, nil
		}
		header, records, err := read(text)
		if err != nil {
			return
		}
		var again bytes.Buffer
		for _, err := range []error{writeLine(&again, header), writeLines(&again, records), writeLine(&again, dumpEnd{true, len(records)})} {
			if err != nil {
				return // a year that JSON has no way to write
			}
		}
		header2, records2, err := read(again.String())
		if err != nil {
			t.Fatalf("%v in\n%s", err, &again)
		}
		if diff := cmp.Diff(header, header2) + cmp.Diff(records, records2); diff != "" {
			t.Errorf("read again (-before +after):\n%s", diff)
		}
	})
}

func writeLines(w io.Writer, lines []recordLine) error {
	for _, line := range lines {
		if err := writeLine(w, line); err != nil {
			return err
		}
	}
	return nil
}
