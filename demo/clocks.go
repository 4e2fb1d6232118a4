package demo

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	_ "time/tzdata" // the zones are there on a machine without a zone database too

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// clocksTopic is the one topic of the demo's hub.
const clocksTopic = "clocks"

// pingEvery is how many seconds lie between two changes of an item.
const pingEvery = 5

// zone is a clock: where it hangs, and the type of its events. The types are names, chosen once; what a zone's
// time is called at present is in the data.
type zone struct {
	event    string
	location *time.Location
}

func loadZones() ([]zone, error) {
	zones := []zone{{event: "", location: time.UTC}}
	for _, z := range []struct{ event, name string }{
		{"est", "America/New_York"},
		{"pdt", "America/Los_Angeles"},
	} {
		location, err := time.LoadLocation(z.name)
		if err != nil {
			return nil, fmt.Errorf("demo: %w", err)
		}
		zones = append(zones, zone{z.event, location})
	}
	return zones, nil
}

// reading is what a clock shows, and the data of its events.
type reading struct {
	Zone   string `json:"zone"`   // IANA name
	Abbr   string `json:"abbr"`   // what the zone's time is called at present
	ISO    string `json:"iso"`    // ISO 8601, with the offset
	Date   string `json:"date"`   // YYYY-MM-DD
	Time   string `json:"time"`   // hh:mm:ss
	Offset string `json:"offset"` // from UTC
}

func (z zone) read(at time.Time) reading {
	at = at.In(z.location)
	return reading{
		Zone:   z.location.String(),
		Abbr:   at.Format("MST"),
		ISO:    at.Format("2006-01-02T15:04:05-07:00"),
		Date:   at.Format(time.DateOnly),
		Time:   at.Format(time.TimeOnly),
		Offset: at.Format("-07:00"),
	}
}

// waiter waits for the next second and returns it. The error is that of ctx.
type waiter func(ctx context.Context) (time.Time, error)

// nextSecond waits until the system's clock shows the next full second. A second that passed unseen, because the
// machine slept, is left out; a system clock that was set is followed from then on.
func nextSecond(ctx context.Context) (time.Time, error) {
	second := time.Now().Truncate(time.Second).Add(time.Second)
	for {
		// A timer may fire a moment before the system's clock is there. More than a second is left only where
		// the clock was set back.
		left := time.Until(second)
		if left <= 0 || left > time.Second {
			return time.Now().Truncate(time.Second), nil
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return time.Time{}, ctx.Err()
		}
	}
}

// tick publishes until ctx ends.
func (d *Demo) tick(ctx context.Context, next waiter) {
	for n := 1; ; n++ {
		at, err := next(ctx)
		if err != nil {
			return
		}
		for _, z := range d.zones {
			d.publish(ctx, z.event, z.read(at))
		}
		if n%pingEvery == 0 {
			d.publish(ctx, "ping", changed{Item: d.items.change(at)})
		}
	}
}

// publish sends an event to everybody who watches. What cannot be published is logged and left out: the next
// second is more interesting.
func (d *Demo) publish(ctx context.Context, event string, data any) {
	text, err := json.Marshal(data)
	if err == nil {
		update := eventlog.Update{Topics: []string{clocksTopic}, Type: event, Data: string(text)}
		_, err = d.hub.Publish(ctx, update, topic.All())
	}
	switch {
	case err == nil:
		d.published.Add(1)
	case ctx.Err() == nil && !errors.Is(err, hub.ErrClosed):
		d.logger.Warn("cannot publish event", "type", event, "error", err)
	}
}
