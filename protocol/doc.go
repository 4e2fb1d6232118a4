// Package protocol puts a hub on the web: it is compatible with the Mercure protocol, in both of its dialects, 1.0 and
// 0.x, on one URL.
//
//	h, err := hub.New(hub.Options{})
//	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
//	http.Handle(protocol.DefaultPath, handler)
//	http.Handle(protocol.DefaultPath+"/", handler) // for the subscription API, if the hub has Subscriptions
//
// All that clients can see is described in docs/protocol.md.
//
// # Subscribing
//
// GET opens a stream. The query says what to:
//
//	topic=S              topics that equal S or fit the URI Template S   (protocol 0.x)
//	match=T              topics equal to T                               (protocol 1.0)
//	match_exact=T        the same                                        (protocol 1.0)
//	match_urlpattern=P   topics that fit the URL Pattern P               (protocol 1.0)
//	last_event_id=ID     resume behind this event; also lastEventID and Last-Event-ID
//	gap=skip             begin with what comes now if that cannot be done exactly
//	replay=latest        without a cursor: begin with the newest update of each topic
//	replay=N             without a cursor: begin with the newest N updates, at most 10,000 (limit Newest)
//	signals=1            the hub's own events too: tidings.hello, tidings.gap, tidings.ping, …
//	envelope=1           updates that say their topics
//
// The first four may be repeated, but the dialects not mixed; the value * is every topic. The header Last-Event-ID
// beats the query, also replay; replay together with a cursor in the query is an error. If a cursor was presented, the
// headers Mercure-Last-Event-ID and Last-Event-ID of the response name the event before the first one that is sent: if
// that is not what was asked for, events may be lost.
//
// Names that begin with "match" in any case are the protocol's: an unknown one is an error. Other parameters are
// ignored. QUERY is GET whose parameters may also be in its body, a form.
//
// # Rights
//
// Options.Authorizer says what a request may do. [Tokens] is the one for signed tokens and for tickets that the
// application gives; [AuthorizerFunc] is for what a program knows by itself, from its session for instance. The grant
// decides at each delivery, live and in a replay, and a stream ends when it does.
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
// The header Idempotency-Key (1 to 255 bytes, taken without the blanks around it) makes an attempt safe to repeat:
// a publication that says the same under the same key is not published again. It is answered with the id that the
// first one got and the header Idempotency-Replayed: true, after the first one if that is under way. One that says
// something else is refused with 422. A key whose publication failed is free. Publishers of different [Access].Scope
// have keys of their own.
//
// POST of application/x-ndjson publishes many updates in one request, which become durable together and in their
// order. Each line is a JSON object; empty lines are skipped:
//
//	{"topic": "a", "data": "hi", "private": true, "id": "mine", "type": "greeting", "retry": 5000, "key": "k"}
//	{"topics": ["a", "b"], "data": {"count": 1}}
//
// The members are the form's fields, except: data that is no string is published as its JSON, without blanks;
// private is true or false; key is the idempotency key, and the header is refused. Members of other names are
// ignored. The answer is 200 and has a line for each, in their order: {"id": "…"}, with "replayed": true if the
// key was used before, or {"line": 3, "status": 400, "detail": "…"} for an update that is refused, with the members
// that a problem has. What is wrong with one line does not keep the others back. If the body as a whole cannot be
// taken (413) or made durable (503, 507), the answer is a problem, as that to a form.
//
// # Errors
//
// Every refusal is an application/problem+json (RFC 9457) whose detail names the parameter, field or limit at
// fault; the members "field", "limit" and "max" say the same to programs. The member "requestId" and the header
// X-Request-Id are by what the log names the request. Where a later attempt makes sense, there is a Retry-After. What
// is wrong with a token is told by the log only.
package protocol
