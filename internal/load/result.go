package load

import (
	"math"
	"time"
)

// Result is what came of a run. Its JSON is what programs read: names and units stay as they are, and what is not
// known is left out.
type Result struct {
	// URL is the stream's.
	URL string `json:"url"`
	// OK says that every update came to everybody, once and in order, and that nothing else went wrong.
	OK bool `json:"ok"`

	// Connected subscribers; ConnectFailed could not, the first one because of ConnectError.
	Connected     int     `json:"connected"`
	ConnectFailed int     `json:"connect_failed"`
	ConnectError  string  `json:"connect_error,omitempty"`
	ConnectMS     float64 `json:"connect_ms"`
	ConnectsPerS  float64 `json:"connects_per_s"`
	// Ended is how many streams ended before the run did, the first one because of EndedError.
	Ended      int    `json:"ended"`
	EndedError string `json:"ended_error,omitempty"`

	// Published updates were acknowledged; PublishFailed were refused, the first one because of PublishError.
	// Due is how many should have been published with a rate. Where it is more, the publishers were not answered in
	// time: the hub is at its limit, or there are too few of them.
	Due           *int64   `json:"due,omitempty"`
	Published     int64    `json:"published"`
	PublishFailed uint64   `json:"publish_failed"`
	PublishError  string   `json:"publish_error,omitempty"`
	PublishedPerS float64  `json:"published_per_s"`
	PublishP50MS  *float64 `json:"publish_p50_ms,omitempty"`
	PublishP99MS  *float64 `json:"publish_p99_ms,omitempty"`
	PublishMaxMS  *float64 `json:"publish_max_ms,omitempty"`
	// PublishLateMaxMS is how long an update waited for its publisher to be free, at worst. Latencies contain it.
	PublishLateMaxMS *float64 `json:"publish_late_max_ms,omitempty"`

	// Expected deliveries, and those that came, each once. Lost did not come; Gaps is how often one was skipped,
	// and Reordered how many came after all.
	Expected      int64   `json:"expected"`
	Delivered     uint64  `json:"delivered"`
	Lost          int64   `json:"lost"`
	Duplicated    uint64  `json:"duplicated"`
	Reordered     uint64  `json:"reordered"`
	Gaps          uint64  `json:"gaps"`
	SlowDelivered uint64  `json:"slow_delivered"`
	OtherEvents   uint64  `json:"other_events"`
	BytesRead     uint64  `json:"bytes_read"`
	LoadMS        float64 `json:"load_ms"`
	DeliveriesPS  float64 `json:"deliveries_per_s"`

	LatencyMinMS  *float64      `json:"latency_min_ms,omitempty"`
	LatencyMeanMS *float64      `json:"latency_mean_ms,omitempty"`
	LatencyP50MS  *float64      `json:"latency_p50_ms,omitempty"`
	LatencyP90MS  *float64      `json:"latency_p90_ms,omitempty"`
	LatencyP99MS  *float64      `json:"latency_p99_ms,omitempty"`
	LatencyP999MS *float64      `json:"latency_p999_ms,omitempty"`
	LatencyMaxMS  *float64      `json:"latency_max_ms,omitempty"`
	Latencies     []LatencyStep `json:"latency_histogram,omitempty"`

	ServerCPUMS            *float64 `json:"server_cpu_ms,omitempty"`
	ServerCPUPercent       *float64 `json:"server_cpu_percent,omitempty"`
	ServerCPUPerDelivery   *float64 `json:"server_cpu_us_per_delivery,omitempty"`
	ServerConnectCPUMS     *float64 `json:"server_connect_cpu_ms,omitempty"`
	ServerRSSEmpty         *int64   `json:"server_rss_empty_bytes,omitempty"`
	ServerRSSConnected     *int64   `json:"server_rss_connected_bytes,omitempty"`
	ServerRSSLoaded        *int64   `json:"server_rss_loaded_bytes,omitempty"`
	RSSPerSubscriber       *float64 `json:"rss_bytes_per_subscriber,omitempty"`
	RSSLoadedPerSubscriber *float64 `json:"rss_loaded_bytes_per_subscriber,omitempty"`

	ClientConnectCPUMS *float64 `json:"client_connect_cpu_ms,omitempty"`
	ClientCPUMS        *float64 `json:"client_cpu_ms,omitempty"`
	ClientCPUPercent   *float64 `json:"client_cpu_percent,omitempty"`
	TCPMemoryEmpty     *int64   `json:"tcp_memory_empty_bytes,omitempty"`
	TCPMemoryConnected *int64   `json:"tcp_memory_connected_bytes,omitempty"`
	TCPMemoryLoaded    *int64   `json:"tcp_memory_loaded_bytes,omitempty"`
}

// LatencyStep is how many deliveries took at most ToMS, and longer than in the step before.
type LatencyStep struct {
	ToMS  float64 `json:"to_ms"`
	Count uint64  `json:"count"`
}

// result puts together what the run has found. Its readers have ended.
func (r *run) result(d *driver, m *meter, connected time.Duration, began, ended time.Time) *Result {
	b := r.board
	sum := new(counters)
	for _, s := range r.shards {
		sum.add(&s.counters)
	}
	x := &Result{
		URL:           r.options.URL,
		Connected:     int(b.connected.Load()),
		ConnectFailed: int(b.failed.Load()),
		ConnectMS:     milliseconds(connected),
		ConnectsPerS:  perSecond(float64(b.connected.Load()), connected),
		ConnectError:  textOfError(b.firstError),
		Ended:         int(b.ended.Load()),
		EndedError:    textOfError(b.firstEnd),
		Published:     b.published.Load(),
		Expected:      b.expected.Load(),
		Delivered:     sum.delivered,
		Duplicated:    sum.doubled,
		Reordered:     sum.late,
		Gaps:          sum.gaps,
		SlowDelivered: sum.slowDelivered,
		OtherEvents:   sum.other,
		BytesRead:     sum.bytes,
	}
	took := ended.Sub(began)
	if last := r.began.Add(time.Duration(b.last.Load())); !r.options.Idle && !r.options.NoPublish && last.After(began) {
		took = last.Sub(began)
	}
	x.LoadMS = milliseconds(took)
	x.DeliveriesPS = perSecond(float64(x.Delivered), took)
	x.PublishedPerS = perSecond(float64(x.Published), took)
	if r.options.NoPublish {
		x.Expected = int64(x.Delivered)
	}
	x.Lost = x.Expected - int64(x.Delivered)
	if due := r.options.due(); due > 0 {
		x.Due = &due
	}
	x.publishing(d)
	x.latencies(&sum.latency)
	x.measured(m, ended.Sub(began), sum.slowDelivered)
	x.OK = x.Lost == 0 && x.Duplicated == 0 && x.Reordered == 0 && x.Gaps == 0 && x.Ended == 0 &&
		x.ConnectFailed == 0 && x.PublishFailed == 0
	return x
}

func (c *counters) add(other *counters) {
	c.latency.Merge(&other.latency)
	c.delivered += other.delivered
	c.slowDelivered += other.slowDelivered
	c.doubled += other.doubled
	c.late += other.late
	c.gaps += other.gaps
	c.other += other.other
	c.bytes += other.bytes
}

// publishing fills in what the publishers have seen.
func (x *Result) publishing(d *driver) {
	took := new(Histogram)
	var late time.Duration
	for _, p := range d.publishers {
		took.Merge(&p.took)
		late = max(late, p.late)
		x.PublishFailed += p.refused
		if x.PublishError == "" {
			x.PublishError = textOfError(p.first)
		}
	}
	if took.Count() == 0 {
		return
	}
	x.PublishP50MS = new(milliseconds(took.Quantile(0.5)))
	x.PublishP99MS = new(milliseconds(took.Quantile(0.99)))
	x.PublishMaxMS = new(milliseconds(took.Max()))
	if x.Due != nil {
		x.PublishLateMaxMS = new(milliseconds(late))
	}
}

// latencies fills in what h holds.
func (x *Result) latencies(h *Histogram) {
	if h.Count() == 0 {
		return
	}
	x.LatencyMinMS = new(milliseconds(h.Min()))
	x.LatencyMeanMS = new(milliseconds(h.Mean()))
	x.LatencyP50MS = new(milliseconds(h.Quantile(0.5)))
	x.LatencyP90MS = new(milliseconds(h.Quantile(0.9)))
	x.LatencyP99MS = new(milliseconds(h.Quantile(0.99)))
	x.LatencyP999MS = new(milliseconds(h.Quantile(0.999)))
	x.LatencyMaxMS = new(milliseconds(h.Max()))
	for _, step := range h.Steps() {
		x.Latencies = append(x.Latencies, LatencyStep{milliseconds(step.To), step.Count})
	}
}

// measured fills in what the processes have used. What CPU was used while the last updates were waited for in vain is
// the load's too.
func (x *Result) measured(m *meter, took time.Duration, slowDelivered uint64) {
	if m.loading.client.known && m.loaded.client.known {
		used := m.loaded.client.cpu - m.loading.client.cpu
		x.ClientCPUMS, x.ClientCPUPercent = new(milliseconds(used)), new(percent(used, took))
		x.ClientConnectCPUMS = new(milliseconds(m.connected.client.cpu - m.empty.client.cpu))
	}
	if m.loading.tcpMemory >= 0 {
		x.TCPMemoryEmpty, x.TCPMemoryConnected, x.TCPMemoryLoaded = &m.empty.tcpMemory, &m.loading.tcpMemory, &m.loaded.tcpMemory
	}
	if !m.empty.server.known || !m.loading.server.known || !m.loaded.server.known {
		return
	}
	used := m.loaded.server.cpu - m.loading.server.cpu
	x.ServerCPUMS, x.ServerCPUPercent = new(milliseconds(used)), new(percent(used, took))
	if n := x.Delivered + slowDelivered; n > 0 {
		x.ServerCPUPerDelivery = new(round(float64(used.Nanoseconds()) / 1e3 / float64(n)))
	}
	x.ServerConnectCPUMS = new(milliseconds(m.connected.server.cpu - m.empty.server.cpu))
	x.ServerRSSEmpty, x.ServerRSSLoaded = &m.empty.server.rss, &m.loaded.server.rss
	x.RSSLoadedPerSubscriber = new(round(float64(m.loaded.server.rss-m.empty.server.rss) / float64(x.Connected)))
	settled := m.loading
	if settled.at.Before(m.connected.at) { // with Missed there is no time between
		settled = m.connected
	}
	x.ServerRSSConnected = &settled.server.rss
	x.RSSPerSubscriber = new(round(float64(settled.server.rss-m.empty.server.rss) / float64(x.Connected)))
}

func textOfError(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// round rounds to three decimals, which is as far as the figures go.
func round(v float64) float64 { return math.Round(v*1000) / 1000 }

func milliseconds(d time.Duration) float64 { return round(float64(d.Nanoseconds()) / 1e6) }

func perSecond(n float64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return round(n / d.Seconds())
}

func percent(part, whole time.Duration) float64 {
	if whole <= 0 {
		return 0
	}
	return round(100 * part.Seconds() / whole.Seconds())
}
