package suite

import (
	"net/http"
	"strconv"
	"sync"
)

// cursor returns the name of the parameter that takes an event's id.
func (t *probe) cursor() string {
	if t.is(Legacy) {
		return "lastEventID"
	}
	return "last_event_id"
}

// precedes returns what the answer says of the event before the first one sent.
func (t *probe) precedes(h http.Header) string {
	if t.is(Legacy) {
		return h.Get("Last-Event-ID")
	}
	return h.Get("Mercure-Last-Event-ID")
}

// resume subscribes to a topic behind an event, by the query.
func (t *probe) resume(id string, topics ...string) *stream {
	return t.open(call{query: with(t.exact(topics...), fields(t.cursor(), id))})
}

// resumeHeader does so by the header.
func (t *probe) resumeHeader(id string, topics ...string) *stream {
	return t.open(call{query: t.exact(topics...), header: http.Header{"Last-Event-Id": {id}}})
}

func replayRules() []Rule {
	rules := section("1.8",
		rule("header", "Last-Event-ID resumes behind that event", each, Must, func(t *probe) {
			id, _, _ := t.three()
			t.expect(t.resumeHeader(id, t.topic("a")), "2", "3")
		}),
		rule("query", "the parameter resumes behind that event", each, Must, func(t *probe) {
			id, _, _ := t.three()
			t.expect(t.resume(id, t.topic("a")), "2", "3")
		}),
		rule("header-beats-query", "the header beats the parameter", each, Must, func(t *probe) {
			first, second, _ := t.three()
			s := t.open(call{
				query: with(t.exact(t.topic("a")), fields(t.cursor(), first)), header: http.Header{"Last-Event-Id": {second}},
			})
			t.expect(s, "3")
			got := t.precedes(s.resp.Header)
			t.check(got == second, "the answer names %q", got)
		}),
		rule("earliest", "earliest replays all that there is", each, Must, func(t *probe) {
			t.three()
			t.expect(t.resume("earliest", t.topic("a")), "1", "2", "3")
		}),
		rule("earliest-header", "and so in the header", each, Must, func(t *probe) {
			t.three()
			t.expect(t.resumeHeader("earliest", t.topic("a")), "1", "2", "3")
		}),
		rule("earliest-answer", "then the answer names earliest", each, Must, func(t *probe) {
			t.three()
			got := t.precedes(t.resume("earliest", t.topic("a")).resp.Header)
			t.check(got == "earliest", "the answer names %q", got)
		}),
		rule("none", "without a cursor the stream begins with what comes now", each, Must, func(t *probe) {
			t.three()
			t.expect(t.listen("", t.topic("a")))
		}),
		rule("none-answer", "and the answer names no event", each, Must, func(t *probe) {
			got := t.precedes(t.listen("", t.topic("a")).resp.Header)
			t.check(got == "", "the answer names %q", got)
		}),
		rule("newest", "behind the newest event nothing is replayed", each, Must, func(t *probe) {
			_, _, id := t.three()
			t.expect(t.resume(id, t.topic("a")))
		}),
		rule("matchers", "only what the matchers select is replayed", each, Must, func(t *probe) {
			id := t.label("0", t.topic("a"))
			t.label("1", t.topic("b"))
			t.label("2", t.topic("a"))
			t.label("3", t.topic("b"), "topic", t.topic("a"))
			t.expect(t.resume(id, t.topic("a")), "2", "3")
		}),
		rule("hub-wide", "an id resumes a stream that did not select its event", each, Must, func(t *probe) {
			t.label("1", t.topic("a"))
			id := t.label("2", t.topic("b"))
			t.label("3", t.topic("a"))
			t.expect(t.resume(id, t.topic("a")), "3")
		}),
		rule("private", "private updates are replayed to those whose token grants them", each, Must, func(t *probe) {
			id := t.label("0", t.topic("a"))
			t.label("1", t.topic("a"), "private", "")
			t.label("2", t.topic("b"), "topic", t.topic("a"), "private", "")
			s := t.open(call{
				query: with(t.exact(t.topic("a")), fields(t.cursor(), id)), token: t.reader(t.topic("a")),
			})
			t.expect(s, "1", "2")
		}),
		rule("private-anonymous", "private updates are not replayed to anybody else", each, Must, func(t *probe) {
			id := t.label("0", t.topic("a"))
			t.label("1", t.topic("a"), "private", "")
			t.label("2", t.topic("a"))
			t.expect(t.resume(id, t.topic("a")), "2")
			s := t.open(call{
				query: with(t.exact(t.topic("a")), fields(t.cursor(), "earliest")), token: t.reader(t.topic("b")),
			})
			t.expect(s, "0", "2")
		}),
		rule("narrowed", "a token that was narrowed replays only what it grants now", each, Must, func(t *probe) {
			wide := t.listen(t.reader(t.topic("a"), t.topic("b")), t.topic("a"), t.topic("b"))
			id := t.label("1", t.topic("a"), "private", "")
			t.label("2", t.topic("a"), "private", "")
			t.label("3", t.topic("b"), "private", "")
			t.expect(wide, "1", "2", "3")
			s := t.open(call{
				query: with(t.exact(t.topic("a"), t.topic("b")), fields(t.cursor(), id)), token: t.reader(t.topic("b")),
			})
			t.expect(s, "3")
		}),
		rule("hidden-cursor", "the id of an update that the reader may not see is a cursor too", each, Must, func(t *probe) {
			t.label("1", t.topic("a"))
			id := t.label("2", t.topic("a"), "private", "")
			t.label("3", t.topic("a"))
			t.expect(t.resume(id, t.topic("a")), "3")
		}),
		rule("seam", "a replay goes over into what comes live, without a gap and without repeating", each, Must,
			func(t *probe) {
				id := t.label("0", t.topic("a"))
				want := []string{}
				var writer sync.WaitGroup
				broke := make(chan any, 1)
				started := make(chan struct{})
				writer.Go(func() {
					defer func() { broke <- recover() }()
					for i := range 60 {
						t.label(strconv.Itoa(i+1), t.topic("a"))
						if i == 20 {
							close(started)
						}
					}
				})
				for i := range 60 {
					want = append(want, strconv.Itoa(i+1))
				}
				select {
				case <-started:
				case <-t.ctx.Done():
				}
				streams := []*stream{}
				defer writer.Wait()
				for range 3 {
					streams = append(streams, t.resume(id, t.topic("a")))
				}
				if p := <-broke; p != nil {
					panic(p)
				}
				for _, s := range streams {
					t.expect(s, want...)
				}
			}),
		rule("id-twice", "of an id that was used twice, the first use counts, and the later ones are sent", each, Must,
			func(t *probe) {
				id := "id-" + t.nonce
				t.label("0", t.topic("a"))
				t.label("1", t.topic("a"), "id", id)
				t.label("2", t.topic("a"))
				t.label("3", t.topic("a"), "id", id)
				t.expect(t.resume(id, t.topic("a")), "2", "3")
			}),
		rule("answer", "the answer names the cursor if it is where the stream goes on", each, Must, func(t *probe) {
			id, _, _ := t.three()
			for _, s := range []*stream{t.resume(id, t.topic("a")), t.resumeHeader(id, t.topic("a"))} {
				got := t.precedes(s.resp.Header)
				t.check(got == id, "asked for %q, the answer names %q", id, got)
			}
		}),
		rule("unknown", "a cursor that nobody knows is no error: the stream begins", each, Must, func(t *probe) {
			s := t.resume("urn:unknown:"+t.nonce, t.topic("a"))
			t.label("1", t.topic("a"))
			got := s.until()
			t.check(len(got) > 0 && got[len(got)-1] == "1", "received %s, want \"1\"", quoted(got))
		}),
		rule("unknown-answer", "then the answer names another event or earliest, so that the loss can be seen", each,
			Must, func(t *probe) {
				t.three()
				id := "urn:unknown:" + t.nonce
				got := t.precedes(t.resume(id, t.topic("a")).resp.Header)
				t.check(got != "" && got != id, "asked for %q, the answer names %q", id, got)
			}),
		rule("empty", "an empty cursor is one: the answer names an event", modern, Usual, func(t *probe) {
			got := t.precedes(t.resume("", t.topic("a")).resp.Header)
			t.check(got != "", "the answer names nothing")
		}),
		rule("generated", "ids that the hub made are cursors", each, Must, func(t *probe) {
			id := t.publish("topic", t.topic("a"), "data", t.nonce+"0")
			t.label("1", t.topic("a"))
			t.expect(t.resume(id, t.topic("a")), "1")
			t.expect(t.resumeHeader(id, t.topic("a")), "1")
		}),
		rule("odd-id", "cursors may have quotes, brackets and letters of any language, also in the header", each, Must,
			func(t *probe) {
				id := `id-["ü 日本"]-` + t.nonce
				t.label("0", t.topic("a"), "id", id)
				t.label("1", t.topic("a"))
				s := t.resumeHeader(id, t.topic("a"))
				t.expect(s, "1")
				got := t.precedes(s.resp.Header)
				t.check(got == id, "asked for %q, the answer names %q", id, got)
				t.expect(t.resume(id, t.topic("a")), "1")
			}),
		rule("own-ids", "what is replayed has the ids that it had", each, Must, func(t *probe) {
			id, second, _ := t.three()
			s := t.resume(id, t.topic("a"))
			got := s.next()
			t.check(got.ID == second, "the event's id is %q, was %q", got.ID, second)
		}),
		rule("resume-resumed", "a stream that was resumed can be resumed again, from any of its events", each, Must,
			func(t *probe) {
				id, _, _ := t.three()
				s := t.resume(id, t.topic("a"))
				id = s.next().ID
				s.close()
				t.label("4", t.topic("a"))
				t.expect(t.resume(id, t.topic("a")), "3", "4")
			}),
		rule("pattern", "patterns and templates are replayed as well", each, Must, func(t *probe) {
			id, _, _ := t.three()
			t.label("4", t.topic("x/y"))
			name, value := "match_urlpattern", t.topic(":id")
			if t.is(Legacy) {
				name, value = "topic", t.topic("{id}")
			}
			t.expect(t.open(call{query: with(fields(name, value, t.cursor(), id), t.exact())}), "2", "3")
		}),
	)
	for i := range rules {
		rules[i].Needs = "history"
	}
	return rules
}
