package config

import (
	"cmp"

	"github.com/tidings-hub/tidings/hub"
)

// Limits bound what publishers and subscribers may ask for. What is beyond is refused by an error that names the
// limit.
type Limits struct {
	// MaxTopics is how many topics an update may have.
	MaxTopics int `default:"100" placeholder:"N" env:"TIDINGS_MAX_TOPICS" help:"How many topics an update may have."`
	// MaxTopicBytes is how long a topic or a matcher may be.
	MaxTopicBytes Bytes `default:"4KiB" placeholder:"BYTES" env:"TIDINGS_MAX_TOPIC_BYTES" help:"How long a topic or a matcher may be."`
	// MaxIDBytes is how long a publisher's own id may be.
	MaxIDBytes Bytes `name:"max-id-bytes" default:"1KiB" placeholder:"BYTES" env:"TIDINGS_MAX_ID_BYTES" help:"How long an update's id may be."`
	// MaxTypeBytes is how long an update's type may be.
	MaxTypeBytes Bytes `default:"256" placeholder:"BYTES" env:"TIDINGS_MAX_TYPE_BYTES" help:"How long an update's type may be."`
	// MaxDataBytes is how long an update's data may be.
	MaxDataBytes Bytes `default:"1000000" placeholder:"BYTES" env:"TIDINGS_MAX_DATA_BYTES" help:"How long an update's data may be."`
	// MaxKeyBytes is how long a publisher's idempotency key may be, together with what it is scoped to.
	MaxKeyBytes Bytes `default:"512" placeholder:"BYTES" env:"TIDINGS_MAX_KEY_BYTES" help:"How long an update's idempotency key may be."`
	// MaxBodyBytes is how long the body of a publisher's request may be. With 0 it is as long as the largest update
	// that the other limits allow can be in a form, which writes some bytes as three.
	MaxBodyBytes Bytes `default:"0" placeholder:"BYTES" env:"TIDINGS_MAX_BODY_BYTES" help:"How long the body of a publisher's request may be; 0 for what the largest update can take."`
	// MaxMatchers is how many topics a subscriber may ask for.
	MaxMatchers int `default:"100" placeholder:"N" env:"TIDINGS_MAX_MATCHERS" help:"How many topics a subscriber may ask for."`
	// MaxLatest is how many topics a subscriber is sent the newest update of. Of more it is sent the newest, and told.
	MaxLatest int `default:"10000" placeholder:"N" env:"TIDINGS_MAX_LATEST" help:"How many topics a subscriber that asks for the latest updates is sent."`
	// MaxNewest is how many of the newest updates a subscriber may ask for.
	MaxNewest int `default:"10000" placeholder:"N" env:"TIDINGS_MAX_NEWEST" help:"How many of the newest updates a subscriber may ask for."`
	// MaxPresenceQueue bounds how many beginnings and ends of subscriptions wait for the log. Beyond it nobody is let in.
	MaxPresenceQueue int `default:"100000" placeholder:"N" env:"TIDINGS_MAX_PRESENCE_QUEUE" help:"With --subscriptions: how many beginnings and ends of subscriptions may wait for the log before no more subscribers are taken."`
	// MaxQueueBytes bounds the updates that wait for the log. Beyond it publishing is refused, for now; updates that are
	// published together and are beyond it by themselves are refused for good.
	MaxQueueBytes Bytes `default:"64MiB" placeholder:"BYTES" env:"TIDINGS_MAX_QUEUE_BYTES" help:"How much may wait for the log before publishing is refused."`
}

func (l *Limits) options() hub.Limits {
	return hub.Limits{
		Topics:     l.MaxTopics,
		TopicBytes: int(l.MaxTopicBytes),
		IDBytes:    int(l.MaxIDBytes),
		TypeBytes:  int(l.MaxTypeBytes),
		DataBytes:  int(l.MaxDataBytes),
		KeyBytes:   int(l.MaxKeyBytes),
		Matchers:   l.MaxMatchers,
		Latest:     l.MaxLatest,
		Newest:     l.MaxNewest,
		QueueBytes: int(l.MaxQueueBytes),

		PresenceQueue: l.MaxPresenceQueue,
	}
}

func (l *Limits) validate() error {
	if err := cmp.Or(
		atLeast(
			1,
			setting[int]{"--max-topics", l.MaxTopics},
			setting[int]{"--max-matchers", l.MaxMatchers},
			setting[int]{"--max-latest", l.MaxLatest},
			setting[int]{"--max-newest", l.MaxNewest},
			setting[int]{"--max-presence-queue", l.MaxPresenceQueue},
		),
		atLeast(
			1,
			setting[Bytes]{"--max-topic-bytes", l.MaxTopicBytes},
			setting[Bytes]{"--max-id-bytes", l.MaxIDBytes},
			setting[Bytes]{"--max-type-bytes", l.MaxTypeBytes},
			setting[Bytes]{"--max-data-bytes", l.MaxDataBytes},
			setting[Bytes]{"--max-key-bytes", l.MaxKeyBytes},
			setting[Bytes]{"--max-queue-bytes", l.MaxQueueBytes},
		),
		atLeast(0, setting[Bytes]{"--max-body-bytes", l.MaxBodyBytes}),
	); err != nil {
		return err
	}
	if l.MaxBodyBytes != 0 && l.MaxBodyBytes < l.MaxDataBytes {
		return refuse([]string{"--max-body-bytes", "--max-data-bytes"},
			"--max-body-bytes (%v) is below --max-data-bytes (%v): no body could hold such data",
			l.MaxBodyBytes, l.MaxDataBytes)
	}
	largest := l.MaxDataBytes + Bytes(l.MaxTopics)*l.MaxTopicBytes + l.MaxIDBytes + l.MaxTypeBytes + l.MaxKeyBytes
	if l.MaxQueueBytes < largest {
		return refuse([]string{"--max-queue-bytes"},
			"--max-queue-bytes (%v) is below the largest update that the other limits allow (%v)",
			l.MaxQueueBytes, largest)
	}
	return nil
}
