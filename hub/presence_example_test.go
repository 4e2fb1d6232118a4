package hub_test

import (
	"context"
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// readerOf is a subscription as a program tells others of it. Package protocol has one for each of its dialects.
type readerOf struct {
	book string
	id   fanout.SubscriberID
}

func (r readerOf) Group() hub.PresenceGroup { return hub.PresenceGroup{Type: "exact", Match: r.book} }

func (r readerOf) Update(active bool) eventlog.Update {
	return eventlog.Update{Topics: []string{"/readers/" + r.book + "/" + r.id.String()}, Data: fmt.Sprint(active)}
}

// A hub that tells who reads what. The updates that say so are private.
func ExampleHub_Present() {
	said := make(chan int, 10)
	h, err := hub.New(hub.Options{
		Subscriptions: true,
		Observer:      hub.Observer{Presence: func(changes int) { said <- changes }},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer h.Close()
	sub, err := h.Subscribe(context.Background(), hub.Request{
		Matchers: topic.Matchers{topic.Exact("books/1")},
		Presence: func(id fanout.SubscriberID) []hub.Presence { return []hub.Presence{readerOf{"books/1", id}} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	attached, err := sub.Attach(newSink()) // a connection
	if err != nil {
		fmt.Println(err)
		return
	}
	<-said // the update that it has begun is durable
	group := readerOf{book: "books/1"}.Group()
	page := h.Present(group, 0, 10)
	fmt.Println(page.Total, page.Presences[0] == readerOf{"books/1", sub.ID})

	attached.Close()
	<-said // and so is the one that it has ended
	fmt.Println(h.Present(group, 0, 10).Total)
	// Output:
	// 1 true
	// 0
}
