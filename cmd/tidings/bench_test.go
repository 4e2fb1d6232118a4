package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/internal/load"
)

// benchArgs are the arguments of a load of a moment.
func benchArgs(more ...string) []string {
	return append([]string{"bench", "--subscribers=20", "--count=10", "--rate=0", "--settle=0s", "--drain=30s"}, more...)
}

func TestBenchHelp(t *testing.T) {
	stdout, stderr, code := runBinary(t, "bench", "--help")
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	for _, want := range []string{"Examples:\n\n    tidings bench\n", "--compare", "--pin-server", "$TIDINGS_BENCH_RATE", "(default 10, "} {
		if !strings.Contains(stdout, want) {
			t.Errorf("no %q in\n%s", want, stdout)
		}
	}
	for line := range strings.Lines(stdout) {
		if len(line) > 101 {
			t.Errorf("line of %d bytes: %s", len(line), line)
		}
	}
	if all, _, _ := runBinary(t, "--help"); !strings.Contains(all, "bench ") || strings.Contains(all, "bench-base") {
		t.Errorf("bench is not to be seen, or its hidden part is:\n%s", all)
	}
}

// Out of the box, beside what is compared with.
func TestBenchCompares(t *testing.T) {
	stdout, stderr, code := runBinary(t, benchArgs("--compare")...)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	first, _, _ := strings.Cut(stdout, "\n")
	if first != "20 subscribers, 1 topic, updates of 200 bytes, one at a time" {
		t.Errorf("headline %q", first)
	}
	rows := map[string][]string{}
	for line := range strings.Lines(stdout) {
		if len(line) > 30 {
			rows[strings.TrimSpace(line[:30])] = strings.Fields(line[30:])
		}
	}
	if diff := cmp.Diff([]string{"hub", "base", "ratio"}, rows[""]); diff != "" {
		t.Errorf("head (-want +got):\n%s", diff)
	}
	for name, want := range map[string][]string{"connected": {"20", "20"}, "delivered": {"200", "200"}, "lost": {"0", "0"}} {
		if diff := cmp.Diff(want, rows[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if len(rows["latency ms p50"]) != 3 || !strings.Contains(stdout, " ms ") || !strings.Contains(stdout, "#") {
		t.Errorf("no latencies in\n%s", stdout)
	}
}

// The names in the JSON are what programs rely on.
func TestBenchJSON(t *testing.T) {
	stdout, stderr, code := runBinary(t, benchArgs("--compare", "--json")...)
	if code != exitOK || stderr != "" {
		t.Fatalf("exit code %d: %s", code, stderr)
	}
	var report map[string]json.RawMessage
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		"":        "base hub load machine ratio schema version",
		"machine": "arch cpus go os",
		"load": "burst count duration_ms extra_matchers gzip http2 idle lines matchers missed no_publish payload pin_client pin_server " +
			"publishers ramp rate settle_ms size_bytes slow_percent stuck subscribers threads topics",
	}
	const run = "bytes_read client_connect_cpu_ms client_cpu_ms client_cpu_percent connect_failed connect_ms connected connects_per_s delivered deliveries_per_s duplicated " +
		"ended expected gaps latency_histogram latency_max_ms latency_mean_ms latency_min_ms latency_p50_ms latency_p90_ms latency_p999_ms latency_p99_ms " +
		"load_ms lost ok other_events publish_failed publish_max_ms publish_p50_ms publish_p99_ms published published_per_s reordered " +
		"rss_bytes_per_subscriber rss_loaded_bytes_per_subscriber server_connect_cpu_ms server_cpu_ms server_cpu_percent server_cpu_us_per_delivery " +
		"server_rss_connected_bytes server_rss_empty_bytes server_rss_loaded_bytes slow_delivered " +
		"tcp_memory_connected_bytes tcp_memory_empty_bytes tcp_memory_loaded_bytes url"
	want["hub"], want["base"] = run, run
	for name, names := range want {
		object := report
		if name != "" {
			object = nil
			if err := json.Unmarshal(report[name], &object); err != nil {
				t.Fatal(err)
			}
		}
		var got []string
		for key := range object {
			got = append(got, key)
		}
		slices.Sort(got)
		if diff := cmp.Diff(names, strings.Join(got, " ")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", name, diff)
		}
	}
	var back benchReport
	strict := json.NewDecoder(bytes.NewReader([]byte(stdout)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&back); err != nil || back.Hub.Delivered != 200 || back.Load.Subscribers != 20 || back.Schema != 1 {
		t.Errorf("%v, %+v", err, back)
	}
}

func TestRatios(t *testing.T) {
	hub := &load.Result{DeliveriesPS: 300, ConnectsPerS: 10, LatencyP50MS: new(1.0), LatencyP99MS: new(5.0), ServerCPUPerDelivery: new(2.0)}
	base := &load.Result{DeliveriesPS: 100, LatencyP50MS: new(3.0), ServerCPUPerDelivery: new(8.0), RSSPerSubscriber: new(7.0)}
	want := &benchRatio{Deliveries: new(3.0), LatencyP50: new(0.333), CPUPerDelivery: new(0.25)}
	if diff := cmp.Diff(want, ratios(hub, base)); diff != "" {
		t.Errorf("ratios (-want +got):\n%s", diff)
	}
}

func TestNumber(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567", -999: "-999", -1000: "-1,000"} {
		if got := number(n); got != want {
			t.Errorf("%d is written %q, want %q", n, got, want)
		}
	}
}

func TestProgressLine(t *testing.T) {
	got := progressLine("hub", load.Progress{
		Phase: "publishing", Connected: 10_000, Published: 5, Delivered: 49_000, Expected: 50_000, Elapsed: 12345 * time.Millisecond,
	})
	if want := "hub:  12.3 s  publishing  10,000 connected  5 published  49,000 of 50,000 delivered"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

// lossy is a plain hub that answers a publication without publishing it, every so often.
func lossy(t *testing.T) (url string) {
	base, n := load.NewBaseline(), new(atomic.Int64)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && n.Add(1)%5 == 0 {
			return
		}
		base.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

func TestBenchTellsOfLoss(t *testing.T) {
	args := []string{"bench", "--subscribers=20", "--count=10", "--rate=1000", "--settle=0s", "--drain=2s", "--hub", lossy(t)}
	stdout, stderr, code := runBinary(t, args...)
	if code != exitFailure || !strings.Contains(stdout, "lost") {
		t.Errorf("exit code %d, printed\n%s", code, stdout)
	}
	isOneLine(t, stderr, "tidings: 40 lost")
	stdout, _, code = runBinary(t, append(args, "--json")...)
	var report benchReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitFailure || report.Hub.OK || report.Hub.Lost != 40 {
		t.Errorf("exit code %d, %v, %s", code, err, stdout)
	}
}

func TestBenchFails(t *testing.T) {
	refusing := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(refusing.Close)
	tests := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nobody there", []string{"--hub=http://127.0.0.1:1"}, exitUnreachable, "refused"},
		{"no hub", []string{"--hub=" + refusing.URL}, exitUnreachable, "404 Not Found"},
		{"refused", []string{"--serve-arg=--max-data-bytes=70"}, exitRefused, "DataBytes"},
		{"hub that does not start", []string{"--serve-arg=--max-topics=0"}, exitFailure, "has ended before it served"},
		{"wrong usage", []string{"--matchers=2"}, exitUsage, "--topics"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			stdout, stderr, code := runBinary(t, benchArgs(tt.args...)...)
			if code != tt.code || stdout != "" || !strings.Contains(stderr, tt.want) {
				t.Errorf("exit code %d, want %d; printed %q and %q", code, tt.code, stdout, stderr)
			}
		})
	}
}

// A process of its own is measured when its number is given.
func TestBenchOfARunningHub(t *testing.T) {
	h := startHub(t)
	stdout, stderr, code := runBinary(t, benchArgs("--json", "--hub", h.url, "--pid", strconv.Itoa(h.cmd.Process.Pid))...)
	var report benchReport
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || code != exitOK || !report.Hub.OK {
		t.Fatalf("exit code %d, %v: %s%s", code, err, stdout, stderr)
	}
	if report.Hub.URL != h.url || report.Hub.Delivered != 200 {
		t.Errorf("result %+v", report.Hub)
	}
}
