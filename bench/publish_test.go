package bench_test

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/protocol"
)

// topics is how many topics the publishers write about in turn.
const topics = 10_000

func topicOf(n int) string { return fmt.Sprintf("https://example.com/items/%d", n%topics) }

func payload(bytes int) string { return strings.Repeat("x", bytes) }

// BenchmarkPublishHTTP publishes durable updates over HTTP/1.1 connections that are kept alive, each publisher one
// at a time. An operation is a run of as many updates as the name says; beside it, before each run, the log alone
// takes as many from as many publishers (raw/s), and ratio is the one through the other.
func BenchmarkPublishHTTP(b *testing.B) {
	for _, publishers := range []int{1, 64} {
		updates := map[int]int{1: 2000, 64: 20_000}[publishers]
		for _, size := range []int{256, 1024} {
			b.Run(fmt.Sprintf("publishers=%d/bytes=%d/updates=%d", publishers, size, updates), func(b *testing.B) {
				log := openLog(b, b.TempDir())
				defer log.Close()
				raw := newRaw(log, publishers)
				defer raw.close()
				r := serve(b, b.TempDir(), fanout.Options{})
				defer r.close()
				var rawPublishers, httpPublishers []func(int) error
				for range publishers {
					rawPublishers = append(rawPublishers, raw.publisher(size))
					p := dialPublisher(b, r.addr, size)
					defer p.conn.Close()
					httpPublishers = append(httpPublishers, p.publish)
				}
				var rawTook, took spread
				var rawTotal, total time.Duration
				runs := 0
				for b.Loop() {
					b.StopTimer()
					rawTotal += publishAll(b, rawPublishers, updates, &rawTook)
					b.StartTimer()
					total += publishAll(b, httpPublishers, updates, &took)
					runs++
				}
				rate := float64(runs*updates) / total.Seconds()
				rawRate := float64(runs*updates) / rawTotal.Seconds()
				b.ReportMetric(rate, "updates/s")
				b.ReportMetric(rawRate, "raw/s")
				b.ReportMetric(rate/rawRate, "ratio")
				took.report(b, 0.5, "p50")
				took.report(b, 0.99, "p99")
				took.report(b, 0.999, "p99.9")
				rawTook.report(b, 0.99, "raw-p99")
			})
		}
	}
}

// publishAll has the publishers share n updates, and returns how long all took together.
func publishAll(b *testing.B, publishers []func(int) error, n int, took *spread) time.Duration {
	b.Helper()
	var next atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for _, publish := range publishers {
		all.Go(func() {
			var times []time.Duration
			defer func() { took.add(times...) }()
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				start := time.Now()
				if err := publish(i); err != nil {
					b.Error(err)
					return
				}
				times = append(times, time.Since(start))
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// publisher is a connection that does as little as a client can, since it runs beside the hub.
type publisher struct {
	conn    net.Conn
	answers *bufio.Reader
	data    string
	request bytes.Buffer
}

func dialPublisher(b *testing.B, addr string, bytes int) *publisher {
	b.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		b.Fatal(err)
	}
	return &publisher{conn: conn, answers: bufio.NewReader(conn), data: payload(bytes)}
}

func (p *publisher) publish(n int) error {
	body := "topic=" + url.QueryEscape(topicOf(n)) + "&data=" + p.data
	p.request.Reset()
	fmt.Fprintf(&p.request, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s",
		protocol.DefaultPath, len(body), body)
	if _, err := p.conn.Write(p.request.Bytes()); err != nil {
		return err
	}
	answer, err := http.ReadResponse(p.answers, nil)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("answered %s", answer.Status)
	}
	return nil
}
