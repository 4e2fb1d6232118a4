package hub

// Observer is told what happens to updates on their way into the log. Every field may be nil. The functions are
// called from the committer and from the goroutines of publishers and of who subscribes: they must be quick and must
// not call back.
type Observer struct {
	// Committed: a batch of so many updates is durable.
	Committed func(updates int)
	// Presence: so many subscriptions' beginnings and ends are durable. They are updates, and count as Committed too.
	Presence func(changes int)
	// Failed: a batch of so many updates could not be made durable.
	Failed func(updates int, err error)
	// TrimFailed: the log's retention rules could not be applied; it is tried again.
	TrimFailed func(err error)
	// Refused: an update or a subscription was refused.
	Refused func(RefuseReason)
}

// RefuseReason says why an update or a subscription was refused.
type RefuseReason uint8

// The reasons of a refusal.
const (
	// RefusedInvalid: something is wrong with it; the error is an [*InvalidError].
	RefusedInvalid RefuseReason = iota
	// RefusedLimit: it is beyond a limit; the error is a [*LimitError], or the limit one of package protocol.
	RefusedLimit
	// RefusedForbidden: it is not granted; the error is [ErrForbidden], if the hub was asked at all.
	RefusedForbidden
	// RefusedKeyReused: its idempotency key was used for another update; the error is [ErrKeyReused].
	RefusedKeyReused
	// RefusedClosed: the hub shuts down; the error is [ErrClosed].
	RefusedClosed
	// RefusedSubscribers: there are as many subscribers as [Limits].Subscribers allows; the error is a
	// [*LimitError].
	RefusedSubscribers
	// RefusedAddress: the subscriber's client address has as many streams as one may have. The hub does not
	// know addresses; package protocol reports it.
	RefusedAddress
	// RefusedSubject: the subject of the subscriber's token has as many streams as one may have. The hub does not know
	// tokens; package protocol reports it.
	RefusedSubject
	// RefusedPresence: as many subscriptions as [Limits].PresenceQueue allows have begun or ended without the log
	// saying so yet; the error is a [*LimitError].
	RefusedPresence
	// RefusedCredentials: who asks could not be found out, because a token is missing, not accepted, or not to be checked
	// at present. The hub knows no tokens; package protocol reports it, and what follows.
	RefusedCredentials
	// RefusedOrigin: it comes from a page of an origin that is not allowed.
	RefusedOrigin
	// RefusedRequest: it is none that the protocol knows: its method, path, form or parameters are wrong.
	RefusedRequest
)

// RefuseReasons lists every reason of a refusal, for those who keep one counter for each.
func RefuseReasons() []RefuseReason {
	return []RefuseReason{
		RefusedInvalid, RefusedLimit, RefusedForbidden, RefusedKeyReused, RefusedClosed,
		RefusedSubscribers, RefusedAddress, RefusedSubject, RefusedPresence,
		RefusedCredentials, RefusedOrigin, RefusedRequest,
	}
}

// String returns the name of r as metrics and logs have it.
func (r RefuseReason) String() string {
	switch r {
	case RefusedInvalid:
		return "invalid"
	case RefusedLimit:
		return "limit"
	case RefusedForbidden:
		return "forbidden"
	case RefusedKeyReused:
		return "key-reused"
	case RefusedClosed:
		return "closed"
	case RefusedSubscribers:
		return "subscribers"
	case RefusedAddress:
		return "address"
	case RefusedSubject:
		return "subject"
	case RefusedPresence:
		return "presence"
	case RefusedCredentials:
		return "credentials"
	case RefusedOrigin:
		return "origin"
	case RefusedRequest:
		return "request"
	}
	return "unknown"
}

func (o *Observer) committed(updates int) {
	if o.Committed != nil {
		o.Committed(updates)
	}
}

func (o *Observer) presence(changes int) {
	if o.Presence != nil && changes > 0 {
		o.Presence(changes)
	}
}

func (o *Observer) failed(updates int, err error) {
	if o.Failed != nil {
		o.Failed(updates, err)
	}
}

func (o *Observer) trimFailed(err error) {
	if o.TrimFailed != nil {
		o.TrimFailed(err)
	}
}

// refused reports err, if it is a refusal, and returns it.
func (o *Observer) refused(err error) error {
	if reason, ok := ReasonOf(err); ok && o.Refused != nil {
		o.Refused(reason)
	}
	return err
}
