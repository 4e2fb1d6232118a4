package hub_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing/synctest"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/sse"
)

// client is a subscriber that reads, is cut off, and comes back with its cursor.
type client struct {
	t       *rapid.T
	world   *world
	filter  eventlog.Filter
	signals bool
	sink    *sink
	lastID  string
	served  uint64           // up to here the model has nothing more for it
	begun   bool             // served is valid
	gapped  bool             // the stream begins with a gap that has not been read yet
	told    uint64           // what lies between served and here may be lost, and may come all the same
	idLog   *eventlog.Memory // the log that lastID comes from
}

// connect subscribes with the last event id that was received, and checks the verdict against the model.
func (c *client) connect(rt *rapid.T) {
	c.t = rt
	if c.sink != nil {
		synctest.Wait()
		c.read(rt)
	}
	cursor := eventlog.ParseCursor(c.lastID)
	floor := c.world.log.Floor()
	sub, err := c.world.hub.Subscribe(context.Background(), hub.Request{
		Matchers: c.filter.Matchers, Grant: c.filter.Grant, Cursor: cursor, Signals: c.signals,
	})
	if err != nil {
		rt.Fatalf("subscribe: %v", err)
	}
	c.gapped, c.told = false, 0
	at := cursorOffset(c, cursor)
	otherLog := c.idLog != c.world.log
	switch v := sub.Verdict; {
	case cursor.Kind() == eventlog.CursorNone:
		if v.Kind != eventlog.Fresh {
			rt.Fatalf("no cursor: verdict %v", v)
		}
		if !c.begun {
			c.served = v.After
		} else if v.After > c.served {
			c.served = v.After // it never had an event, nor a hello: it begins anew
		}
	case v.Kind == eventlog.Gap:
		c.world.seen.add("gap " + v.Why.String())
		known := at+1 >= floor
		if cursor.Kind() == eventlog.CursorID {
			known = at >= floor // with its update the log forgets an id
		}
		if !otherLog && known {
			rt.Fatalf("cursor %q at %d is above the floor %d, but the verdict is %v", c.lastID, at, floor, v)
		}
		if newest := c.world.newest(&c.filter, 5, v.After); newest > 5 {
			rt.Fatalf("%d updates follow a gap, more than GapReplay", newest)
		}
		if sub.LastEventID == c.lastID {
			rt.Fatalf("gap, but the header echoes %q", c.lastID)
		}
		c.served = v.After
		if c.signals {
			c.served, c.gapped = 0, true // the tidings.gap in the stream must say it: read moves it
		}
	case v.Kind == eventlog.Resumed:
		c.world.seen.add("resumed")
		if otherLog || at+1 < floor || v.After != at {
			rt.Fatalf("cursor %q at %d, floor %d, other log %v: verdict %v", c.lastID, at, floor, otherLog, v)
		}
		if sub.LastEventID != c.lastID {
			rt.Fatalf("resumed at %q, but the header says %q", c.lastID, sub.LastEventID)
		}
		c.served = at
	default:
		rt.Fatalf("cursor %q: verdict %v", c.lastID, v)
	}
	c.begun = true
	c.sink = &sink{seen: c.world.seen, room: rapid.SampledFrom([]int{0, 10, 100, 1000}).Draw(rt, "room")}
	if _, err := sub.Attach(c.sink); err != nil {
		rt.Fatalf("attach: %v", err)
	}
}

// cursorOffset is where the model sees a cursor.
func cursorOffset(c *client, cursor eventlog.Cursor) uint64 {
	if cursor.Kind() == eventlog.CursorPosition {
		return cursor.Position().Offset
	}
	for _, p := range c.world.updates {
		if p.id == cursor.String() {
			return p.offset
		}
	}
	return 0
}

func (w *world) newest(f *eventlog.Filter, n int, after uint64) int {
	count := 0
	for _, p := range w.updates[min(after, uint64(len(w.updates))):] {
		if f.Match(&p.Update) {
			count++
		}
	}
	return count
}

// next is the first update that the client has yet to get, by the model.
func (c *client) next() *published { return c.nextBehind(max(c.served, c.told)) }

func (c *client) nextBehind(after uint64) *published {
	for _, p := range c.world.updates[min(after, uint64(len(c.world.updates))):] {
		if c.filter.Match(&p.Update) {
			return p
		}
	}
	return nil
}

// read decodes what has come, complete events only, and compares each with what the model says comes next.
func (c *client) read(rt *rapid.T) {
	for event, err := range sse.Read(strings.NewReader(c.sink.complete()), sse.Options{LastEventID: c.lastID}) {
		if err != nil {
			rt.Fatalf("stream: %v", err)
		}
		if event.ID != c.lastID { // the hello before a gap has none, and leaves the cursor to the log that it came from
			c.lastID, c.idLog = event.ID, c.world.log
		}
		switch event.Name() {
		case fanout.SignalHello:
		case fanout.SignalPing:
			c.world.seen.add("ping")
			if p, ok := eventlog.ParsePosition(event.ID); !ok || (c.next() != nil && c.next().offset <= p.Offset) {
				rt.Fatalf("ping moves the cursor to %s beyond %v", event.ID, c.next())
			}
		case fanout.SignalGap:
			var gap fanout.GapData
			if err := json.Unmarshal([]byte(event.Data), &gap); err != nil {
				rt.Fatalf("gap: %v", err)
			}
			to, ok := eventlog.ParsePosition(gap.To)
			if !ok || to.Offset < c.served {
				rt.Fatalf("gap %+v, served %d", gap, c.served)
			}
			if c.told = to.Offset; c.gapped {
				c.served, c.gapped = to.Offset, false
			}
		case fanout.SignalBye: // a hub that is restarted may get so far
			c.world.seen.add("bye")
			if !strings.Contains(event.Data, `"reason":"shutdown"`) {
				rt.Fatalf("bye: %s", event.Data)
			}
		case "message":
			want := c.nextBehind(c.served)
			for want != nil && want.id != event.ID && want.offset <= c.told { // it was lost, as was said
				want = c.nextBehind(want.offset)
			}
			if want == nil || want.Data != event.Data || want.id != event.ID {
				rt.Fatalf("client %v served to %d: got %+v, want %+v", c.filter.Matchers, c.served, event, want)
			}
			c.served = want.offset
		default:
			rt.Fatalf("event of type %q", event.Type)
		}
	}
	if torn := c.sink.torn(); torn != "" {
		rt.Fatalf("the stream was ended properly in the middle of %q", torn)
	}
}
