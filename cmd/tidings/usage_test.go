package main

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	tests := []struct {
		command string
		want    []string
	}{
		{"", []string{"demo", "serve", "publish", "subscribe", "log", "token", "version", "Exit codes:", "130"}},
		{"demo", []string{"--addr=", "$TIDINGS_ADDR", "127.0.0.1:8080", "curl -N http://127.0.0.1:8080/clocks"}},
		{"serve", []string{
			"--dev", "--data=", "$TIDINGS_DATA", "--tls-cert=", "--heartbeat=", "(default 15s, $TIDINGS_HEARTBEAT)",
			"--max-connections=", "--trusted-proxy=", "--notsent=", "$TIDINGS_MAX_PER_ADDRESS",
		}},
		{"publish", []string{"--topic=", "--data=", "--hub=", "$TIDINGS_HUB", "standard input", "exit codes"}},
		{"subscribe", []string{"<topic> ...", "--last-event-id=", "--json", "$TIDINGS_SUBSCRIBE_TOPIC", "exit codes"}},
		{"log", []string{"info", "check", "tail", "dump", "restore", "purge"}},
		{"log info", []string{"<dir>", "--json", "$TIDINGS_LOG_DIR"}},
		{"log check", []string{"<dir>"}},
		{"log tail", []string{"-n", "--json"}},
		{"log dump", []string{"<dir>"}},
		{"log restore", []string{"--retain="}},
		{"log purge", []string{"--topic=", "--id="}},
		{"token", []string{"mint", "explain", "keys"}},
		{"token mint", []string{"--jwt-secret=", "$TIDINGS_JWT_SECRET", "--private-key=", "--legacy"}},
		{"token explain", []string{"[<token>]", "--jwks-url=", "standard input", "exit code is 3"}},
		{"token keys", []string{"--algorithm=", "--out="}},
		{"version", []string{"--json"}},
	}
	for _, tt := range tests {
		t.Run(tt.command, func(t *testing.T) {
			stdout, stderr, code := runBinary(t, strings.Fields(tt.command+" --help")...)
			if code != exitOK || stderr != "" {
				t.Errorf("exit code %d, wrote %q to standard error", code, stderr)
			}
			if tt.command != "" {
				tt.want = append(tt.want, "Examples:\n\n    tidings "+tt.command)
			}
			for _, want := range tt.want {
				if !strings.Contains(stdout, want) {
					t.Errorf("no %q in\n%s", want, stdout)
				}
			}
			for line := range strings.Lines(stdout) {
				if len(line) > 101 {
					t.Errorf("line of %d bytes: %s", len(line), line)
				}
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	tests := []struct {
		name string
		args []string
		env  []string
		want string
	}{
		{"nothing", nil, nil, `expected one of "demo", "serve", "publish", "subscribe", "log", ... (see tidings --help)`},
		{"no such command", []string{"server"}, nil, "(see tidings --help)"},
		{"no such flag", []string{"serve", "--heartbat", "1s"}, nil, `did you mean "--heartbeat"? (see tidings serve --help)`},
		{"no place", []string{"serve", "--dev", "--data", ""}, nil, "--data is empty"},
		{"no such policy", []string{"serve", "--dev", "--sync", "often"}, nil, `--sync must be one of "always","interval","never"`},
		{"no such rule", []string{"serve", "--dev", "--retain", "forever:topic=a"}, nil, "it must be like"},
		{"purge of nothing", []string{"log", "purge", "dir"}, nil, "give --topic or --id"},
		{"not a duration", []string{"serve", "--dev"}, []string{"TIDINGS_STALL=long"}, "TIDINGS_STALL"},
		{"not a size", []string{"serve", "--dev", "--window-bytes", "much"}, nil, "--window-bytes"},
		{"half of TLS", []string{"demo", "--tls-key", "key.pem"}, nil, "--tls-cert and --tls-key go together"},
		{"no topic to publish to", []string{"publish", "--data", "x"}, nil, "--topic"},
		{"no topic to subscribe to", []string{"subscribe"}, nil, `expected "<topic> ..."`},
		{"no hub", []string{"subscribe", "a", "--hub", "nowhere"}, nil, "--hub"},
		{"too much", []string{"version", "please"}, nil, "unexpected argument please"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := invocation{args: tt.args, env: tt.env}.run(t)
			if code != exitUsage || stdout != "" {
				t.Errorf("exit code %d, wrote %q, want %d and nothing", code, stdout, exitUsage)
			}
			isOneLine(t, stderr, tt.want)
		})
	}
}

// The settings of one command are none of another's.
func TestForeignEnvironmentIsLeftAlone(t *testing.T) {
	stdout, stderr, code := invocation{args: []string{"version"}, env: []string{
		"TIDINGS_HEARTBEAT=often", "TIDINGS_TLS_CERT=cert.pem", "TIDINGS_DATA=paper",
	}}.run(t)
	if code != exitOK || stdout == "" {
		t.Errorf("exit code %d, wrote %q and %q", code, stdout, stderr)
	}
}

func TestMissingCertificate(t *testing.T) {
	_, stderr, code := runBinary(t, "demo", "--addr", "127.0.0.1:0", "--tls-cert", "no.pem", "--tls-key", "no.key")
	if code != exitFailure {
		t.Errorf("exit code %d, want %d", code, exitFailure)
	}
	isOneLine(t, stderr, `"no.pem"`)
}
