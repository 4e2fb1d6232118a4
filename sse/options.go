package sse

import (
	"errors"
	"fmt"
	"strings"
)

const defaultLimit = 1 << 20

// Options configures a [Decoder]. The zero value is ready to use.
type Options struct {
	// MaxLine is the length in bytes of the longest line accepted, without its line end and the
	// byte order mark before the first. 0 means 1 MiB. A payload without line breaks is one line, so
	// this limits events too: 6 bytes of the line are "data: ".
	MaxLine int

	// MaxEvent is the length in bytes of the longest Event.Data accepted. 0 means 1 MiB.
	MaxEvent int

	// LastEventID is the last event ID to begin with: that of the connection which this one
	// resumes. Events before the first id line carry it. It must not contain CR, LF or NUL.
	LastEventID string

	// OnComment, if not nil, is called with the text of each comment line as soon as the line has
	// been read: what follows the colon, less one leading space, with invalid UTF-8 replaced. It is
	// called by Decode, in its goroutine, and must not call Decode.
	OnComment func(text string)
}

// Validate reports what is wrong with the options, naming the fields, or nil. There is no need to
// call it before [NewDecoder] or [Read], which report the same error on the first event.
func (o Options) Validate() error {
	var errs []error
	if o.MaxLine < 0 {
		errs = append(errs, fmt.Errorf("sse: MaxLine %d is negative", o.MaxLine))
	}
	if o.MaxEvent < 0 {
		errs = append(errs, fmt.Errorf("sse: MaxEvent %d is negative", o.MaxEvent))
	}
	if i := strings.IndexAny(o.LastEventID, forbidden); i >= 0 {
		c := charName(o.LastEventID[i])
		errs = append(errs, fmt.Errorf("sse: LastEventID contains %s at byte %d", c, i))
	}
	return errors.Join(errs...)
}

func (o Options) withDefaults() Options {
	if o.MaxLine == 0 {
		o.MaxLine = defaultLimit
	}
	if o.MaxEvent == 0 {
		o.MaxEvent = defaultLimit
	}
	return o
}
