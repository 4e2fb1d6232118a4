package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/conformance/suite"
	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// page is a server that is no hub: it has a page and takes everything for it.
func page(t *testing.T) string {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write([]byte("a page"))
	}))
	server.Config.Protocols = new(http.Protocols)
	server.Config.Protocols.SetHTTP1(true)
	server.Config.Protocols.SetUnencryptedHTTP2(true)
	server.Start()
	t.Cleanup(server.Close)
	return server.URL + "/.well-known/mercure"
}

func TestExitCodes(t *testing.T) {
	url := page(t)
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	tests := []struct {
		name   string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"passed", []string{"-url", url, "-run", "^2/page"}, exitPassed, "pass", ""},
		{"failed", []string{"-url", url, "-run", "1.4/status|1.4/body"}, exitFailed, "fail", ""},
		{"not run", []string{"-url", url, "-run", "^2/page", "-without", "page"}, exitPassed, "not run", ""},
		{"by name", []string{"-url", url, "-run", "a page at the root"}, exitPassed, "1 rules: 2 runs passed", ""},
		{"list", []string{"-list", "-run", "1.4/private-presence"}, exitPassed, "1.4 private is presence-only", ""},
		{"list by level", []string{"-list", "-levels", "should", "-run", "1.4/"}, exitPassed, "1 rules", ""},
		{"help", []string{"-help"}, exitPassed, "", "-issuer"},
		{"no URL", nil, exitUsage, "", "Config.URL"},
		{"URL without a path", []string{"-url", "http://localhost"}, exitUsage, "", "Config.URL"},
		{"no such flag", []string{"-x"}, exitUsage, "", "-x"},
		{"no flag", []string{"x"}, exitUsage, "", `"x"`},
		{"no such dialect", []string{"-url", url, "-dialects", "2.0"}, exitUsage, "", "Config.Dialects"},
		{"no such version", []string{"-url", url, "-http", "3"}, exitUsage, "", "Config.Protocols"},
		{"no such feature", []string{"-url", url, "-without", "x"}, exitUsage, "", "Config.Without"},
		{"no such level", []string{"-url", url, "-levels", "x"}, exitUsage, "", "-levels"},
		{"no such rule", []string{"-url", url, "-run", "^x$"}, exitUsage, "", "no rule"},
		{"bad expression", []string{"-url", url, "-run", "("}, exitUsage, "", "-run"},
		{"nobody there", []string{"-url", gone.URL + "/hub", "-run", "page"}, exitUnreachable, "", "cannot be reached"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			if code := run(t.Context(), tt.args, &stdout, &stderr); code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.Contains(stdout.String(), tt.stdout) || tt.stdout == "" && stdout.Len() > 0 {
				t.Errorf("stdout: want %q in\n%s", tt.stdout, stdout.String())
			}
			if !strings.Contains(stderr.String(), tt.stderr) || tt.stderr == "" && stderr.Len() > 0 {
				t.Errorf("stderr: want %q in\n%s", tt.stderr, stderr.String())
			}
		})
	}
}

func TestJSON(t *testing.T) {
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), []string{"-url", page(t), "-json", "-run", "2/page|1.4/body", "-http", "2"}, &stdout, &stderr)
	if code != exitFailed || stderr.Len() > 0 {
		t.Fatalf("exit code %d, stderr %s", code, stderr.String())
	}
	var got struct {
		Rules, Passed, Failed, NotRun int
		Results                       []result
	}
	if err := json.Unmarshal(stdout.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Rules != 2 || got.Passed != 1 || got.Failed != 2 || got.NotRun != 0 || len(got.Results) != 3 {
		t.Errorf("counts of %s", stdout.String())
	}
	first := got.Results[0]
	first.Millis = 0
	want := result{
		ID: "1.4/body", Section: "1.4", Name: "the answer is the id and nothing else", Level: suite.Must,
		Dialect: suite.Modern, Protocol: suite.HTTP2, Outcome: suite.Failed, Why: first.Why,
	}
	if first != want || first.Why == "" {
		t.Errorf("got %+v, want %+v", first, want)
	}
}
