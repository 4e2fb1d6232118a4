package hub

import (
	"context"
	"strconv"
	"sync"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
)

// Presence describes one subscription, one matcher of one subscriber, to others: each begins and ends with an update
// that says so, under [Options].Subscriptions. Its methods always return the same, and may be called from any
// goroutine.
type Presence interface {
	// Group says what the subscription is to.
	Group() PresenceGroup
	// Update returns what others are sent when the subscription has begun (active), and when it has ended. Its topics
	// name the subscription. It is made private.
	Update(active bool) eventlog.Update
}

// PresenceGroup is what subscriptions are to. Those of one Dialect are listed together.
type PresenceGroup struct {
	// Dialect is the form in which others are told. The hub does not interpret it.
	Dialect string
	// Type and Match are the matcher's, as that dialect names them.
	Type, Match string
}

// presence knows who is subscribed, and has others told. It is nil in a hub that tells nobody.
//
// A subscriber is in the list before the update that says so is in the log, and out of it before the update of its end
// is: whoever asks for the log's head, then for the list, and then follows the log from there misses nothing.
type presence struct {
	announcer

	mu     sync.Mutex // held also to add to the announcer's queue, so that its order is that of the list
	conns  map[fanout.SubscriberID]*present
	lists  map[string]*presenceList // by dialect
	number uint64                   // of the last subscription
}

// present is a subscriber that others are told of.
type present struct {
	id    fanout.SubscriberID
	subs  []*presentSub
	begun bool
}

// presentSub is one subscription of a present.
type presentSub struct {
	presence Presence
	number   uint64 // the order of the lists
	id       fanout.SubscriberID
}

func newPresence(max int) *presence {
	return &presence{
		announcer: newAnnouncer(max),
		conns:     map[fanout.SubscriberID]*present{},
		lists:     map[string]*presenceList{},
	}
}

// reserve makes room for what there will be to say of a subscriber. The error is a [*LimitError]: others cannot be told
// as quickly as subscribers come and go.
func (p *presence) reserve(id fanout.SubscriberID, describe func(fanout.SubscriberID) []Presence) (*present, error) {
	if p == nil || describe == nil {
		return nil, nil
	}
	c := &present{id: id}
	for _, described := range describe(id) {
		c.subs = append(c.subs, &presentSub{presence: described, id: id})
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.announcer.reserve(len(c.subs)); err != nil {
		return nil, err
	}
	p.conns[id] = c
	return c, nil
}

// check returns a [*LimitError] if there is no room now for one whom others are told of. It makes none: others may be
// faster.
func (p *presence) check(tell bool) error {
	if p == nil || !tell {
		return nil
	}
	return p.announcer.room(1)
}

// cancel takes back a reservation: the subscriber has not been attached.
func (p *presence) cancel(c *present) {
	if c == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c.id)
	p.announcer.release(len(c.subs))
}

// begin is called when a shard has the subscriber, from its loop: from now on it misses nothing, and it was not sent
// anything yet.
func (p *presence) begin(id fanout.SubscriberID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[id]
	if c == nil {
		return // nobody is told of it
	}
	p.announcer.release(len(c.subs))
	p.announce(c, true)
	c.begun = true
	for _, s := range c.subs {
		p.number++
		s.number = p.number
		dialect := s.presence.Group().Dialect
		if p.lists[dialect] == nil {
			p.lists[dialect] = newPresenceList()
		}
		p.lists[dialect].add(s)
	}
}

// end is called when a subscriber's stream has ended, from the loop of its shard.
func (p *presence) end(id fanout.SubscriberID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	c := p.conns[id]
	if c == nil {
		return
	}
	delete(p.conns, id)
	for _, s := range c.subs {
		p.lists[s.presence.Group().Dialect].remove(s)
	}
	p.announce(c, false)
}

// announce has it said that all of a subscriber's subscriptions have begun, or ended.
func (p *presence) announce(c *present, active bool) {
	for i, s := range c.subs {
		p.announcer.add(change{key: presenceKey(c.id, i), presence: s.presence, active: active})
	}
}

// presenceKey is the key of the mark that stands for an active subscription.
func presenceKey(id fanout.SubscriberID, i int) string {
	return presencePrefix + id.String() + "/" + strconv.Itoa(i)
}

const presencePrefix = "presence/"

// watched returns o with beginnings and ends that others are told of before o is.
func (p *presence) watched(o fanout.Observer) fanout.Observer {
	if p == nil {
		return o
	}
	attached, ended := o.Attached, o.Ended
	o.Attached = func(id fanout.SubscriberID) {
		p.begin(id)
		if attached != nil {
			attached(id)
		}
	}
	o.Ended = func(id fanout.SubscriberID, why fanout.EndReason) {
		p.end(id)
		if ended != nil {
			ended(id, why)
		}
	}
	return o
}

// start says what the hub before has left unsaid, then what there will be to say, through c.
func (p *presence) start(c *committer) {
	if p != nil {
		p.announcer.start(c)
	}
}

// close says what is left to say. All streams have ended.
func (p *presence) close(ctx context.Context) error {
	if p == nil {
		return nil
	}
	return p.announcer.close(ctx)
}
