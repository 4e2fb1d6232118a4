package main

import (
	"encoding/json"
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
