package main

import (
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"io"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	stdout, _, code := runBinary(t, "version")
	if code != exitOK || !strings.HasPrefix(stdout, "tidings ") || !strings.Contains(stdout, runtime.Version()) {
		t.Errorf("exit code %d, wrote %q", code, stdout)
	}
	stdout, _, code = runBinary(t, "version", "--json")
	var v buildVersion
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || code != exitOK {
		t.Fatalf("exit code %d, wrote %q: %v", code, stdout, err)
	}
	if v.Version == "" || v.Go != runtime.Version() {
		t.Errorf("version %+v", v)
	}
}

// TestVersionAssets: what is printed is what a hub serves.
func TestVersionAssets(t *testing.T) {
	stdout, _, code := runBinary(t, "version", "--assets", "--json")
	var scripts []struct{ Path, Integrity string }
	if err := json.Unmarshal([]byte(stdout), &scripts); err != nil || code != exitOK || len(scripts) < 4 {
		t.Fatalf("exit code %d, wrote %q: %v", code, stdout, err)
	}
	text, _, _ := runBinary(t, "version", "--assets")
	h := startHub(t)
	for _, s := range scripts {
		resp, err := client(t, onlyHTTP1, nil).Get(h.base + s.Path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		sum := sha512.Sum384(body)
		if got := "sha384-" + base64.StdEncoding.EncodeToString(sum[:]); err != nil || got != s.Integrity {
			t.Errorf("%s: %s, %s, want %s, %v", s.Path, resp.Status, got, s.Integrity, err)
		}
		if !strings.Contains(text, s.Path+" "+s.Integrity+"\n") {
			t.Errorf("%s is not in the text", s.Path)
		}
	}
}

func TestVersionText(t *testing.T) {
	tests := []struct {
		name string
		info debug.BuildInfo
		want string
	}{
		{
			"release",
			debug.BuildInfo{GoVersion: "go1.26.11", Main: debug.Module{Version: "v1.2.3"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.modified", Value: "false"},
			}},
			"tidings v1.2.3 (go1.26.11, revision 0123abc)",
		},
		{
			"modified source",
			debug.BuildInfo{GoVersion: "go1.26.11", Main: debug.Module{Version: "(devel)"}, Settings: []debug.BuildSetting{
				{Key: "vcs.revision", Value: "0123abc"}, {Key: "vcs.modified", Value: "true"},
			}},
			"tidings (devel) (go1.26.11, revision 0123abc, modified)",
		},
		{"without a repository", debug.BuildInfo{GoVersion: "go1.26.11"}, "tidings (go1.26.11)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := versionOf(&tt.info).String(); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}
