package auth

import (
	"context"
	"encoding/json"
)

// Result is how a check ended.
type Result uint8

// The results.
const (
	// NotReached: an earlier check failed, and this one was not made.
	NotReached Result = iota
	// Passed: the token is right in this.
	Passed
	// Failed: the token was refused for this.
	Failed
)

// String returns the name of r.
func (r Result) String() string {
	switch r {
	case NotReached:
		return "not reached"
	case Passed:
		return "passed"
	case Failed:
		return "failed"
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler].
func (r Result) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// CheckResult says how one check ended, and why.
type CheckResult struct {
	Check  Check  `json:"check"`
	Result Result `json:"result"`
	// Reason is what passed or failed, in one line; empty for a check that was not reached.
	Reason string `json:"reason,omitempty"`
}

// Explanation is what a Verifier thinks of a token.
type Explanation struct {
	// Checks are all checks in the order in which they are made. CheckKey, CheckLimits and CheckUnavailable are there
	// only if they failed: they are made together with others.
	Checks []CheckResult `json:"checks"`
	// Header and Claims are the token's, as far as they could be read; nothing of them is proved if a check failed.
	Header json.RawMessage `json:"header,omitempty"`
	Claims json.RawMessage `json:"claims,omitempty"`
	// Token is what the token says, nil if it was refused.
	Token *Token `json:"-"`
}

// Failed returns the check that failed, nil if none did.
func (e *Explanation) Failed() *CheckResult {
	for i := range e.Checks {
		if e.Checks[i].Result == Failed {
			return &e.Checks[i]
		}
	}
	return nil
}

// Explain judges a token as Verify does, and tells about every check. It is for tools and for the log, not for
// clients.
func (v *Verifier) Explain(ctx context.Context, raw string) Explanation {
	var e Explanation
	var note string
	j := judging{verifier: v, raw: raw, now: v.options.Now(), explain: func(s string) { note = s }}
	var failed *Error
	for _, s := range steps() {
		if failed != nil {
			e.Checks = append(e.Checks, CheckResult{Check: s.check})
			continue
		}
		note = ""
		if err := s.run(&j, ctx); err != nil {
			failed = asError(err)
			e.Checks = append(e.Checks, CheckResult{Check: failed.Check, Result: Failed, Reason: failed.Reason})
			continue
		}
		e.Checks = append(e.Checks, CheckResult{Check: s.check, Result: Passed, Reason: note})
	}
	if j.parsed != nil {
		e.Header, e.Claims = j.parsed.header.json(), j.parsed.claims.json()
	}
	if failed == nil {
		e.Token = new(j.token)
	}
	return e
}

// json returns o as text again, nil if there is none.
func (o object) json() json.RawMessage {
	if o == nil {
		return nil
	}
	text, err := json.Marshal(o)
	if err != nil {
		return nil // cannot be: its members were JSON when they were read
	}
	return text
}
