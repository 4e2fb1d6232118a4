package config

import (
	"cmp"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// Log says where updates are kept, and for how long.
type Log struct {
	// Data is the log: "memory" is the only one so far. It is forgotten when the hub ends, and subscribers that
	// come back are told so.
	Data string `enum:"memory" default:"memory" placeholder:"PLACE" env:"TIDINGS_DATA" help:"Where updates are kept: 'memory', the only place so far, which is forgotten when the hub ends."`
	// RetainAge, RetainBytes and RetainCount are the rules by which the oldest updates are dropped; each may be 0
	// for none, but not all of them.
	RetainAge   time.Duration `default:"24h" placeholder:"DURATION" env:"TIDINGS_RETAIN_AGE" help:"Drop updates that are older; 0 for no such rule."`
	RetainBytes Bytes         `default:"64MiB" placeholder:"BYTES" env:"TIDINGS_RETAIN_BYTES" help:"Drop the oldest updates while all together are larger; 0 for no such rule."`
	RetainCount int           `default:"0" placeholder:"N" env:"TIDINGS_RETAIN_COUNT" help:"Drop the oldest updates while there are more; 0 for no such rule."`
	// TrimInterval is how often the rules are applied while nothing is published.
	TrimInterval time.Duration `default:"10s" placeholder:"DURATION" env:"TIDINGS_TRIM_INTERVAL" help:"How often the rules are applied while nothing is published."`
	// GapReplay is how many of the newest updates a subscriber is sent whose cursor cannot be honoured.
	GapReplay int `default:"1000" placeholder:"N" env:"TIDINGS_GAP_REPLAY" help:"How many of the newest updates to send to a subscriber whose cursor cannot be honoured."`
}

// Retention returns the rules of the log.
func (l *Log) Retention() eventlog.Retention {
	return eventlog.Retention{MaxAge: l.RetainAge, MaxBytes: int64(l.RetainBytes), MaxRecords: l.RetainCount}
}

func (l *Log) validate() error {
	if err := cmp.Or(
		atLeast(0, setting[time.Duration]{"--retain-age", l.RetainAge}),
		atLeast(0, setting[Bytes]{"--retain-bytes", l.RetainBytes}),
		atLeast(0, setting[int]{"--retain-count", l.RetainCount}, setting[int]{"--gap-replay", l.GapReplay}),
		atLeast(time.Millisecond, setting[time.Duration]{"--trim-interval", l.TrimInterval}),
	); err != nil {
		return err
	}
	if l.Retention() == (eventlog.Retention{}) {
		return refuse([]string{"--retain-age", "--retain-bytes", "--retain-count"},
			"--retain-age, --retain-bytes and --retain-count are all 0: a log in memory needs one of them")
	}
	return nil
}
