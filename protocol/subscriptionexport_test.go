package protocol

// For tests of how subscriptions are named.
var (
	SubscriptionsPath = subscriptionsPath
	ParseSubscriber   = parseSubscriber
)
