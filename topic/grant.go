package topic

// Grant says what a publisher or subscriber may do. The zero Grant may do nothing: it publishes nowhere, and
// a subscriber that holds it receives public updates only.
//
// A Grant is immutable once it has been handed to a hub.
type Grant struct {
	// Publish selects the topics that updates may be published to.
	Publish Matchers
	// Subscribe selects the topics whose private updates may be received.
	Subscribe Matchers
}

// All returns the grant that may do everything.
func All() Grant {
	return Grant{Publish: Matchers{Any()}, Subscribe: Matchers{Any()}}
}

// MayPublish reports whether g allows an update to topics: every one of them must be granted.
func (g Grant) MayPublish(topics []string) bool {
	return len(topics) > 0 && g.Publish.MatchAll(topics)
}

// MayReceive reports whether g allows a private update to topics: one granted topic is enough, and it need
// not be the one that the subscriber asked for.
func (g Grant) MayReceive(topics []string) bool { return g.Subscribe.MatchAny(topics) }
