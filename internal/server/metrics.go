package server

import (
	"bufio"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// Metrics counts what a hub's observers tell. Its zero value is ready to use, and its methods may be called from any
// goroutine.
type Metrics struct {
	// GivenUp, if not nil, returns how often a matcher was not tried on a topic (topic.Compiler.GivenUp). It is set before
	// anything is served.
	GivenUp func() uint64

	committed, failed, failedBatches, trimFailed     atomic.Uint64
	presence                                         atomic.Uint64
	attached, live, overtaken, logReads, logReadsFor atomic.Uint64
	refused                                          counters
	behind                                           counters
	ended                                            counters
	connections                                      counters
	certificates, certificatesFailed                 atomic.Uint64
}

// counters has one counter for each reason of some enumeration.
type counters [16]atomic.Uint64

func (c *counters) add(reason uint8) {
	if int(reason) < len(c) {
		c[reason].Add(1)
	}
}

// ConnectionRefused counts a connection that was refused. It is for [Options].Refused.
func (m *Metrics) ConnectionRefused(reason RefuseReason) { m.connections.add(uint8(reason)) }

// CertificateRead counts a change of the certificate's files. It is for [Options].CertificateRead.
func (m *Metrics) CertificateRead(err error) {
	if err != nil {
		m.certificatesFailed.Add(1)
	} else {
		m.certificates.Add(1)
	}
}

// Updates returns an observer that counts, and then tells next.
func (m *Metrics) Updates(next hub.Observer) hub.Observer {
	return hub.Observer{
		Committed: func(n int) {
			m.committed.Add(uint64(n))
			if next.Committed != nil {
				next.Committed(n)
			}
		},
		Failed: func(n int, err error) {
			m.failedBatches.Add(1)
			m.failed.Add(uint64(n))
			if next.Failed != nil {
				next.Failed(n, err)
			}
		},
		TrimFailed: func(err error) {
			m.trimFailed.Add(1)
			if next.TrimFailed != nil {
				next.TrimFailed(err)
			}
		},
		Presence: func(changes int) {
			m.presence.Add(uint64(changes))
			if next.Presence != nil {
				next.Presence(changes)
			}
		},
		Refused: func(reason hub.RefuseReason) {
			m.refused.add(uint8(reason))
			if next.Refused != nil {
				next.Refused(reason)
			}
		},
	}
}

// Subscribers is the same for what happens to subscribers.
func (m *Metrics) Subscribers(next fanout.Observer) fanout.Observer {
	return fanout.Observer{
		Attached: func(id fanout.SubscriberID) {
			m.attached.Add(1)
			if next.Attached != nil {
				next.Attached(id)
			}
		},
		Live: func(id fanout.SubscriberID) {
			m.live.Add(1)
			if next.Live != nil {
				next.Live(id)
			}
		},
		Behind: func(id fanout.SubscriberID, reason fanout.BehindReason) {
			m.behind.add(uint8(reason))
			if next.Behind != nil {
				next.Behind(id, reason)
			}
		},
		Overtaken: func(id fanout.SubscriberID) {
			m.overtaken.Add(1)
			if next.Overtaken != nil {
				next.Overtaken(id)
			}
		},
		Ended: func(id fanout.SubscriberID, reason fanout.EndReason) {
			m.ended.add(uint8(reason))
			if next.Ended != nil {
				next.Ended(id, reason)
			}
		},
		LogRead: func(subscribers int) {
			m.logReads.Add(1)
			m.logReadsFor.Add(uint64(subscribers))
			if next.LogRead != nil {
				next.LogRead(subscribers)
			}
		},
	}
}

// ServeHTTP answers with all counters, in the text format of Prometheus.
func (m *Metrics) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	out := metricsWriter{bufio.NewWriter(w)}
	out.counter("tidings_updates_committed_total", "Updates made durable.", &m.committed)
	out.counter("tidings_updates_failed_total", "Updates that could not be made durable.", &m.failed)
	out.counter("tidings_batches_failed_total", "Batches that could not be made durable.", &m.failedBatches)
	out.counter("tidings_trims_failed_total", "Times that retention could not be applied.", &m.trimFailed)
	out.counter("tidings_presence_changes_total", "Subscriptions told to have begun or ended.", &m.presence)
	out.counter("tidings_subscribers_attached_total", "Streams that have begun.", &m.attached)
	out.counter("tidings_subscribers_live_total", "Times that a subscriber caught up.", &m.live)
	out.counter("tidings_subscribers_overtaken_total", "Times that retention took updates from a stream, which was told.", &m.overtaken)
	out.counter("tidings_log_reads_total", "Chunks read from the log.", &m.logReads)
	out.counter("tidings_log_reads_subscribers_total", "Subscribers for whom chunks were read.", &m.logReadsFor)
	out.gauge("tidings_subscribers", "Streams that have not ended.", int64(m.attached.Load()-m.ended.sum()))
	reasons(out, "tidings_refused_total", "Requests that were refused.", hub.RefuseReasons(), &m.refused)
	reasons(out, "tidings_behind_total", "Times that a live subscriber fell behind.", fanout.BehindReasons(), &m.behind)
	reasons(out, "tidings_ended_total", "Streams that have ended.", fanout.EndReasons(), &m.ended)
	reasons(out, "tidings_connections_refused_total", "Connections that were refused.", RefuseReasons(), &m.connections)
	out.counter("tidings_certificates_read_total", "Changed certificates that were taken up.", &m.certificates)
	out.counter("tidings_certificates_failed_total", "Changed certificates that cannot be used: the one before stays.", &m.certificatesFailed)
	if m.GivenUp != nil {
		var given atomic.Uint64
		given.Store(m.GivenUp())
		out.counter("tidings_matches_given_up_total", "Times that a topic was too long for a costly pattern, which has not selected it.", &given)
	}
	_ = out.Flush() // nobody is left to tell
}

func (c *counters) sum() uint64 {
	n := uint64(0)
	for i := range c {
		n += c[i].Load()
	}
	return n
}

type metricsWriter struct{ *bufio.Writer }

func (w metricsWriter) head(name, kind, help string) {
	fmt.Fprintf(w, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

func (w metricsWriter) counter(name, help string, value *atomic.Uint64) {
	w.head(name, "counter", help)
	fmt.Fprintf(w, "%s %d\n", name, value.Load())
}

func (w metricsWriter) gauge(name, help string, value int64) {
	w.head(name, "gauge", help)
	fmt.Fprintf(w, "%s %d\n", name, value)
}

// reasons writes one counter for each reason of an enumeration.
func reasons[R interface {
	~uint8
	String() string
}](w metricsWriter, name, help string, all []R, values *counters) {
	w.head(name, "counter", help)
	for _, r := range all {
		fmt.Fprintf(w, "%s{reason=%q} %d\n", name, r.String(), values[r].Load())
	}
}
