package main

import (
	"fmt"
	"io"
	"math"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/load"
)

// benchReport is what tidings bench --json prints. Programs read it: names and units stay as they are.
type benchReport struct {
	Schema  int          `json:"schema"`
	Version string       `json:"version"`
	Machine benchMachine `json:"machine"`
	Load    benchLoad    `json:"load"`
	Hub     *load.Result `json:"hub"`
	Base    *load.Result `json:"base,omitempty"`
	Ratio   *benchRatio  `json:"ratio,omitempty"`
}

// benchMachine is what it ran on.
type benchMachine struct {
	OS   string `json:"os"`
	Arch string `json:"arch"`
	CPUs int    `json:"cpus"`
	Go   string `json:"go"`
}

// benchLoad is what was asked for.
type benchLoad struct {
	Subscribers   int     `json:"subscribers"`
	Topics        int     `json:"topics"`
	Matchers      int     `json:"matchers"`
	ExtraMatchers int     `json:"extra_matchers"`
	Ramp          int     `json:"ramp"`
	Rate          float64 `json:"rate"`
	Burst         int     `json:"burst"`
	Lines         bool    `json:"lines"`
	Count         int     `json:"count"`
	SizeBytes     int64   `json:"size_bytes"`
	Payload       string  `json:"payload"`
	Publishers    int     `json:"publishers"`
	Missed        int     `json:"missed"`
	DurationMS    int64   `json:"duration_ms"`
	SettleMS      int64   `json:"settle_ms"`
	SlowPercent   float64 `json:"slow_percent"`
	Stuck         int     `json:"stuck"`
	Idle          bool    `json:"idle"`
	NoPublish     bool    `json:"no_publish"`
	HTTP2         bool    `json:"http2"`
	Gzip          bool    `json:"gzip"`
	Threads       int     `json:"threads"` // 0: one for each CPU
	PinServer     []int   `json:"pin_server"`
	PinClient     []int   `json:"pin_client"`
}

// benchRatio is the hub's figures divided by the base's; one that is not known is left out.
type benchRatio struct {
	CPUPerDelivery   *float64 `json:"server_cpu_us_per_delivery,omitempty"`
	Deliveries       *float64 `json:"deliveries_per_s,omitempty"`
	Connects         *float64 `json:"connects_per_s,omitempty"`
	RSSPerSubscriber *float64 `json:"rss_bytes_per_subscriber,omitempty"`
	RSSLoaded        *float64 `json:"rss_loaded_bytes_per_subscriber,omitempty"`
	LatencyP50       *float64 `json:"latency_p50_ms,omitempty"`
	LatencyP99       *float64 `json:"latency_p99_ms,omitempty"`
}

func newBenchReport(b *config.Bench) *benchReport {
	r := &benchReport{
		Schema:  1,
		Machine: benchMachine{OS: runtime.GOOS, Arch: runtime.GOARCH, CPUs: runtime.NumCPU(), Go: runtime.Version()},
		Load: benchLoad{
			Subscribers: b.Subscribers, Topics: b.Topics, Matchers: b.Matchers, ExtraMatchers: b.ExtraMatchers,
			Ramp: b.Ramp, Rate: b.Rate, Burst: b.Burst, Lines: b.Lines, Count: b.Count, SizeBytes: int64(b.Size),
			Payload: b.Payload, Publishers: b.Publishers, Missed: b.Missed, DurationMS: b.Duration.Milliseconds(),
			SettleMS: b.Settle.Milliseconds(), SlowPercent: b.Slow, Stuck: b.Stuck, Idle: b.Idle,
			NoPublish: b.NoPublish, HTTP2: b.HTTP2, Gzip: b.Gzip, Threads: b.Threads,
			PinServer: append([]int{}, b.PinServer...), PinClient: append([]int{}, b.PinClient...),
		},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		r.Version = versionOf(info).Version
	}
	return r
}

// ratios returns hub ÷ base.
func ratios(hub, base *load.Result) *benchRatio {
	return &benchRatio{
		CPUPerDelivery:   ratio(hub.ServerCPUPerDelivery, base.ServerCPUPerDelivery),
		Deliveries:       ratio(&hub.DeliveriesPS, &base.DeliveriesPS),
		Connects:         ratio(&hub.ConnectsPerS, &base.ConnectsPerS),
		RSSPerSubscriber: ratio(hub.RSSPerSubscriber, base.RSSPerSubscriber),
		RSSLoaded:        ratio(hub.RSSLoadedPerSubscriber, base.RSSLoadedPerSubscriber),
		LatencyP50:       ratio(hub.LatencyP50MS, base.LatencyP50MS),
		LatencyP99:       ratio(hub.LatencyP99MS, base.LatencyP99MS),
	}
}

// ratio returns a ÷ b to three decimals, nil if it is not known.
func ratio(a, b *float64) *float64 {
	if a == nil || b == nil || *a == 0 || *b == 0 {
		return nil
	}
	return new(math.Round(*a / *b * 1000) / 1000)
}

// benchRow is a line of the table.
type benchRow struct {
	name  string
	value func(x *load.Result) string // "" where there is none
	ratio *float64
}

// print prints the report for people.
func (r *benchReport) print(w io.Writer) error {
	var b strings.Builder
	b.WriteString(r.headline() + "\n\n")
	ratio := r.Ratio
	if ratio == nil {
		ratio = new(benchRatio)
	} else {
		fmt.Fprintf(&b, "%-30s%14s%14s%9s\n", "", "hub", "base", "ratio")
	}
	for _, row := range benchRows(ratio) {
		hub, base := row.value(r.Hub), ""
		if r.Base != nil {
			base = row.value(r.Base)
		}
		if hub == "" && base == "" {
			continue
		}
		line := fmt.Sprintf("%-30s%14s", row.name, hub)
		if r.Base != nil {
			line += fmt.Sprintf("%14s", base)
		}
		if row.ratio != nil {
			line += fmt.Sprintf("%9s", strconv.FormatFloat(*row.ratio, 'f', 2, 64))
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	printLatencies(&b, r.Hub.Latencies)
	_, err := io.WriteString(w, b.String())
	return err
}

// headline says what the load was.
func (r *benchReport) headline() string {
	l := &r.Load
	text := number(int64(l.Subscribers)) + " subscribers, " + counted(l.Topics, "topic")
	updates := fmt.Sprintf("updates of %d bytes", l.SizeBytes)
	switch {
	case l.Idle:
		text += ", idle"
	case l.NoPublish:
		text += ", the hub publishes"
	case l.Missed > 0:
		text += fmt.Sprintf(", %s missed %s in each", number(int64(l.Missed)), updates)
	case l.Rate > 0:
		text += fmt.Sprintf(", %v %s a second", l.Rate, updates)
	case l.Burst > 1:
		text += fmt.Sprintf(", %s, %d at a time", updates, l.Burst)
	default:
		text += fmt.Sprintf(", %s, one at a time", updates)
	}
	return text
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return number(int64(n)) + " " + what + "s"
}

func benchRows(ratio *benchRatio) []benchRow {
	some := func(n int64) string { // of what had better not be
		if n == 0 {
			return ""
		}
		return number(n)
	}
	return []benchRow{
		{"connected", func(x *load.Result) string { return number(int64(x.Connected)) }, nil},
		{"not connected", func(x *load.Result) string { return some(int64(x.ConnectFailed)) }, nil},
		{"accepted per second", func(x *load.Result) string { return figure(&x.ConnectsPerS) }, ratio.Connects},
		{"published", func(x *load.Result) string { return some(x.Published) }, nil},
		{"due, but not published", func(x *load.Result) string {
			if x.Due == nil || *x.Due == x.Published {
				return ""
			}
			return number(*x.Due - x.Published)
		}, nil},
		{"publications refused", func(x *load.Result) string { return some(int64(x.PublishFailed)) }, nil},
		{"publishing ms p50", func(x *load.Result) string { return figure(x.PublishP50MS) }, nil},
		{"publishing ms p99", func(x *load.Result) string { return figure(x.PublishP99MS) }, nil},
		{"published late by ms at most", func(x *load.Result) string { return figure(x.PublishLateMaxMS) }, nil},
		{"delivered", func(x *load.Result) string { return some(int64(x.Delivered)) }, nil},
		{"lost", func(x *load.Result) string {
			if x.Expected == 0 {
				return ""
			}
			return number(x.Lost)
		}, nil},
		{"doubled", func(x *load.Result) string { return some(int64(x.Duplicated)) }, nil},
		{"out of order", func(x *load.Result) string { return some(int64(x.Reordered)) }, nil},
		{"streams ended", func(x *load.Result) string { return some(int64(x.Ended)) }, nil},
		{"delivered to slow readers", func(x *load.Result) string { return some(int64(x.SlowDelivered)) }, nil},
		{"delivered per second", func(x *load.Result) string {
			if x.Delivered == 0 {
				return ""
			}
			return figure(&x.DeliveriesPS)
		}, ratio.Deliveries},
		{"latency ms p50", func(x *load.Result) string { return figure(x.LatencyP50MS) }, ratio.LatencyP50},
		{"latency ms p99", func(x *load.Result) string { return figure(x.LatencyP99MS) }, ratio.LatencyP99},
		{"latency ms p99.9", func(x *load.Result) string { return figure(x.LatencyP999MS) }, nil},
		{"latency ms max", func(x *load.Result) string { return figure(x.LatencyMaxMS) }, nil},
		{"server CPU µs per delivery", func(x *load.Result) string { return figure(x.ServerCPUPerDelivery) }, ratio.CPUPerDelivery},
		{"server CPU percent", func(x *load.Result) string { return figure(x.ServerCPUPercent) }, nil},
		{"client CPU percent", func(x *load.Result) string { return figure(x.ClientCPUPercent) }, nil},
		{"server KB per subscriber", func(x *load.Result) string { return kilo(x.RSSPerSubscriber) }, ratio.RSSPerSubscriber},
		{"the same after the load", func(x *load.Result) string { return kilo(x.RSSLoadedPerSubscriber) }, ratio.RSSLoaded},
	}
}

// printLatencies draws a histogram.
func printLatencies(b *strings.Builder, steps []load.LatencyStep) {
	const width = 40
	var most uint64
	for _, s := range steps {
		most = max(most, s.Count)
	}
	if most == 0 {
		return
	}
	b.WriteString("\nlatency\n")
	for _, s := range steps {
		bar := strings.Repeat("#", int(math.Ceil(float64(s.Count)/float64(most)*width)))
		fmt.Fprintf(b, "%10s ms %14s  %s\n", figure(&s.ToMS), number(int64(s.Count)), bar)
	}
}

// figure returns v with as many digits as say something; "" if it is not known.
func figure(v *float64) string {
	switch {
	case v == nil:
		return ""
	case math.Abs(*v) >= 100:
		return number(int64(math.Round(*v)))
	case math.Abs(*v) >= 10:
		return strconv.FormatFloat(*v, 'f', 1, 64)
	default:
		return strconv.FormatFloat(*v, 'f', 2, 64)
	}
}

// kilo returns v bytes in KB of 1,000.
func kilo(v *float64) string {
	if v == nil {
		return ""
	}
	return figure(new(*v / 1000))
}

// number returns n with commas between thousands.
func number(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
