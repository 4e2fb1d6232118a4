package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/tidings-hub/tidings/topic"
)

// DetailType is the type of those entries of authorization_details (RFC 9396) that are about a hub.
const DetailType = "https://mercure.rocks/authorization-detail"

const claimDetails = "authorization_details"

// detailReader makes grants of details, from tokens and from the answers of applications.
type detailReader struct {
	matcher      MatcherFunc
	maxDetails   int
	maxMatchers  int
	matcherBytes int
}

func (o *Options) detailReader() detailReader {
	return detailReader{o.Matcher, o.MaxDetails, o.MaxMatchers, o.MatcherBytes}
}

// readDetails reads the rights of a modern token. The claims of legacy tokens mean nothing in it.
func (j *judging) readDetails() error {
	raw, ok := j.parsed.claims[claimDetails]
	if !ok {
		return nil // a good token without rights
	}
	reader := j.options().detailReader()
	details, err := reader.read(raw)
	if err != nil {
		return err
	}
	j.token.Details, j.token.Grant = details, grantOf(details)
	return nil
}

// read returns the details for a hub in the value of authorization_details. One that is wrong makes all of it
// wrong: a grant that is understood in part says something else than its issuer meant.
func (r *detailReader) read(raw json.RawMessage) ([]Detail, error) {
	entries, err := asList(raw)
	if err != nil {
		return nil, refuse(CheckDetails, "%s %v", claimDetails, err)
	}
	var details []Detail
	matchers := 0
	for i, entry := range entries {
		o, err := parseChecked(entry)
		if err != nil {
			return nil, refuse(CheckDetails, "%s[%d]: %v", claimDetails, i, err)
		}
		if typ, err := o.text("type"); err != nil || !o.has("type") {
			return nil, refuse(CheckDetails, "%s[%d]: type is not a string", claimDetails, i)
		} else if typ != DetailType {
			continue // for another service
		}
		if len(details) == r.maxDetails {
			return nil, refuse(CheckLimits, "%s has more than %d entries for this hub", claimDetails, r.maxDetails)
		}
		d, err := r.readOne(o, &matchers)
		if err != nil {
			if refused, ok := errors.AsType[*Error](err); ok {
				return nil, refused
			}
			return nil, refuse(CheckDetails, "%s[%d]: %v", claimDetails, i, err)
		}
		details = append(details, d)
	}
	return details, nil
}

// readOne reads one entry; matchers counts the matchers of all.
func (r *detailReader) readOne(o object, matchers *int) (Detail, error) {
	var d Detail
	actions, err := asList(o["actions"])
	if err != nil {
		return d, fmt.Errorf("actions %w", err)
	}
	if len(actions) == 0 {
		return d, errors.New("actions is empty")
	}
	for _, raw := range actions {
		action, err := asText(raw)
		if err != nil {
			return d, fmt.Errorf("an action %w", err)
		}
		d.Publish = d.Publish || action == "publish"
		d.Subscribe = d.Subscribe || action == "subscribe"
	}
	topics, err := asList(o["topics"])
	if err != nil {
		return d, fmt.Errorf("topics %w", err)
	}
	if len(topics) == 0 {
		return d, errors.New("topics is empty")
	}
	if *matchers += len(topics); *matchers > r.maxMatchers {
		return d, refuse(CheckLimits, "%s has more than %d topics in all", claimDetails, r.maxMatchers)
	}
	for i, raw := range topics {
		m, err := r.readTopic(raw)
		if err != nil {
			if refused, ok := errors.AsType[*Error](err); ok {
				return d, refused
			}
			return d, fmt.Errorf("topics[%d]: %w", i, err)
		}
		d.Topics = append(d.Topics, m)
	}
	if raw, ok := o["payload"]; ok {
		if raw[0] != '{' {
			return d, errors.New("payload is not an object")
		}
		d.Payload = slices.Clone(raw)
	}
	return d, nil
}

func (r *detailReader) readTopic(raw json.RawMessage) (topic.Matcher, error) {
	o, err := parseChecked(raw)
	if err != nil {
		return topic.Matcher{}, err
	}
	value, err := o.text("match")
	if err != nil {
		return topic.Matcher{}, err
	}
	if !o.has("match") {
		return topic.Matcher{}, errors.New("there is no match")
	}
	kind := KindExact
	if o.has("match_type") {
		if kind, err = o.text("match_type"); err != nil {
			return topic.Matcher{}, err
		}
		if kind == KindTemplate {
			// A selector of legacy tokens; the word is no match type.
			return topic.Matcher{}, fmt.Errorf("match_type %s is not supported", quote(kind))
		}
	}
	return r.matcherOf(kind, value)
}

// matcherOf makes a matcher. The wildcard is known before its kind is looked at, but the kind must be one.
func (r *detailReader) matcherOf(kind, value string) (topic.Matcher, error) {
	if len(value) > r.matcherBytes {
		return topic.Matcher{}, refuse(CheckLimits, "a matcher has %d bytes, it may have %d: %s", len(value), r.matcherBytes, quote(value))
	}
	if err := topic.CheckString(value); err != nil {
		return topic.Matcher{}, err
	}
	if value == topic.Wildcard && (kind == KindExact || kind == KindURLPattern || kind == KindTemplate) {
		return topic.Any(), nil
	}
	m, err := r.matcher(kind, value)
	if err != nil {
		return topic.Matcher{}, fmt.Errorf("%s: %w", quote(value), err)
	}
	if value == topic.Wildcard {
		return topic.Any(), nil
	}
	return m, nil
}

// grantOf returns what details allow together.
func grantOf(details []Detail) topic.Grant {
	var g topic.Grant
	for i := range details {
		if d := &details[i]; d.Publish {
			g.Publish = append(g.Publish, d.Topics...)
		}
		if d := &details[i]; d.Subscribe {
			g.Subscribe = append(g.Subscribe, d.Topics...)
		}
	}
	return g
}
