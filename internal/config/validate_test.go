package config_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/internal/config"
)

func TestServeRefuses(t *testing.T) {
	tests := []struct {
		name string
		args []string
		want []string
	}{
		{
			"nobody may publish",
			[]string{"--dev=false"},
			[]string{"--dev", "--issuer", "--legacy-key", "--authorize-url", "--open-publish"},
		},
		{"tokens in development", []string{"--legacy-key", strings.Repeat("k", 32)}, []string{"--dev"}},
		{"anonymous in development", []string{"--anonymous"}, []string{"--dev"}},
		{
			"operator in development",
			[]string{"--operator-addr", "127.0.0.1:0", "--operator-token", strings.Repeat("k", 32)},
			[]string{"--dev"},
		},
		{"origin with a path", []string{"--allow-origin", "https://app.example/"}, []string{"--allow-origin"}},
		{"origin without a scheme", []string{"--allow-origin", "app.example"}, []string{"--allow-origin"}},
		{"every origin", []string{"--allow-origin", "*"}, []string{"--allow-origin"}},
		{"origin in development", []string{"--allow-origin", "https://app.example"}, []string{"--dev", "--allow-origin"}},
		{
			"backups that nobody can ask for",
			[]string{"--dev=false", "--open-publish", "--backup-dir", "b"},
			[]string{"--backup-dir", "--operator-addr"},
		},
		{"negative age of connections", []string{"--max-connection-age=-1s"}, []string{"--max-connection-age"}},
		{"public URL without a host", []string{"--public-url", "/hub"}, []string{"--public-url"}},
		{"negative per subject", []string{"--max-per-subject=-1"}, []string{"--max-per-subject"}},
		{"no revocations", []string{"--max-revocations", "0"}, []string{"--max-revocations"}},
		{"no expiry warning", []string{"--expiry-warning", "0s"}, []string{"--expiry-warning"}},
		{
			"operator's token without address",
			[]string{"--dev=false", "--open-publish", "--operator-token", "x"},
			[]string{"--operator-token", "--operator-addr"},
		},
		{
			"operator without a token",
			[]string{"--dev=false", "--open-publish", "--operator-addr", "127.0.0.1:0"},
			[]string{"--operator-addr", "--operator-token"},
		},
		{
			"operator's address without port",
			[]string{"--dev=false", "--open-publish", "--operator-addr", "127.0.0.1", "--operator-token", strings.Repeat("k", 32)},
			[]string{"--operator-addr"},
		},
		{"no port", []string{"--addr", "127.0.0.1"}, []string{"--addr"}},
		{"port by name", []string{"--addr", "127.0.0.1:http"}, []string{"--addr"}},
		{"port too high", []string{"--addr", "127.0.0.1:65536"}, []string{"--addr"}},
		{"port with sign", []string{"--addr", "127.0.0.1:+80"}, []string{"--addr"}},
		{"certificate without key", []string{"--tls-cert", "c.pem"}, []string{"--tls-cert", "--tls-key"}},
		{"key without certificate", []string{"--tls-key", "k.pem"}, []string{"--tls-cert", "--tls-key"}},
		{"no grace", []string{"--grace", "0s"}, []string{"--grace"}},
		{"negative age", []string{"--retain-age=-1s"}, []string{"--retain-age"}},
		{"negative count", []string{"--retain-count=-1"}, []string{"--retain-count"}},
		{
			"unbounded log",
			[]string{"--retain-age", "0s", "--retain-bytes", "0"},
			[]string{"--retain-age", "--retain-bytes", "--retain-count"},
		},
		{"no place", []string{"--data", ""}, []string{"--data"}},
		{"no sync interval", []string{"--sync-interval", "0s"}, []string{"--sync-interval"}},
		{"few files", []string{"--log-files", "73"}, []string{"--log-files"}},
		{"small cache", []string{"--cache-bytes", "1KiB"}, []string{"--cache-bytes"}},
		{
			"rules in memory",
			[]string{"--data", "memory", "--retain", "newest:topic=a"},
			[]string{"--retain", "--data"},
		},
		{
			"backups of memory",
			[]string{"--data", "memory", "--backup-dir", "b"},
			[]string{"--backup-dir", "--data"},
		},
		{"two rules of a topic", []string{"--retain", "newest:topic=a", "--retain", "age=1m:topic=a"}, []string{"--retain"}},
		{"rule behind all", []string{"--retain", "newest:topic=*", "--retain", "age=1m:topic=a"}, []string{"--retain"}},
		{"too many rules", sixteenRules(), []string{"--retain"}},
		{"no trimming", []string{"--trim-interval", "0s"}, []string{"--trim-interval"}},
		{"negative gap replay", []string{"--gap-replay=-1"}, []string{"--gap-replay"}},
		{"no heartbeat", []string{"--heartbeat", "0s"}, []string{"--heartbeat"}},
		{"no stall", []string{"--stall", "0s"}, []string{"--stall"}},
		{"no window", []string{"--window-bytes", "0"}, []string{"--window-bytes"}},
		{"no pending", []string{"--pending-bytes", "0"}, []string{"--pending-bytes"}},
		{"no chunk", []string{"--chunk-bytes", "0"}, []string{"--chunk-bytes"}},
		{
			"mailbox above window",
			[]string{"--mailbox-bytes", "2MiB", "--window-bytes", "1MiB"},
			[]string{"--mailbox-bytes", "--window-bytes"},
		},
		{"no return spread", []string{"--return-spread", "0s"}, []string{"--return-spread"}},
		{
			"buffers below the window",
			[]string{"--buffer-limit", "24MiB"},
			[]string{"--buffer-limit", "--window-bytes", "--kept-bytes"},
		},
		{"nothing kept", []string{"--kept-bytes", "0"}, []string{"--kept-bytes"}},
		{"negative shards", []string{"--shards=-1"}, []string{"--shards"}},
		{"no readers", []string{"--readers", "0"}, []string{"--readers"}},
		{"no topics", []string{"--max-topics", "0"}, []string{"--max-topics"}},
		{"no matchers", []string{"--max-matchers", "0"}, []string{"--max-matchers"}},
		{"no topic bytes", []string{"--max-topic-bytes", "0"}, []string{"--max-topic-bytes"}},
		{"no id bytes", []string{"--max-id-bytes", "0"}, []string{"--max-id-bytes"}},
		{"no key bytes", []string{"--max-key-bytes", "0"}, []string{"--max-key-bytes"}},
		{"no newest", []string{"--max-newest", "0"}, []string{"--max-newest"}},
		{"none behind", []string{"--max-behind", "0"}, []string{"--max-behind"}},
		{"no latest", []string{"--max-latest", "0"}, []string{"--max-latest"}},
		{"no type bytes", []string{"--max-type-bytes", "0"}, []string{"--max-type-bytes"}},
		{"no data bytes", []string{"--max-data-bytes", "0"}, []string{"--max-data-bytes"}},
		{
			"body below data",
			[]string{"--max-body-bytes", "1KiB"},
			[]string{"--max-body-bytes", "--max-data-bytes"},
		},
		{"negative connections", []string{"--max-connections=-1"}, []string{"--max-connections"}},
		{"negative subscribers", []string{"--max-subscribers=-1"}, []string{"--max-subscribers"}},
		{"negative per address", []string{"--max-per-address=-1"}, []string{"--max-per-address"}},
		{"too much not sent", []string{"--notsent", "2GiB"}, []string{"--notsent"}},
		{
			"one address above all",
			[]string{"--max-per-address", "2", "--max-subscribers", "1"},
			[]string{"--max-per-address", "--max-subscribers"},
		},
		{
			"proxies for nothing",
			[]string{"--trusted-proxy", "10.0.0.0/8"},
			[]string{"--trusted-proxy", "--max-per-address"},
		},
		{"queue below an update", []string{"--max-queue-bytes", "1MiB"}, []string{"--max-queue-bytes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flags, text := refusedFlags(t, new(config.Serve), append([]string{"--dev"}, tt.args...)...)
			if diff := cmp.Diff(tt.want, flags); diff != "" {
				t.Errorf("flags (-want +got):\n%s", diff)
			}
			for _, flag := range flags {
				if !strings.Contains(text, flag) {
					t.Errorf("%q does not name %s", text, flag)
				}
			}
			if strings.Contains(text, "\n") {
				t.Errorf("%q is more than one line", text)
			}
		})
	}
}

// sixteenRules are one more than a log can have.
func sixteenRules() []string {
	var args []string
	for i := range 16 {
		args = append(args, "--retain", fmt.Sprintf("newest:topic=%d", i))
	}
	return args
}

func TestServeAccepts(t *testing.T) {
	for _, args := range [][]string{
		nil,
		{"--addr", "[::1]:0"},
		{"--addr", ":8080"}, // refused where it is listened on
		{"--tls-cert", "c.pem", "--tls-key", "k.pem"},
		{"--retain-age", "0s"},
		{"--retain-bytes", "0", "--retain-age", "0s", "--retain-count", "1"},
		{"--mailbox-bytes", "1MiB", "--window-bytes", "1MiB"},
		{"--max-body-bytes", "1MiB"},
		{"--data", "memory"},
		{"--data", "./memory", "--retain", "newest:topic=a"},
		{"--disk-reserve", "0"},
		{"--max-connections", "1", "--max-subscribers", "1", "--max-per-address", "1"},
		{"--max-subscribers", "1", "--max-connections", "1000"},
		{"--notsent", "0"},
		sixteenRules()[2:],
	} {
		t.Run(strings.Join(args, " "), func(t *testing.T) {
			parsed[config.Serve](t, append([]string{"--dev"}, args...)...)
		})
	}
}

func TestDemoRefuses(t *testing.T) {
	flags, _ := refusedFlags(t, new(config.Demo), "--tls-cert", "c.pem")
	if !slices.Contains(flags, "--tls-key") {
		t.Errorf("flags are %q", flags)
	}
}

func TestPublishAndSubscribeRefuse(t *testing.T) {
	tests := []struct {
		name     string
		settings any
		args     []string
		want     string
	}{
		{"hub without scheme", new(config.Publish), []string{"--topic", "a", "--hub", "localhost:8080"}, "--hub"},
		{"hub of another scheme", new(config.Publish), []string{"--topic", "a", "--hub", "ws://localhost"}, "--hub"},
		{"hub that is no URL", new(config.Subscribe), []string{"a", "--hub", "http://local host"}, "--hub"},
		{"no time", new(config.Publish), []string{"--topic", "a", "--timeout", "0s"}, "--timeout"},
		{"negative retry", new(config.Publish), []string{"--topic", "a", "--retry=-1s"}, "--retry"},
		{"cursor of two lines", new(config.Subscribe), []string{"a", "--last-event-id", "x\ny"}, "--last-event-id"},
		{"negative count", new(config.Subscribe), []string{"a", "--count=-1"}, "--count"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			flags, _ := refusedFlags(t, tt.settings, tt.args...)
			if !slices.Equal(flags, []string{tt.want}) {
				t.Errorf("flags are %q, want %s", flags, tt.want)
			}
		})
	}
}

func TestRequiredSettings(t *testing.T) {
	if err := parse(t, new(config.Publish)); err == nil || !strings.Contains(err.Error(), "--topic") {
		t.Errorf("publish without a topic: error %v, want one that names --topic", err)
	}
	if err := parse(t, new(config.Subscribe)); err == nil || !strings.Contains(err.Error(), "<topic>") {
		t.Errorf("subscribe without a topic: error %v, want one that names <topic>", err)
	}
	if err := parse(t, new(config.Serve), "--dev", "--sync", "often"); err == nil || !strings.Contains(err.Error(), "--sync") {
		t.Errorf("serve --sync often: error %v, want one that names --sync", err)
	}
	if err := parse(t, new(config.LogPurge), "dir"); err == nil || !strings.Contains(err.Error(), "--topic") {
		t.Errorf("purge of nothing: error %v, want one that names --topic", err)
	}
	if err := parse(t, new(config.LogTail), "dir", "-n", "0"); err == nil || !strings.Contains(err.Error(), "--count") {
		t.Errorf("tail of nothing: error %v, want one that names --count", err)
	}
}

func TestPublishTellsNothingFromEmpty(t *testing.T) {
	p := parsed[config.Publish](t, "--topic", "a", "--topic", "b,c")
	if p.Data != nil || p.Retry != nil {
		t.Errorf("data %v and retry %v, want neither", p.Data, p.Retry)
	}
	if !slices.Equal(p.Topics, []string{"a", "b,c"}) {
		t.Errorf("topics %q", p.Topics)
	}
	p = parsed[config.Publish](t, "--topic", "a", "--data", "", "--retry", "0s")
	if p.Data == nil || *p.Data != "" || p.Retry == nil || *p.Retry != 0*time.Second {
		t.Errorf("data %v and retry %v, want an empty text and no time", p.Data, p.Retry)
	}
}

func TestHubEndpoint(t *testing.T) {
	const path = "/.well-known/mercure"
	tests := []struct{ hub, want string }{
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080" + path},
		{"http://127.0.0.1:8080/", "http://127.0.0.1:8080" + path},
		{"https://example.com/hub", "https://example.com/hub"},
		{"https://example.com/hub/?tenant=1#top", "https://example.com/hub/?tenant=1"},
	}
	for _, tt := range tests {
		t.Run(tt.hub, func(t *testing.T) {
			u, err := parsed[config.Publish](t, "--topic", "a", "--hub", tt.hub).Endpoint()
			if err != nil {
				t.Fatal(err)
			}
			if u.String() != tt.want {
				t.Errorf("%s, want %s", u, tt.want)
			}
		})
	}
	if got := parsed[config.Subscribe](t, "a").URL; got != "http://127.0.0.1:8080"+path {
		t.Errorf("the hub is %s unless told otherwise", got)
	}
}
