package config

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/internal/load"
	"github.com/tidings-hub/tidings/protocol"
)

// Bench holds the settings of tidings bench.
type Bench struct {
	BenchTarget  `group:"What is put under load:"`
	BenchLoad    `group:"The load:"`
	BenchMeasure `group:"Measuring:"`
}

// BenchTarget says which hub is put under load, and how to talk to it.
type BenchTarget struct {
	// URL is the hub's; empty for one that bench starts. It has a variable of its own: the hub that a machine's
	// other commands talk to is hardly one to put under load.
	URL string `name:"hub" placeholder:"URL" env:"TIDINGS_BENCH_HUB" help:"The stream's URL, its path may be left out; {topic} stands for the topic. Without it, bench starts a hub, and ends it."`
	// PublishURL is where updates are posted.
	PublishURL string `placeholder:"URL" env:"TIDINGS_BENCH_PUBLISH_URL" help:"Where updates are posted, if not to --hub; {topic} stands for the topic."`
	// ServeArgs are further arguments of the hub that bench starts.
	ServeArgs []string `name:"serve-arg" sep:"none" placeholder:"ARG" env:"TIDINGS_BENCH_SERVE_ARG" help:"Further argument for the hub that bench starts, as in --serve-arg=--shards=1; may be repeated."`
	// Headers are sent with every request.
	Headers []string `name:"header" sep:"none" placeholder:"NAME:VALUE" env:"TIDINGS_BENCH_HEADER" help:"Header of every request; may be repeated."`
	// SubscribeQuery is what each topic adds to the query.
	SubscribeQuery string `default:"topic={topic}" placeholder:"TEMPLATE" env:"TIDINGS_BENCH_SUBSCRIBE_QUERY" help:"What each topic of a subscriber adds to the query."`
	// PublishForm is the body of a publication.
	PublishForm string `default:"topic={topic}&data={data}" placeholder:"TEMPLATE" env:"TIDINGS_BENCH_PUBLISH_FORM" help:"Body of a publication."`
	// PublishType is the body's type.
	PublishType string `default:"application/x-www-form-urlencoded" placeholder:"TYPE" env:"TIDINGS_BENCH_PUBLISH_TYPE" help:"Its Content-Type. In a form, topic and data are percent-encoded; in others they are put as they are."`
	// NoPublish leaves publishing to the hub.
	NoPublish bool `env:"TIDINGS_BENCH_NO_PUBLISH" help:"Publish nothing: the hub does. Its events are counted and not checked."`
	// HTTP2 speaks HTTP/2.
	HTTP2 bool `name:"http2" env:"TIDINGS_BENCH_HTTP2" help:"Subscribe over HTTP/2, also in clear."`
	// Streams is how many subscribers share a connection of HTTP/2.
	Streams int `default:"100" placeholder:"N" env:"TIDINGS_BENCH_STREAMS" help:"How many subscribers share a connection of HTTP/2."`
	// Insecure takes any certificate.
	Insecure bool `env:"TIDINGS_BENCH_INSECURE" help:"Take any certificate."`
	// Gzip asks for gzip.
	Gzip bool `env:"TIDINGS_BENCH_GZIP" help:"Ask for gzip and inflate it; with a goroutine for each subscriber."`
	// Timeout is how long connecting and each answer may take.
	Timeout time.Duration `default:"30s" placeholder:"DURATION" env:"TIDINGS_BENCH_TIMEOUT" help:"How long connecting, and each answer, may take."`
}

// BenchLoad says who subscribes, and what is published when.
type BenchLoad struct {
	Subscribers   int           `default:"1000" placeholder:"N" env:"TIDINGS_BENCH_SUBSCRIBERS" help:"Number of subscribers."`
	Topics        int           `default:"1" placeholder:"N" env:"TIDINGS_BENCH_TOPICS" help:"Number of topics. The subscribers are spread over them, the updates take turns."`
	Matchers      int           `default:"1" placeholder:"N" env:"TIDINGS_BENCH_MATCHERS" help:"How many of the topics each subscriber asks for."`
	ExtraMatchers int           `default:"0" placeholder:"N" env:"TIDINGS_BENCH_EXTRA_MATCHERS" help:"How many topics of its own, to which nobody publishes, each asks for beside them."`
	TopicPrefix   string        `default:"bench-" placeholder:"TEXT" env:"TIDINGS_BENCH_TOPIC_PREFIX" help:"What the topics' names begin with; a number follows."`
	Ramp          int           `default:"0" placeholder:"N" env:"TIDINGS_BENCH_RAMP" help:"Connections opened in a second; 0 for as many as are accepted."`
	Rate          float64       `default:"10" placeholder:"N" env:"TIDINGS_BENCH_RATE" help:"Updates due in a second, whether or not those before have arrived; 0 for the next one when everybody has the last."`
	Burst         int           `default:"1" placeholder:"N" env:"TIDINGS_BENCH_BURST" help:"How many updates are published at once."`
	Lines         bool          `env:"TIDINGS_BENCH_LINES" help:"Publish a burst as one request of JSON lines."`
	Count         int           `default:"0" placeholder:"N" env:"TIDINGS_BENCH_COUNT" help:"End after so many updates; 0 for --duration alone."`
	Duration      time.Duration `default:"10s" placeholder:"DURATION" env:"TIDINGS_BENCH_DURATION" help:"How long updates are published."`
	Size          Bytes         `default:"200" placeholder:"BYTES" env:"TIDINGS_BENCH_SIZE" help:"Length of an update's data, at least 64."`
	Payload       string        `default:"text" enum:"text,random" placeholder:"KIND" env:"TIDINGS_BENCH_PAYLOAD" help:"What the data is: text, which compresses well, or random."`
	Publishers    int           `default:"1" placeholder:"N" env:"TIDINGS_BENCH_PUBLISHERS" help:"How many connections publish, each one request after the other."`
	Missed        int           `default:"0" placeholder:"N" env:"TIDINGS_BENCH_MISSED" help:"Resume storm: publish N updates to each topic first, then let everybody come back for them at once."`
	Slow          float64       `default:"0" placeholder:"PERCENT" env:"TIDINGS_BENCH_SLOW" help:"How many percent of the subscribers read slowly. They are not waited for, and in no latency."`
	SlowRate      Bytes         `default:"16KiB" placeholder:"BYTES" env:"TIDINGS_BENCH_SLOW_RATE" help:"How much a slow one reads in a second."`
	Stuck         int           `default:"0" placeholder:"N" env:"TIDINGS_BENCH_STUCK" help:"How many of the subscribers never read."`
	Idle          bool          `env:"TIDINGS_BENCH_IDLE" help:"Connect and stay for --duration; publish nothing."`
	Settle        time.Duration `default:"1s" placeholder:"DURATION" env:"TIDINGS_BENCH_SETTLE" help:"How long to wait behind the last connection, before memory is read and the load begins."`
	Drain         time.Duration `default:"10s" placeholder:"DURATION" env:"TIDINGS_BENCH_DRAIN" help:"How long the last updates may take to arrive; with --rate 0, each burst."`
}

// BenchMeasure says what is measured, and how it is printed.
type BenchMeasure struct {
	PID       int   `name:"pid" default:"0" placeholder:"PID" env:"TIDINGS_BENCH_PID" help:"The process of --hub, whose CPU and memory are read; Linux only."`
	PinServer []int `placeholder:"CPU,..." env:"TIDINGS_BENCH_PIN_SERVER" help:"CPUs for the hub that bench starts; Linux only."`
	PinClient []int `placeholder:"CPU,..." env:"TIDINGS_BENCH_PIN_CLIENT" help:"CPUs for bench itself; Linux only."`
	Threads   int   `default:"0" placeholder:"N" env:"TIDINGS_BENCH_THREADS" help:"Number of threads that read; 0 for one for each CPU."`
	Compare   bool  `env:"TIDINGS_BENCH_COMPARE" help:"Put the same load on a plain net/http hub, and print both with their ratio."`
	JSON      bool  `name:"json" env:"TIDINGS_BENCH_JSON" help:"Print one JSON object."`
}

// Validate refuses settings that do not go together.
func (b *Bench) Validate() error {
	if err := cmp.Or(b.BenchTarget.validate(), b.BenchLoad.validate(), atLeast(
		0, setting[int]{"--pid", b.PID}, setting[int]{"--threads", b.Threads},
	)); err != nil {
		return err
	}
	for flag, cpus := range map[string][]int{"--pin-server": b.PinServer, "--pin-client": b.PinClient} {
		if slices.ContainsFunc(cpus, func(cpu int) bool { return cpu < 0 }) {
			return refuse([]string{flag}, "%s has a negative number: it must be like 0,1", flag)
		}
	}
	switch {
	case b.PID != 0 && b.URL == "":
		return refuse([]string{"--pid", "--hub"}, "--pid is the process of --hub: the one that bench starts is known")
	case len(b.PinServer) > 0 && b.URL != "" && !b.Compare:
		return refuse([]string{"--pin-server", "--hub"}, "--pin-server pins what bench starts, but --hub runs already")
	case len(b.ServeArgs) > 0 && b.URL != "":
		return refuse([]string{"--serve-arg", "--hub"}, "--serve-arg is for a hub that bench starts, but --hub runs already")
	case b.NoPublish && b.URL == "":
		return refuse([]string{"--no-publish", "--hub"}, "--no-publish needs a --hub that publishes by itself")
	case b.Compare && (b.NoPublish || b.Missed > 0):
		return refuse([]string{"--compare", "--no-publish", "--missed"},
			"--compare goes with neither --no-publish nor --missed: a plain hub publishes nothing by itself, and keeps nothing")
	case b.Compare && strings.HasPrefix(b.URL, "https:"):
		return refuse([]string{"--compare", "--hub"}, "--compare cannot be fair to --hub %s: the plain hub speaks HTTP in clear", b.URL)
	case b.Missed > 0 && (b.NoPublish || b.Idle):
		return refuse([]string{"--missed", "--no-publish", "--idle"}, "--missed goes with neither --no-publish nor --idle")
	}
	return nil
}

func (t *BenchTarget) validate() error {
	for flag, text := range map[string]string{"--hub": t.URL, "--publish-url": t.PublishURL} {
		if text == "" {
			continue
		}
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return refuse([]string{flag}, "%s is %q, it must be an http or https URL", flag, text)
		}
	}
	for _, h := range t.Headers {
		if name, _, ok := strings.Cut(h, ":"); !ok || strings.TrimSpace(name) == "" {
			return refuse([]string{"--header"}, "--header is %q, it must be NAME:VALUE", h)
		}
	}
	return cmp.Or(
		atLeast(1, setting[int]{"--streams", t.Streams}),
		atLeast(time.Millisecond, setting[time.Duration]{"--timeout", t.Timeout}),
	)
}

func (l *BenchLoad) validate() error {
	if err := cmp.Or(
		atLeast(
			1,
			setting[int]{"--subscribers", l.Subscribers}, setting[int]{"--topics", l.Topics},
			setting[int]{"--matchers", l.Matchers}, setting[int]{"--burst", l.Burst},
			setting[int]{"--publishers", l.Publishers},
		),
		atLeast(
			0,
			setting[int]{"--extra-matchers", l.ExtraMatchers}, setting[int]{"--ramp", l.Ramp},
			setting[int]{"--count", l.Count}, setting[int]{"--missed", l.Missed}, setting[int]{"--stuck", l.Stuck},
		),
		atLeast(64, setting[Bytes]{"--size", l.Size}),
		atLeast(1, setting[Bytes]{"--slow-rate", l.SlowRate}),
		atLeast(
			time.Millisecond,
			setting[time.Duration]{"--duration", l.Duration}, setting[time.Duration]{"--drain", l.Drain},
		),
		atLeast(0, setting[time.Duration]{"--settle", l.Settle}),
	); err != nil {
		return err
	}
	switch {
	case !(l.Rate >= 0):
		return refuse([]string{"--rate"}, "--rate is %v, it must be at least 0", l.Rate)
	case l.TopicPrefix == "":
		return refuse([]string{"--topic-prefix"}, "--topic-prefix is empty")
	case l.Matchers > l.Topics:
		return refuse([]string{"--matchers", "--topics"},
			"--matchers (%d) is above --topics (%d): a subscriber asks for each topic once", l.Matchers, l.Topics)
	case l.Publishers > 1<<16:
		return refuse([]string{"--publishers"}, "--publishers is %d, it must be at most %d", l.Publishers, 1<<16)
	case !(l.Slow >= 0 && l.Slow <= 100) || int(l.Slow/100*float64(l.Subscribers))+l.Stuck > l.Subscribers:
		return refuse([]string{"--slow", "--stuck", "--subscribers"},
			"--slow (%v percent) and --stuck (%d) are no part of --subscribers (%d)", l.Slow, l.Stuck, l.Subscribers)
	}
	return nil
}

// Options returns the load on the hub at --hub.
func (b *Bench) Options() load.Options {
	header := http.Header{}
	for _, h := range b.Headers {
		name, value, _ := strings.Cut(h, ":")
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return load.Options{
		URL: withPath(b.URL), PublishURL: withPath(b.PublishURL), Header: header,
		SubscribeQuery: b.SubscribeQuery, PublishForm: b.PublishForm, PublishType: b.PublishType,
		NoPublish: b.NoPublish, HTTP2: b.HTTP2, Streams: b.Streams, Insecure: b.Insecure, Gzip: b.Gzip,
		Timeout: b.Timeout, Subscribers: b.Subscribers, Topics: b.Topics, Matchers: b.Matchers,
		ExtraMatchers: b.ExtraMatchers, TopicPrefix: b.TopicPrefix, Ramp: b.Ramp, Rate: b.Rate, Burst: b.Burst,
		Lines: b.Lines, Count: b.Count, Duration: b.Duration, Size: int(b.Size), Payload: b.Payload,
		Publishers: b.Publishers, Missed: b.Missed, SlowPercent: b.Slow, SlowRate: int(b.SlowRate), Stuck: b.Stuck,
		Idle: b.Idle, Settle: b.Settle, Drain: b.Drain, PID: b.PID, Threads: b.Threads,
	}
}

// withPath returns a hub's URL with the usual path if it has none.
func withPath(text string) string {
	u, err := url.Parse(text)
	if text == "" || err != nil || u.Path != "" && u.Path != "/" {
		return text
	}
	u.Path = protocol.DefaultPath
	return u.String()
}

// BenchBase holds the settings of the plain hub that tidings bench --compare starts.
type BenchBase struct {
	// Addr is where to listen.
	Addr string `default:"127.0.0.1:0" placeholder:"HOST:PORT" env:"TIDINGS_BENCH_BASE_ADDR" help:"Where to listen; port 0 is any free one."`
}
