package ssetest

import (
	"errors"
	"io"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// Recording is what can be seen of a stream.
type Recording struct {
	// Events and Comments are what has come, in order.
	Events   []sse.Event
	Comments []string
	// LastEventID is the one to reconnect with.
	LastEventID string
	// Retry is the reconnection time that the stream has asked for, if RetrySet.
	Retry    time.Duration
	RetrySet bool
	// Ended says that the stream has ended. Err is nil then if it did so in good order.
	Ended bool
	Err   error
}

// Record reads a stream to its end. o.OnComment is called as well.
func Record(r io.Reader, o sse.Options) Recording {
	var got Recording
	onComment := o.OnComment
	o.OnComment = func(text string) {
		got.Comments = append(got.Comments, text)
		if onComment != nil {
			onComment(text)
		}
	}
	d := sse.NewDecoder(r, o)
	for !got.Ended {
		event, err := d.Decode()
		if err == nil {
			got.Events = append(got.Events, event)
			continue
		}
		got.end(d, err)
	}
	return got
}

// end notes how a stream has ended.
func (r *Recording) end(d *sse.Decoder, err error) {
	r.note(d)
	r.Ended = true
	if !errors.Is(err, io.EOF) {
		r.Err = err
	}
}

// note notes what a decoder knows beside the events.
func (r *Recording) note(d *sse.Decoder) {
	r.LastEventID = d.LastEventID()
	r.Retry, r.RetrySet = d.Retry()
}
