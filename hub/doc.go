// Package hub joins the log and the fan-out: it takes updates from publishers, makes them durable, and carries
// them to subscribers.
//
//	h, err := hub.New(hub.Options{})            // an in-memory log, the defaults
//	receipt, err := h.Publish(ctx, update, topic.All())
//	sub, err := h.Subscribe(ctx, hub.Request{Matchers: …, Cursor: …, Grant: …})
//
// A [Hub] knows nothing of HTTP: package protocol puts it on the web, in any net/http program. The log comes in
// by [Options]; without one the hub keeps its updates in memory.
//
// There is one committer. It takes all updates that wait as one batch, has the log make them durable together,
// encodes each once, hands the batch to the shards, and answers the publishers. While it does, the next batch
// gathers: batching comes by itself, without timers.
//
// With [Options].Subscriptions the hub tells who is subscribed: each subscription that its [Request] describes begins
// and ends with a private update, and is listed by [Hub.Present] in between. What a crash kept from being said is said
// by [New]. How it is said is the [Presence]'s affair.
package hub
