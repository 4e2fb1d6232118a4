package hub

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// Request is what a subscriber asks for.
type Request struct {
	// Matchers select topics. There is at least one.
	Matchers topic.Matchers
	// Grant says which private updates the subscriber may have. The zero Grant has none.
	Grant topic.Grant
	// Cursor is where the subscriber was; see [eventlog.ParseCursor].
	Cursor eventlog.Cursor
	// Replay asks for some of the past where there is no Cursor.
	Replay Replay
	// SkipGap lets a stream whose Cursor cannot be honoured begin now, without the newest updates of the past.
	SkipGap bool
	// Signals asks for the hub's own events in the stream: tidings.hello, tidings.gap, tidings.ping, tidings.expiring,
	// tidings.bye.
	Signals bool
	// Expires, if it is not zero, is when the stream ends at the latest.
	Expires time.Time
	// Presence, if it is not nil, describes the stream's subscriptions to others, under Options.Subscriptions. It is
	// called when the stream is attached.
	Presence func(fanout.SubscriberID) []Presence
	// Bearer, if it is not nil, is what the leave to receive was given to, for [Hub.EndWhere].
	Bearer any
}

// Replay says what a subscriber without a cursor is sent of the past. The zero Replay is nothing.
type Replay struct {
	// Latest asks for the newest update of each topic, as far as the subscriber may receive it.
	Latest bool
	// Newest asks for so many of the newest updates in all, at most [Limits].Newest.
	Newest int
}

// Subscription is a subscriber whose stream has not begun yet. One that is not attached holds nothing.
type Subscription struct {
	// ID names the subscriber.
	ID fanout.SubscriberID
	// Verdict says how the stream begins.
	Verdict eventlog.Verdict
	// LastEventID is the id of the event before the first one that will be sent, or "earliest" if there is
	// none: the cursor itself if it is honoured, else a position.
	LastEventID string
	// Head, if the caller sets it, is what a bare connection is sent before the stream begins.
	Head []byte
	// Done, if the caller sets it, is called once when a stream that was attached has ended. It is called from a
	// shard's loop: it must be quick and must not call back.
	Done func()

	hub     *Hub
	filter  *eventlog.Filter
	signals bool
	first   []*fanout.Frame
	latest  eventlog.Latest
	expires time.Time
	why     fanout.EndReason
	bearer  any
	tell    func(fanout.SubscriberID) []Presence
}

// HelloData is the data of the tidings.hello signal, with which a stream with signals begins.
type HelloData struct {
	Subscriber string     `json:"subscriber"`
	Epoch      string     `json:"epoch"`
	Position   string     `json:"position"` // what the stream goes on behind
	Verdict    string     `json:"verdict"`
	Heartbeat  int64      `json:"heartbeat"` // milliseconds
	Limits     HelloLimit `json:"limits"`
}

// HelloLimit says what a subscriber may ask for.
type HelloLimit struct {
	Matchers     int `json:"matchers"`
	MatcherBytes int `json:"matcherBytes"`
}

// Subscribe judges the cursor of r and prepares a stream. The caller tells the verdict to the subscriber, then
// calls [Subscription.Attach].
//
// The error is an [*InvalidError], a [*LimitError] or [ErrClosed] if r was refused. It wraps
// [eventlog.ErrUnavailable] if the log is being opened anew: the subscriber should come back.
func (h *Hub) Subscribe(ctx context.Context, r Request) (*Subscription, error) {
	if err := checkMatchers(r.Matchers, h.options.Limits); err != nil {
		return nil, h.options.Observer.refused(err)
	}
	if r.Replay.Newest > h.options.Limits.Newest {
		err := &LimitError{Limit: "Newest", Max: h.options.Limits.Newest, Got: r.Replay.Newest}
		return nil, h.options.Observer.refused(err)
	}
	if err := h.attached.check(); err != nil { // before the work of judging
		return nil, h.options.Observer.refused(err)
	}
	if err := h.presence.check(h.options.Subscriptions && r.Presence != nil); err != nil {
		return nil, h.options.Observer.refused(err)
	}
	s := &Subscription{
		ID:      fanout.NewSubscriberID(),
		hub:     h,
		filter:  h.filters.share(r.Matchers, r.Grant),
		signals: r.Signals,
	}
	s.expires, s.why = h.lifetime(r.Expires)
	s.bearer = r.Bearer
	if h.options.Subscriptions {
		s.tell = r.Presence
	}
	if err := s.judge(ctx, &r); errors.Is(err, eventlog.ErrClosed) {
		return nil, h.options.Observer.refused(ErrClosed)
	} else if err != nil {
		return nil, fmt.Errorf("hub: cannot judge cursor: %w", err)
	}
	if !r.Signals {
		s.first = []*fanout.Frame{h.opening}
		return s, nil
	}
	if err := s.greet(r.Cursor); err != nil {
		return nil, err
	}
	return s, nil
}

// lifetime returns when a stream that begins now ends at the latest, and why: when the leave to receive expires, or
// when it is as old as Options.MaxAge, of which up to a fifth is taken off at random, so that not all end together.
func (h *Hub) lifetime(expires time.Time) (time.Time, fanout.EndReason) {
	if most := h.options.MaxAge; most > 0 {
		at := time.Now().Add(most - time.Duration(rand.Int64N(int64(most)/5+1)))
		if expires.IsZero() || at.Before(expires) {
			return at, fanout.EndAge
		}
	}
	return expires, fanout.EndExpired
}

// judge asks the log where the stream begins, and what the subscriber is told of it.
func (s *Subscription) judge(ctx context.Context, r *Request) error {
	log, c := s.hub.log, r.Cursor
	v, err := log.Verdict(ctx, c, s.filter)
	if err != nil {
		return err
	}
	oldest := v.After // on a gap
	switch {
	case v.Kind == eventlog.Gap:
		n := s.hub.options.GapReplay
		if r.SkipGap {
			n = 0
		}
		newest, err := log.Newest(ctx, s.filter, n)
		if err != nil {
			return err
		}
		v.After = max(v.After, newest)
	case v.Kind == eventlog.Fresh && r.Replay.Newest > 0:
		v.Told = v.After // what was lost before now is not asked for
		if v.After, err = log.Newest(ctx, s.filter, r.Replay.Newest); err != nil {
			return err
		}
	case v.Kind == eventlog.Fresh && r.Replay.Latest:
		if s.latest, err = log.Latest(ctx, s.filter, s.hub.options.Limits.Latest); err != nil {
			return err
		}
		v.Told, v.After = s.latest.Head, s.latest.Head
		if len(s.latest.Offsets) > 0 {
			v.After = s.latest.Offsets[0] - 1
		}
	}
	s.Verdict = v
	switch {
	case v.Kind == eventlog.Resumed, v.Kind == eventlog.Compacted:
		s.LastEventID = c.String()
	case v.After == 0, v.Kind == eventlog.Gap && v.After == oldest:
		s.LastEventID = eventlog.Earliest
	default:
		s.LastEventID = log.Lineage().At(v.After).String()
	}
	return nil
}

// greet makes the signals with which the stream begins. The last of them carries the position that the stream goes on
// behind as its id, so that a stream that has had no event yet resumes exactly. That is the gap if there is one: who is
// cut off before it has been told comes back with the old cursor, and is told then.
func (s *Subscription) greet(c eventlog.Cursor) error {
	lineage := s.hub.log.Lineage()
	at := lineage.At(s.Verdict.After).String()
	hello := HelloData{
		Subscriber: s.ID.String(),
		Epoch:      string(lineage.Current()),
		Position:   at,
		Verdict:    s.Verdict.Kind.String(),
		Heartbeat:  s.hub.options.Fanout.Heartbeat.Milliseconds(),
		Limits:     HelloLimit{Matchers: s.hub.options.Limits.Matchers, MatcherBytes: s.hub.options.Limits.TopicBytes},
	}
	var gap *fanout.GapData
	switch {
	case s.latest.More:
		to := lineage.At(s.latest.Head)
		gap = &fanout.GapData{From: eventlog.Earliest, To: to.String(), Why: eventlog.GapLimit.String()}
	case s.Verdict.Kind == eventlog.Gap:
		to := lineage.At(max(s.Verdict.After, s.Verdict.Told))
		gap = &fanout.GapData{From: c.String(), To: to.String(), Why: s.Verdict.Why.String()}
	default:
		return s.begin(fanout.SignalHello, at, hello)
	}
	if err := s.begin(fanout.SignalHello, "", hello); err != nil {
		return err
	}
	return s.begin(fanout.SignalGap, at, gap)
}

// begin has the stream begin with one more signal.
func (s *Subscription) begin(kind, id string, data any) error {
	f, err := fanout.NewSignal(kind, id, data)
	if err != nil {
		return err
	}
	s.first = append(s.first, f)
	return nil
}

// Expires returns when the stream ends at the latest; the zero time is never.
func (s *Subscription) Expires() time.Time { return s.expires }

// Attach begins the stream: from now on its bytes go to sink. It is called once. The error is [ErrClosed] if the
// hub shuts down, or a [*LimitError] if others have taken the last place since [Hub.Subscribe].
func (s *Subscription) Attach(sink fanout.Sink) (*fanout.Subscriber, error) {
	if err := s.hub.attached.take(); err != nil {
		return nil, s.hub.options.Observer.refused(err)
	}
	told, err := s.hub.presence.reserve(s.ID, s.tell)
	if err != nil {
		s.hub.attached.give()
		return nil, s.hub.options.Observer.refused(err)
	}
	sub, err := s.hub.fan.Attach(fanout.Subscription{
		ID:      s.ID,
		Filter:  s.filter,
		After:   s.Verdict.After,
		Only:    s.latest.Offsets,
		OnlyTo:  s.latest.Head,
		Told:    s.Verdict.Told,
		Signals: s.signals,
		Head:    s.Head,
		First:   s.first,
		Done:    s.Done,

		Expires:    s.expires,
		ExpiresWhy: s.why,
		Bearer:     s.bearer,
	}, sink)
	if err != nil {
		s.hub.attached.give() // it has not begun, so its end is not told
		s.hub.presence.cancel(told)
		return nil, s.hub.options.Observer.refused(ErrClosed)
	}
	return sub, nil
}
