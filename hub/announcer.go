package hub

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// announcer has it written to the log who has come and gone. What there is to say waits in a queue, of which it hands as
// much to the committer as is there when the last part is durable: a storm costs batches, and publishers' updates wait
// for no more than a part.
//
// Each active subscription has a mark in the log, set by the update that says that it has begun and taken back by the
// one that says that it has ended. So neither is ever said twice, and what a crash has kept from being said is said by
// the next hub.
type announcer struct {
	committer *committer
	max       int // changes that may wait before no more subscribers are taken

	queueMu  sync.Mutex
	queue    []change
	reserved int
	woken    chan struct{}
	stop     chan struct{}
	done     chan struct{}
}

// change is one thing to say.
type change struct {
	key      string // of the mark
	presence Presence
	active   bool
}

const (
	// announceMost and announceBytes bound what is written at once.
	announceMost  = 1000
	announceBytes = 1 << 20
	// announceRetry is how long a log that could not take them is left alone.
	announceRetry = 250 * time.Millisecond
	// lastChanges is how long the ends of streams that had to be cut may take to be written.
	lastChanges = 2 * time.Second
)

// limitPresence is the limit that is nobody's own fault.
const limitPresence = "PresenceQueue"

func newAnnouncer(max int) announcer {
	return announcer{
		max: max, woken: make(chan struct{}, 1), stop: make(chan struct{}), done: make(chan struct{}),
	}
}

// room returns a [*LimitError] if there is none for n more.
func (a *announcer) room(n int) error {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	return a.roomLocked(n)
}

func (a *announcer) roomLocked(n int) error {
	// A single subscriber may have as many matchers as it may have: it is taken when nobody waits.
	waiting := len(a.queue) + a.reserved
	if waiting > 0 && waiting+n > a.max {
		return &LimitError{Limit: limitPresence, Max: a.max, Got: waiting + n}
	}
	return nil
}

func (a *announcer) reserve(n int) error {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	if err := a.roomLocked(n); err != nil {
		return err
	}
	a.reserved += n
	return nil
}

func (a *announcer) release(n int) {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	a.reserved -= n
}

// add never waits and never fails: what has begun must be able to end.
func (a *announcer) add(c change) {
	a.queueMu.Lock()
	a.queue = append(a.queue, c)
	a.queueMu.Unlock()
	select {
	case a.woken <- struct{}{}:
	default:
	}
}

// take returns the next part of the queue, which stays at its head until it is done. A part never has the beginning and
// the end of one subscription: of a part whose outcome is unknown, marks tell only then what is to be said again. The
// end moves behind what else there is.
func (a *announcer) take() []change {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	window := a.queue[:min(len(a.queue), announceMost)]
	begun := make(map[string]bool, len(window))
	var later []change
	n := 0
	for _, c := range window {
		if !c.active && begun[c.key] {
			later = append(later, c)
			continue
		}
		begun[c.key] = c.active
		window[n] = c
		n++
	}
	copy(window[n:], later)
	return window[:n]
}

// waits reports whether there is something to say.
func (a *announcer) waits() bool {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	return len(a.queue) > 0
}

// drop takes what is done out of the queue: the part that take returned, except for what failed.
func (a *announcer) drop(part []change, failed []change) {
	a.queueMu.Lock()
	defer a.queueMu.Unlock()
	n := len(part) - len(failed)
	copy(a.queue[n:len(part)], failed)
	clear(a.queue[:n])
	if a.queue = a.queue[n:]; len(a.queue) == 0 {
		a.queue = nil
	}
}

// run writes what there is to say, until close.
func (a *announcer) run() {
	defer close(a.done)
	for {
		select {
		case <-a.stop:
			return
		case <-a.woken:
		}
		for {
			more, err := a.write(a.enqueue)
			if errors.Is(err, ErrClosed) {
				break // the rest is written when all streams have ended
			}
			if err == nil && !more {
				break
			}
			if err == nil {
				continue
			}
			select {
			case <-time.After(announceRetry):
			case <-a.stop:
				return
			}
		}
	}
}

// enqueue hands entries to the committer, and waits for its answer.
func (a *announcer) enqueue(entries []eventlog.Entry) ([]Outcome, error) {
	reply := make(chan answer, 1)
	if err := a.committer.enqueue(entries, reply); err != nil {
		return nil, err
	}
	select {
	case outcomes := <-reply:
		return outcomes, nil
	case <-a.stop:
		return nil, ErrClosed // what became of them is no matter: they are not appended twice
	}
}

// write writes the next part of the queue, and reports whether there is more. What fails stays at the head of it.
func (a *announcer) write(commit func([]eventlog.Entry) ([]Outcome, error)) (more bool, err error) {
	part := a.take()
	if len(part) == 0 {
		return false, nil
	}
	most := min(announceBytes, a.committer.max)
	entries, size := make([]eventlog.Entry, 0, len(part)), 0
	for i := range part {
		e := part[i].entry()
		if size += entrySize(&e); i > 0 && size > most {
			part = part[:i]
			break
		}
		entries = append(entries, e)
	}
	outcomes, err := commit(entries)
	if err != nil {
		return true, err
	}
	var failed []change
	for i, o := range outcomes {
		if o.Err != nil {
			failed, err = append(failed, part[i]), o.Err
		}
	}
	a.drop(part, failed)
	a.committer.observe.presence(len(part) - len(failed))
	return a.waits(), err
}

// recall queues the ends of subscriptions that the log still has a mark of: the hub that they were of did not live to
// say them.
func (a *announcer) recall(marks []eventlog.Mark) error {
	for _, m := range marks {
		if !strings.HasPrefix(m.Key, presencePrefix) {
			continue
		}
		var e ending
		if err := json.Unmarshal([]byte(m.Value), &e); err != nil || len(e.Topics) == 0 {
			return fmt.Errorf("hub: the log has a mark %q that this release cannot read", m.Key)
		}
		a.add(change{key: m.Key, presence: e})
	}
	return nil
}

// start writes what is in the queue already, then lets run go on. If the log cannot take it now, it stands before
// everything that is still to come.
func (a *announcer) start(c *committer) {
	a.committer = c
	for more, err := true, error(nil); more && err == nil; {
		more, err = a.write(a.enqueue)
	}
	go a.run()
}

// close ends run, and writes what is left. All streams have ended, and the committer too. The error is that of ctx if
// it ends first; what is left then is for the next hub to say.
func (a *announcer) close(ctx context.Context) error {
	if ctx.Err() != nil { // the streams have taken all the time that there was
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), lastChanges)
		defer cancel()
	}
	close(a.stop)
	<-a.done
	if !a.waits() {
		return nil
	}
	select {
	case <-a.committer.done:
	default:
		return errors.New("hub: it was not said who has left: updates still wait for the log")
	}
	written := make(chan error, 1)
	go func() {
		for more, err := true, error(nil); more && ctx.Err() == nil; {
			if more, err = a.write(a.commit); err != nil {
				written <- err
				return
			}
		}
		written <- ctx.Err()
	}()
	select {
	case err := <-written:
		return wrapUnsaid(err)
	case <-ctx.Done():
		return wrapUnsaid(ctx.Err())
	}
}

// commit writes without the committer's loop, which has ended.
func (a *announcer) commit(entries []eventlog.Entry) ([]Outcome, error) {
	return a.committer.commit(entries), nil
}

func wrapUnsaid(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("hub: it was not said who has left: %w", err)
}

// entry returns what is appended to the log for c.
func (c *change) entry() eventlog.Entry {
	e := eventlog.Entry{Update: c.presence.Update(c.active), Presence: true}
	e.Private = true
	if !c.active {
		e.Unmark = c.key
		return e
	}
	e.Mark = eventlog.Mark{Key: c.key, Value: encodeEnd(c.presence.Update(false))}
	return e
}

// ending is what a mark says: the update of the subscription's end.
type ending struct {
	Topics []string `json:"topics"`
	Type   string   `json:"type,omitempty"`
	Data   string   `json:"data"`
}

func encodeEnd(u eventlog.Update) string {
	b, _ := json.Marshal(ending{u.Topics, u.Type, u.Data}) // strings cannot fail
	return string(b)
}

// Group implements [Presence].
func (e ending) Group() PresenceGroup { return PresenceGroup{} }

// Update implements [Presence].
func (e ending) Update(bool) eventlog.Update {
	return eventlog.Update{Topics: e.Topics, Type: e.Type, Data: e.Data}
}
