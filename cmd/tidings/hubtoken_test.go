package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A hub that wants tokens gets the one in the file, as it is at that moment.
func TestTokenFile(t *testing.T) {
	h, _ := startSite(t, t.TempDir())
	file := filepath.Join(t.TempDir(), "token")
	publish := []string{"publish", "--hub", h.url, "--token-file", file, "--topic", "a", "--private", "--data", "hi"}
	_, stderr, code := runBinary(t, publish...)
	if code != exitFailure {
		t.Errorf("without the file: exit code %d", code)
	}
	isOneLine(t, stderr, "reading the token: open")
	_, stderr, code = runBinary(t, "subscribe", "--hub", h.url, "--token-file", file, "a")
	if code != exitFailure {
		t.Errorf("without the file: exit code %d", code)
	}
	isOneLine(t, stderr, "reading the token: open")

	for text, want := range map[string]int{"nonsense": exitRefused, tokenOf(t, "user") + "\n": exitOK} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, stderr, code := runBinary(t, publish...); code != want {
			t.Errorf("with %q: exit code %d, want %d: %s", text, code, want, stderr)
		}
	}

	if err := os.WriteFile(file, []byte(tokenOf(t, "user")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	stdout, stderr, code := runBinary(t, "subscribe", "--hub", h.url, "--token-file", file, "a", "--last-event-id=earliest", "--count=1")
	if code != exitOK || !strings.HasSuffix(stdout, "\tmessage\thi\n") || stderr != "" {
		t.Errorf("exit code %d, received %q and %q", code, stdout, stderr)
	}
}

// A URL may have a token, which is nobody's business who sees the error.
func TestUnreachableDoesNotShowTheQuery(t *testing.T) {
	_, stderr, code := runBinary(t, "publish", "--hub", "http://127.0.0.1:1/?authorization=secret", "--topic=a", "--data=x")
	if code != exitUnreachable || strings.Contains(stderr, "secret") {
		t.Errorf("exit code %d, said %q", code, stderr)
	}
	isOneLine(t, stderr, "cannot reach the hub at http://127.0.0.1:1/")
}
