package eventlog

import (
	"fmt"
	"time"
)

// Retention says what a log keeps. A record is dropped as soon as one of the rules asks for it; a zero field is
// no rule. Dropping goes from the oldest record on and always leaves the newest one if MaxAge allows.
type Retention struct {
	// MaxAge drops records that are older.
	MaxAge time.Duration
	// MaxBytes drops the oldest records while the sum of [Update.Size] and a fixed overhead of each is larger. In memory
	// each further topic has an overhead too.
	MaxBytes int64
	// MaxRecords drops the oldest records while there are more.
	MaxRecords int
}

// Validate refuses negative rules.
func (r Retention) Validate() error {
	switch {
	case r.MaxAge < 0:
		return fmt.Errorf("eventlog: Retention.MaxAge is negative: %v", r.MaxAge)
	case r.MaxBytes < 0:
		return fmt.Errorf("eventlog: Retention.MaxBytes is negative: %d", r.MaxBytes)
	case r.MaxRecords < 0:
		return fmt.Errorf("eventlog: Retention.MaxRecords is negative: %d", r.MaxRecords)
	}
	return nil
}
