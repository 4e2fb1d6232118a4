// Package protocol puts a hub on the web: it is compatible with the Mercure protocol, in both of its dialects,
// as far as that needs no token.
//
//	h, err := hub.New(hub.Options{})
//	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
//	http.Handle(protocol.DefaultPath, handler)
//
// # Subscribing
//
// GET opens a stream. The query says what to:
//
//	topic=T            topics equal to T, or all with T = *        (protocol 0.x)
//	match=T            the same                                    (protocol 1.0)
//	match_exact=T      the same                                    (protocol 1.0)
//	last_event_id=ID   resume behind this event; also lastEventID and Last-Event-ID
//	signals=1          the hub's own events too: tidings.hello, tidings.gap, tidings.ping
//
// The first three may be repeated, but the dialects not mixed. The header Last-Event-ID beats the query. If a
// cursor was presented, the headers Mercure-Last-Event-ID and Last-Event-ID of the response name the event before
// the first one that is sent: if that is not what was asked for, events may be lost.
//
// Names that begin with "match" in any case are the protocol's: an unknown one is an error. Other parameters are
// ignored. URI Templates and URL Patterns are refused, not taken literally: a stream that silently matches
// nothing helps nobody.
//
// # Publishing
//
// POST of application/x-www-form-urlencoded publishes:
//
//	topic     at least one; the first is the canonical one
//	data      the event's data
//	private   its presence alone, whatever its value, makes the update private
//	id        the event's id, instead of one that the hub makes
//	type      the event's type
//	retry     the reconnection time in milliseconds
//
// Except for topic, the first of several fields of a name counts; unknown fields are ignored. The answer comes
// when the update is durable: 200, and the event's id as the whole body.
//
// # Errors
//
// Every refusal is an application/problem+json (RFC 9457) whose detail names the parameter, field or limit at
// fault; the members "field", "limit" and "max" say the same to programs. Where a later attempt makes sense, there
// is a Retry-After.
package protocol
