package hub

import (
	"errors"
	"fmt"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// Options configure a hub. The zero value of each field stands for its default, so that Options{} is a useful
// hub with its updates in memory.
type Options struct {
	// Log keeps the updates. The hub is its only writer from New on, and does not close it. Default: a log in
	// memory with [eventlog.DefaultMemoryRetention].
	Log eventlog.Log
	// Fanout tunes delivery.
	Fanout fanout.Options
	// Limits bound what publishers and subscribers may ask for.
	Limits Limits
	// GapReplay is how many of the newest updates a subscriber is sent whose cursor cannot be honoured;
	// default 1,000, negative for none.
	GapReplay int
	// TrimInterval is how often the log's retention rules are applied while nothing is published; default 10 s.
	TrimInterval time.Duration
	// MaxAge is how long a stream may last; default 0, for ever. Each ends a little sooner, at random.
	MaxAge time.Duration
	// Subscriptions tells subscribers of one another: each subscription that a [Request] describes by its Presence is
	// listed while it lasts, and begins and ends with a private update. Without it, none of this costs anything.
	Subscriptions bool
	// Observer is told what happens to publishers; what happens to subscribers goes to Fanout.Observer.
	Observer Observer
}

// Limits bound what publishers and subscribers may ask for. The zero value of each field stands for its default.
// What is beyond a limit is refused with a [*LimitError] that names it.
type Limits struct {
	// Topics is how many topics an update may have; default 100.
	Topics int
	// TopicBytes is how long a topic or a matcher may be; default 4,096.
	TopicBytes int
	// IDBytes is how long an update's id may be; default 1,024.
	IDBytes int
	// TypeBytes is how long an update's type may be; default 256.
	TypeBytes int
	// DataBytes is how long an update's data may be; default 1,000,000, which with its
	// field name is a line that every decoder of package sse takes.
	DataBytes int
	// KeyBytes is how long an idempotency key may be, its scope included; default 512.
	KeyBytes int
	// Matchers is how many matchers a subscriber may have; default 100.
	Matchers int
	// Latest is how many topics a subscriber is sent the newest update of; default 10,000. Of more it is sent
	// those with the newest updates, and tidings.gap.
	Latest int
	// Newest is how many of the newest updates a subscriber may ask for; default 10,000.
	Newest int
	// QueueBytes is how much may wait for the committer; default 64 MiB. Beyond it publishing is refused, until the log
	// has caught up; what is more by itself, published together, is refused for good (LimitError.Alone).
	QueueBytes int
	// PresenceQueue is how many subscriptions may have begun or ended without the log saying so yet, under
	// Options.Subscriptions; default 100,000. Beyond it no subscriber is taken until the log has caught up: none begins
	// or ends unsaid. Who is subscribed can always leave.
	PresenceQueue int
	// Subscribers is how many streams there may be at once; default 0, no bound: what a stream costs is the
	// machine's to say, and a server has a bound of its own for its connections.
	Subscribers int
}

// WithDefaults returns o with zero fields replaced by their defaults, except for Log.
func (o Options) WithDefaults() Options {
	setDefault(&o.GapReplay, 1000)
	setDefault(&o.TrimInterval, 10*time.Second)
	o.Limits = o.Limits.WithDefaults()
	o.Fanout = o.Fanout.WithDefaults()
	return o
}

// WithDefaults returns l with zero fields replaced by their defaults.
func (l Limits) WithDefaults() Limits {
	setDefault(&l.Topics, 100)
	setDefault(&l.TopicBytes, 4096)
	setDefault(&l.IDBytes, 1024)
	setDefault(&l.TypeBytes, 256)
	setDefault(&l.DataBytes, 1_000_000)
	setDefault(&l.KeyBytes, 512)
	setDefault(&l.Matchers, 100)
	setDefault(&l.Latest, 10_000)
	setDefault(&l.Newest, 10_000)
	setDefault(&l.QueueBytes, 64<<20)
	setDefault(&l.PresenceQueue, 100_000)
	return l
}

func setDefault[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	o = o.WithDefaults()
	var errs []error
	l := o.Limits
	for _, f := range []struct {
		name  string
		value int
		least int
	}{
		{"Topics", l.Topics, 1},
		{"TopicBytes", l.TopicBytes, 1},
		{"IDBytes", l.IDBytes, 1},
		{"TypeBytes", l.TypeBytes, 1},
		{"DataBytes", l.DataBytes, 1},
		{"KeyBytes", l.KeyBytes, 1},
		{"Matchers", l.Matchers, 1},
		{"Latest", l.Latest, 1},
		{"Newest", l.Newest, 1},
		{"QueueBytes", l.QueueBytes, 1},
		{limitPresence, l.PresenceQueue, 1},
		{limitSubscribers, l.Subscribers, 0},
	} {
		if f.value < f.least {
			errs = append(errs, fmt.Errorf("hub: Options.Limits.%s is %d, less than %d", f.name, f.value, f.least))
		}
	}
	if least := l.DataBytes + l.Topics*l.TopicBytes + l.IDBytes + l.TypeBytes + l.KeyBytes; l.QueueBytes < least {
		errs = append(errs, fmt.Errorf("hub: Options.Limits.QueueBytes (%d) is less than one update that the other limits allow (%d)",
			l.QueueBytes, least))
	}
	if o.MaxAge < 0 {
		errs = append(errs, fmt.Errorf("hub: Options.MaxAge is negative: %v", o.MaxAge))
	}
	if o.TrimInterval < 0 {
		errs = append(errs, fmt.Errorf("hub: Options.TrimInterval is negative: %v", o.TrimInterval))
	}
	return errors.Join(append(errs, o.Fanout.Validate())...)
}
