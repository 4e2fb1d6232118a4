package client

import (
	"encoding/json"
	"math/rand/v2"
	"time"
)

// maxMillis is the largest number of milliseconds that is believed, a year.
const maxMillis = 365 * 24 * 60 * 60 * 1000

// millis is a time as the hub writes it.
type millis int64

func (m millis) duration() time.Duration {
	return time.Duration(min(max(m, 0), maxMillis)) * time.Millisecond
}

// parseHello reads the data of tidings.hello.
func parseHello(data string) (Hello, bool) {
	var wire struct {
		Subscriber string `json:"subscriber"`
		Epoch      string `json:"epoch"`
		Position   string `json:"position"`
		Verdict    string `json:"verdict"`
		Heartbeat  millis `json:"heartbeat"`
		Limits     struct {
			Matchers     int `json:"matchers"`
			MatcherBytes int `json:"matcherBytes"`
		} `json:"limits"`
	}
	if json.Unmarshal([]byte(data), &wire) != nil {
		return Hello{}, false
	}
	return Hello{
		Subscriber: wire.Subscriber, Epoch: wire.Epoch, Position: wire.Position, Verdict: wire.Verdict, Heartbeat: wire.Heartbeat.duration(),
		MaxMatchers: wire.Limits.Matchers, MaxMatcherBytes: wire.Limits.MatcherBytes,
	}, true
}

// parseGap reads the data of tidings.gap. That there is one is all that matters: what cannot be read stays empty.
func parseGap(data string) Gap {
	var wire struct {
		From string `json:"from"`
		To   string `json:"to"`
		Why  string `json:"why"`
	}
	_ = json.Unmarshal([]byte(data), &wire)
	return Gap{From: wire.From, To: wire.To, Why: wire.Why}
}

// parseBye reads the data of tidings.bye. As with a gap, what cannot be read stays empty.
func parseBye(data string) Bye {
	var wire struct {
		Reason string `json:"reason"`
		Retry  millis `json:"retry"`
	}
	_ = json.Unmarshal([]byte(data), &wire)
	return Bye{Reason: wire.Reason, Retry: wire.Retry.duration()}
}

// spread returns by chance when to come back.
func (b Bye) spread() time.Duration { return b.Retry + rand.N(b.Retry+1) }
