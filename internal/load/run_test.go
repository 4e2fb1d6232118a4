package load_test

import (
	"compress/gzip"
	"context"
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/internal/load"
)

// Every kind of load on every kind of connection: all arrives, and the figures add up.
func TestRun(t *testing.T) {
	kinds := []struct {
		name  string
		tls   bool
		prune func(o *load.Options)
	}{
		{"HTTP/1.1", false, func(*load.Options) {}},
		{"HTTP/1.1 over TLS", true, func(*load.Options) {}},
		{"HTTP/2", true, func(o *load.Options) { o.HTTP2, o.Streams = true, 7 }},
		{"h2c", false, func(o *load.Options) { o.HTTP2 = true }},
		{"goroutines", false, func(o *load.Options) { o.Gzip = true }},
	}
	loads := []struct {
		name     string
		change   func(o *load.Options)
		expected int64
	}{
		{"open", func(*load.Options) {}, 600},
		{"open, in bursts", func(o *load.Options) { o.Burst = 10 }, 600},
		{"closed", func(o *load.Options) { o.Rate = 0 }, 600},
		{"closed, in bursts", func(o *load.Options) { o.Rate, o.Burst, o.Publishers = 0, 7, 3 }, 600},
		{"lines", func(o *load.Options) { o.Rate, o.Burst, o.Lines = 0, 12, true }, 600},
		{"topics", func(o *load.Options) { o.Topics, o.Publishers = 5, 2 }, 120},
		{"matchers", func(o *load.Options) { o.Topics, o.Matchers, o.ExtraMatchers = 5, 3, 2 }, 360},
		{"resume storm", func(o *load.Options) { o.Topics, o.Missed, o.Lines = 2, 40, true }, 800},
		{"ramp", func(o *load.Options) { o.Ramp = 1000 }, 600},
		{"random", func(o *load.Options) { o.Payload, o.Size = load.PayloadRandom, 20_000 }, 600},
	}
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			for _, l := range loads {
				t.Run(l.name, func(t *testing.T) {
					o := small(startHub(t, kind.tls))
					l.change(&o)
					kind.prune(&o)
					x := run(t, o)
					if !x.OK || x.Connected != 20 || x.Expected != l.expected || x.Delivered != uint64(l.expected) {
						t.Errorf("result %+v, want %d deliveries", x, l.expected)
					}
					if x.LatencyP50MS == nil || *x.LatencyP50MS <= 0 || *x.LatencyMaxMS < *x.LatencyP50MS || x.BytesRead < 64*x.Delivered {
						t.Errorf("figures %+v", x)
					}
				})
			}
		})
	}
}

func TestBaseline(t *testing.T) {
	for name, lines := range map[string]bool{"forms": false, "lines": true} {
		t.Run(name, func(t *testing.T) {
			o := small(serve(t, load.NewBaseline(), false))
			o.Lines, o.Burst, o.Topics = lines, 5, 3
			if x := run(t, o); !x.OK || x.Delivered != 200 {
				t.Errorf("result %+v", x)
			}
		})
	}
}

// A fault that nobody sees would make all that a load says worthless.
func TestFaultsAreSeen(t *testing.T) {
	held := ""
	tests := []struct {
		name  string
		fault func(k int, event string) []string
		want  load.Result
	}{
		{"none", func(_ int, e string) []string { return []string{e} }, load.Result{OK: true, Delivered: 600}},
		{"every tenth lost", func(k int, e string) []string {
			if k%10 == 5 {
				return nil
			}
			return []string{e}
		}, load.Result{Delivered: 540, Lost: 60, Gaps: 60}},
		{"the last lost", func(k int, e string) []string {
			if k == 30 {
				return nil
			}
			return []string{e}
		}, load.Result{Delivered: 580, Lost: 20}},
		{"every tenth doubled", func(k int, e string) []string {
			if k%10 == 5 {
				return []string{e, e}
			}
			return []string{e}
		}, load.Result{Delivered: 600, Duplicated: 60}},
		{"two swapped", func(k int, e string) []string {
			switch k {
			case 11:
				held = e
				return nil
			case 12:
				return []string{e, held}
			}
			return []string{e}
		}, load.Result{Delivered: 600, Reordered: 20, Gaps: 20}},
		{"streams cut", func(k int, e string) []string {
			if k == 30 {
				return []string{e, cut}
			}
			return []string{e}
		}, load.Result{Delivered: 600, Ended: 20}},
		{"others in between", func(_ int, e string) []string {
			return []string{"event: tidings.ping\ndata: {}\n\n", ":\n", e}
		}, load.Result{OK: true, Delivered: 600, OtherEvents: 600}},
	}
	for _, gz := range []bool{false, true} {
		for _, tt := range tests {
			name := tt.name
			if gz {
				name += ", goroutines"
			}
			t.Run(name, func(t *testing.T) {
				o := small(serve(t, newFaulty(tt.fault), false))
				o.Gzip = gz
				if tt.want.Lost > 0 {
					o.Drain = time.Second
				}
				if tt.want.Ended > 0 {
					o.Rate = 0 // the last update has arrived when the end of the stream may not have yet
					o.Settle = 10 * time.Millisecond
					o.Count = 31 // so that there is one more, which nobody gets
					o.Drain = time.Second
					tt.want.Lost = 20
				}
				x := run(t, o)
				got := load.Result{
					OK: x.OK, Delivered: x.Delivered, Lost: x.Lost, Duplicated: x.Duplicated, Reordered: x.Reordered,
					Gaps: x.Gaps, Ended: x.Ended, OtherEvents: x.OtherEvents,
				}
				if got.OK != tt.want.OK || got.Delivered != tt.want.Delivered || got.Lost != tt.want.Lost ||
					got.Duplicated != tt.want.Duplicated || got.Reordered != tt.want.Reordered ||
					got.Gaps != tt.want.Gaps || got.Ended != tt.want.Ended || got.OtherEvents != tt.want.OtherEvents {
					t.Errorf("result %+v, want %+v", got, tt.want)
				}
			})
		}
	}
}

// A hub that answers late is told from one that was not asked: what was due is known.
func TestDueIsMoreThanPublished(t *testing.T) {
	base := load.NewBaseline()
	o := small(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			<-time.After(20 * time.Millisecond)
		}
		base.ServeHTTP(w, r)
	}), false))
	o.Rate, o.Count, o.Duration = 100, 0, 300*time.Millisecond
	x := run(t, o)
	if !x.OK || x.Due == nil || *x.Due != 30 || x.Published == 0 || x.Published >= 30 || *x.PublishLateMaxMS < 10 {
		t.Errorf("result %+v, want fewer than 30 updates, and some late", x)
	}
	if x.LatencyMaxMS == nil || *x.LatencyMaxMS < *x.PublishLateMaxMS {
		t.Errorf("latencies up to %v ms do not contain what was late", x.LatencyMaxMS)
	}
}

// A closed loop ends with the first burst that does not arrive, instead of waiting for each of them in vain.
func TestClosedLoopEndsWhenItIsHopeless(t *testing.T) {
	o := small(serve(t, newFaulty(func(k int, e string) []string {
		if k >= 3 {
			return nil
		}
		return []string{e}
	}), false))
	o.Rate, o.Drain = 0, 2*time.Second
	if x := run(t, o); x.Published != 3 || x.Lost != 20 || x.Delivered != 40 {
		t.Errorf("result %+v", x)
	}
}

// Slow and stuck readers hold nobody up, and are in no figure of the others.
func TestSlowAndStuckReaders(t *testing.T) {
	for _, gz := range []bool{false, true} {
		o := small(startHub(t, false))
		o.Gzip = gz
		o.SlowPercent, o.SlowRate, o.Stuck = 10, 4000, 3
		o.Size, o.Rate = 10_000, 0
		x := run(t, o)
		if !x.OK || x.Connected != 20 || x.Delivered != 15*30 || x.SlowDelivered >= 2*30 {
			t.Errorf("goroutines %v: result %+v, want 450 deliveries, and less than all to slow ones", gz, x)
		}
	}
}

func TestIdle(t *testing.T) {
	o := small(startHub(t, false))
	o.Idle, o.Duration = true, 10*time.Millisecond
	if x := run(t, o); !x.OK || x.Connected != 20 || x.Published != 0 || x.Delivered != 0 || x.LoadMS < 10 {
		t.Errorf("result %+v", x)
	}
}

// A hub that publishes by itself has its events counted.
func TestNoPublish(t *testing.T) {
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		_, _ = w.Write([]byte(":\n\ndata: 1\n\ndata: 2\n\n"))
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), false)
	o := small(url)
	o.NoPublish, o.Duration = true, 300*time.Millisecond
	if x := run(t, o); !x.OK || x.Delivered != 40 || x.Published != 0 {
		t.Errorf("result %+v, want 40 events", x)
	}
}

// gzipped is middleware that compresses streams, if it is asked to.
func gzipped(next http.Handler, used *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Accept-Encoding") != "gzip" {
			next.ServeHTTP(w, r)
			return
		}
		used.Add(1)
		w.Header().Set("Content-Encoding", "gzip")
		next.ServeHTTP(&gzipWriter{w, gzip.NewWriter(w)}, r)
	})
}

type gzipWriter struct {
	http.ResponseWriter
	z *gzip.Writer
}

func (w *gzipWriter) Write(b []byte) (int, error) { return w.z.Write(b) }

func (w *gzipWriter) FlushError() error {
	if err := w.z.Flush(); err != nil {
		return err
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

func TestGzip(t *testing.T) {
	var used atomic.Int64
	o := small(serve(t, gzipped(load.NewBaseline(), &used), false))
	o.Gzip = true
	if x := run(t, o); !x.OK || x.Delivered != 600 || used.Load() != 20 {
		t.Errorf("result %+v, %d compressed streams", x, used.Load())
	}
}

// Other hubs have the topic in the path, want headers, and take bodies of another form.
func TestOtherHub(t *testing.T) {
	base := load.NewBaseline()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sub/{topic}", func(w http.ResponseWriter, r *http.Request) {
		r.URL.RawQuery = "topic=" + r.PathValue("topic")
		base.ServeHTTP(w, r)
	})
	mux.HandleFunc("POST /pub/{topic}", func(w http.ResponseWriter, r *http.Request) {
		var text strings.Builder
		_ = r.Write(&text)
		_, body, _ := strings.Cut(text.String(), "\r\n\r\n")
		if r.Header.Get("Content-Type") != "text/plain" || !strings.HasPrefix(body, "<tb1.") {
			http.Error(w, body, http.StatusBadRequest)
			return
		}
		r.Body = http.NoBody
		r.Form = map[string][]string{"topic": {r.PathValue("topic")}, "data": {strings.Trim(body, "<>")}}
		base.ServeHTTP(w, r)
	})
	url := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer x" || r.Host != "hub.example" {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		mux.ServeHTTP(w, r)
	}), false)
	o := small(strings.Replace(url, "/.well-known/mercure", "/sub/{topic}", 1))
	o.PublishURL = strings.Replace(url, "/.well-known/mercure", "/pub/{topic}", 1)
	o.PublishForm, o.PublishType, o.SubscribeQuery, o.Topics = "<{data}>", "text/plain", "", 2
	_, err := load.Run(t.Context(), o)
	if unreachable, ok := errors.AsType[*load.UnreachableError](err); !ok || !strings.Contains(unreachable.Error(), "who are you?") {
		t.Errorf("without the header: error %v", err)
	}
	o.Header = http.Header{"Authorization": {"Bearer x"}, "Host": {"hub.example"}}
	if x := run(t, o); !x.OK || x.Delivered != 300 {
		t.Errorf("result %+v", x)
	}
}

func TestErrors(t *testing.T) {
	url := startHub(t, false)
	refusing := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Error(w, "not you", http.StatusForbidden)
			return
		}
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	}), false)
	t.Run("nobody there", func(t *testing.T) {
		o := small("http://127.0.0.1:1/")
		_, err := load.Run(t.Context(), o)
		if _, ok := errors.AsType[*load.UnreachableError](err); !ok {
			t.Errorf("error %v, want an *UnreachableError", err)
		}
	})
	t.Run("publishing refused", func(t *testing.T) {
		_, err := load.Run(t.Context(), small(refusing))
		if refused, ok := errors.AsType[*load.RefusedError](err); !ok || refused.Text != "not you" {
			t.Errorf("error %v, want a *RefusedError", err)
		}
	})
	t.Run("a problem", func(t *testing.T) {
		o := small(serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"status":503,"detail":"the limit is 3"}`))
		}), false))
		const want = `: "the limit is 3"`
		for _, gz := range []bool{false, true} { // the two kinds of subscribers
			o.Gzip = gz
			if _, err := load.Run(t.Context(), o); err == nil || !strings.HasSuffix(err.Error(), want) {
				t.Errorf("connecting, goroutines %v: error %v, want ...%s", gz, err, want)
			}
		}
		o.Missed = 1
		if _, err := load.Run(t.Context(), o); err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("publishing: error %v, want ...%s", err, want)
		}
	})
	t.Run("half of the lines refused", func(t *testing.T) {
		base := load.NewBaseline()
		o := small(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost {
				_, _ = w.Write([]byte("{\"id\":\"1\"}\n{\"line\":2,\"status\":413}\n"))
				return
			}
			base.ServeHTTP(w, r)
		}), false))
		o.Lines, o.Burst = true, 2
		_, err := load.Run(t.Context(), o)
		if refused, ok := errors.AsType[*load.RefusedError](err); !ok || !strings.Contains(refused.Text, "413") {
			t.Errorf("error %v, want a *RefusedError", err)
		}
	})
	t.Run("interrupted", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		o := small(url)
		o.Rate, o.Count = 0, 0
		o.Progress = func(p load.Progress) {
			if p.Delivered > 0 {
				cancel()
			}
		}
		if _, err := load.Run(ctx, o); !errors.Is(err, context.Canceled) {
			t.Errorf("error %v, want %v", err, context.Canceled)
		}
	})
}

func TestSomeNotConnected(t *testing.T) {
	var n atomic.Int64
	base := load.NewBaseline()
	o := small(serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && n.Add(1)%4 == 0 {
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		base.ServeHTTP(w, r)
	}), false))
	x := run(t, o)
	if x.OK || x.Connected != 15 || x.ConnectFailed != 5 || x.Delivered != 450 || x.Lost != 0 || !strings.Contains(x.ConnectError, "full") {
		t.Errorf("result %+v", x)
	}
}
