package auth

import (
	"encoding/json"
	"slices"

	"github.com/tidings-hub/tidings/topic"
)

// The claims that a legacy token's rights are in. If both are there, the second wins.
const (
	claimLegacy    = "mercure"
	claimLegacyURL = "https://mercure.rocks/"
)

// readLegacy reads the rights of a legacy token. The claims of modern tokens mean nothing in it.
func (j *judging) readLegacy() error {
	name := claimLegacy
	if j.parsed.claims.has(claimLegacyURL) {
		name = claimLegacyURL
	}
	o, err := parseChecked(j.parsed.claims[name])
	if err != nil {
		return refuse(CheckDetails, "the claim %s: %v", name, err)
	}
	for _, list := range []struct {
		name string
		into *topic.Matchers
	}{
		{"publish", &j.token.Grant.Publish},
		{"subscribe", &j.token.Grant.Subscribe},
	} {
		raw, ok := o[list.name]
		if !ok || string(raw) == "null" { // programs write a list that they do not have as null
			continue
		}
		if *list.into, err = j.readSelectors(name+"."+list.name, raw); err != nil {
			return err
		}
	}
	if payload, ok := o["payload"]; ok && string(payload) != "null" {
		j.token.LegacyPayload = slices.Clone(payload)
	}
	return nil
}

// readSelectors returns the matchers of a list of selectors.
func (j *judging) readSelectors(name string, raw json.RawMessage) (topic.Matchers, error) {
	list, err := asList(raw)
	if err != nil {
		return nil, refuse(CheckDetails, "the claim %s %v", name, err)
	}
	if most := j.options().MaxMatchers; len(list) > most {
		return nil, refuse(CheckLimits, "the claim %s has %d topics, at most %d are allowed", name, len(list), most)
	}
	reader := j.options().detailReader()
	ms := make(topic.Matchers, len(list))
	for i, raw := range list {
		selector, err := asText(raw)
		if err != nil {
			return nil, refuse(CheckDetails, "the claim %s[%d] %v", name, i, err)
		}
		if ms[i], err = reader.matcherOf(KindTemplate, selector); err != nil {
			if _, ok := err.(*Error); ok {
				return nil, err
			}
			return nil, refuse(CheckDetails, "the claim %s[%d]: %v", name, i, err)
		}
	}
	return ms, nil
}
