package load

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"time"
)

// Options describe a load. Except for URL, the zero value of each field is its default.
type Options struct {
	// URL is that of the stream; {topic} in it stands for the first topic of a subscriber.
	URL string
	// PublishURL is where updates are posted; default URL. {topic} in it stands for the update's topic.
	PublishURL string
	// Header is sent with every request.
	Header http.Header
	// SubscribeQuery is what each topic of a subscriber adds to the query, with {topic} in it; none if empty.
	SubscribeQuery string
	// PublishForm is the body of a publication, with {topic} and {data} in it.
	PublishForm string
	// PublishType is the body's Content-Type. In the default, a form, topic and data are percent-encoded.
	PublishType string
	// NoPublish leaves publishing to the hub. Events are counted then, and not checked.
	NoPublish bool
	// HTTP2 speaks HTTP/2, also in clear.
	HTTP2 bool
	// Streams is how many subscribers share a connection of HTTP/2; default 100.
	Streams int
	// Insecure takes any certificate.
	Insecure bool
	// Gzip asks for gzip.
	Gzip bool
	// Timeout is how long connecting, and each answer, may take; default 30 s.
	Timeout time.Duration

	// Subscribers is their number; default 1,000.
	Subscribers int
	// Topics is the number of topics; default 1. Subscriber i asks for the Matchers topics from i*Matchers on.
	Topics int
	// Matchers is how many of the topics each subscriber asks for; default 1.
	Matchers int
	// ExtraMatchers is how many topics beside them each asks for, to which nobody publishes.
	ExtraMatchers int
	// TopicPrefix is what the topics' names begin with; default "bench-".
	TopicPrefix string
	// Ramp is how many connections are opened in a second; 0 for as many as are accepted.
	Ramp int
	// Rate is how many updates are due in a second; 0 for the next one when everybody has the last one.
	Rate float64
	// Burst is how many updates are due at once; default 1.
	Burst int
	// Lines publishes a burst as one request of JSON lines.
	Lines bool
	// Count ends the load after so many updates; 0 for none but Duration.
	Count int
	// Duration is how long updates are published; default 10 s. It is how long Idle stays.
	Duration time.Duration
	// Size is the length of an update's data; default 200, at least 64.
	Size int
	// Payload is PayloadText (the default) or PayloadRandom.
	Payload string
	// Publishers is how many connections publish; default 1. Each has one request on its way.
	Publishers int
	// Missed publishes so many updates to each topic before anybody is connected; then all subscribers resume
	// before them, and receiving these is the whole of the load.
	Missed int
	// SlowPercent of the subscribers read SlowRate bytes in a second; default 16 KiB. They are neither waited for
	// nor in the figures.
	SlowPercent float64
	SlowRate    int
	// Stuck is how many subscribers never read.
	Stuck int
	// Idle publishes nothing.
	Idle bool
	// Settle is how long to wait between the last connection and the first update.
	Settle time.Duration
	// Drain is how long the last updates may take to arrive; default 10 s.
	Drain time.Duration

	// PID is the hub's process, whose CPU and memory are measured; 0 for none.
	PID int
	// Threads is how many threads read; 0 for one for each CPU.
	Threads int
	// Progress, if not nil, is called several times a second, from a goroutine of its own.
	Progress func(Progress)
}

// Progress says how far a run is.
type Progress struct {
	// Phase is what is being done: "connecting", "settling", "idle", "publishing" or "receiving".
	Phase string
	// Connected is how many streams are open.
	Connected int
	// Published is how many updates were acknowledged.
	Published int64
	// Delivered of Expected deliveries have arrived. Without publishers of its own a run expects none.
	Delivered, Expected int64
	// Elapsed is the time since the run began.
	Elapsed time.Duration
}

// WithDefaults returns o with defaults in place of zero values.
func (o Options) WithDefaults() Options {
	setDefault(&o.PublishURL, o.URL)
	setDefault(&o.PublishForm, "topic={topic}&data={data}")
	setDefault(&o.PublishType, typeForm)
	setDefault(&o.Streams, 100)
	setDefault(&o.Timeout, 30*time.Second)
	setDefault(&o.Subscribers, 1000)
	setDefault(&o.Topics, 1)
	setDefault(&o.Matchers, 1)
	setDefault(&o.TopicPrefix, "bench-")
	setDefault(&o.Burst, 1)
	setDefault(&o.Duration, 10*time.Second)
	setDefault(&o.Size, 200)
	setDefault(&o.Payload, PayloadText)
	setDefault(&o.Publishers, 1)
	setDefault(&o.SlowRate, 16<<10)
	setDefault(&o.Drain, 10*time.Second)
	return o
}

func setDefault[T comparable](field *T, value T) {
	if *field == *new(T) {
		*field = value
	}
}

// minSize is the least length of data that a stamp fits in, in round figures.
const minSize = 64

// Validate refuses options that cannot work, naming the fields.
func (o Options) Validate() error {
	o = o.WithDefaults()
	for _, text := range []string{o.URL, o.PublishURL} {
		u, err := url.Parse(text)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return fmt.Errorf("load: Options.URL or PublishURL is %q, it must be an http or https URL", text)
		}
	}
	if o.Subscribers < 0 || o.Topics < 0 || o.Matchers < 0 || o.ExtraMatchers < 0 || o.Ramp < 0 || o.Rate < 0 ||
		o.Burst < 0 || o.Count < 0 || o.Duration < 0 || o.Publishers < 0 || o.Missed < 0 || o.SlowPercent < 0 ||
		o.SlowRate < 0 || o.Stuck < 0 || o.Settle < 0 || o.Drain < 0 || o.Threads < 0 || o.Timeout < 0 ||
		o.Streams < 0 || o.PID < 0 {
		return errors.New("load: a number of the Options is negative")
	}
	switch {
	case o.Size < minSize:
		return fmt.Errorf("load: Options.Size is %d, it must be at least %d", o.Size, minSize)
	case o.Matchers > o.Topics:
		return fmt.Errorf("load: Options.Matchers (%d) is above Topics (%d)", o.Matchers, o.Topics)
	case o.Publishers > 1<<16:
		return fmt.Errorf("load: Options.Publishers is %d, it must be at most %d", o.Publishers, 1<<16)
	case o.slow()+o.Stuck > o.Subscribers:
		return fmt.Errorf("load: Options.SlowPercent (%v) and Stuck (%d) are more than all %d subscribers",
			o.SlowPercent, o.Stuck, o.Subscribers)
	case o.Payload != PayloadText && o.Payload != PayloadRandom:
		return fmt.Errorf("load: Options.Payload is %q, it must be %q or %q", o.Payload, PayloadText, PayloadRandom)
	case o.Missed > 0 && (o.NoPublish || o.Idle):
		return errors.New("load: Options.Missed needs publishers, but NoPublish or Idle is set")
	}
	return nil
}

// slow returns how many subscribers read slowly.
func (o *Options) slow() int { return int(o.SlowPercent / 100 * float64(o.Subscribers)) }

// connections returns how many connections there will be, unless the hub allows fewer streams on each than Streams.
func (o *Options) connections() int {
	if !o.HTTP2 {
		return o.Subscribers + o.Publishers
	}
	return (o.Subscribers+o.Streams-1)/o.Streams + o.Publishers
}

// due returns how many updates a rate asks for, 0 if there is none.
func (o *Options) due() int64 {
	if o.Rate == 0 || o.Idle || o.NoPublish || o.Missed > 0 {
		return 0
	}
	bursts := math.Ceil(o.Duration.Seconds() * o.Rate / float64(o.Burst))
	due := int64(bursts) * int64(o.Burst)
	if o.Count > 0 {
		due = min(due, int64(o.Count))
	}
	return due
}
