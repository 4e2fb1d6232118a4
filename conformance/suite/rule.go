package suite

import (
	"context"
	"fmt"
	"slices"
)

// Dialect is a dialect of the protocol.
type Dialect string

// The dialects.
const (
	Modern Dialect = "1.0"
	Legacy Dialect = "0.x"
)

// Protocol is a version of HTTP.
type Protocol string

// The versions of HTTP.
const (
	HTTP1 Protocol = "1.1"
	HTTP2 Protocol = "2"
)

// Level says how much weight a rule has.
type Level string

// The levels.
const (
	Must   Level = "must"   // the protocol demands it
	Should Level = "should" // the protocol recommends it
	May    Level = "may"    // the protocol allows it, and the hub says that it does it
	Usual  Level = "usual"  // no specification asks for it, but clients rely on it, or hubs are safer with it
)

// scope says where a rule holds.
type scope string

const (
	modern   scope = "1.0"
	legacy   scope = "0.x"
	each     scope = "each"     // in each dialect, so it is run in each
	together scope = "together" // at a hub that speaks both, run once
)

// Rule is one thing that a hub must do.
type Rule struct {
	// ID names the rule for good: its section, a slash, and a few words.
	ID string
	// Section is where the protocol says it; the package's comment lists them.
	Section string
	// Name says the rule.
	Name string
	// Level is its weight.
	Level Level
	// Needs is the feature without which it is not run, or "".
	Needs string

	scope scope
	alone bool // no other rule may run at the same time
	run   func(t *probe)
}

// String returns the section and the name.
func (r Rule) String() string { return r.Section + " " + r.Name }

// Dialects returns the dialects to run the rule in at a hub that speaks those given.
func (r Rule) Dialects(spoken []Dialect) []Dialect {
	both := slices.Contains(spoken, Modern) && slices.Contains(spoken, Legacy)
	switch {
	case r.scope == each:
		return spoken
	case r.scope == together && both:
		return []Dialect{Modern}
	case r.scope == modern && slices.Contains(spoken, Modern):
		return []Dialect{Modern}
	case r.scope == legacy && slices.Contains(spoken, Legacy):
		return []Dialect{Legacy}
	}
	return nil
}

// Run checks the rule at a target. It returns why the hub breaks it, or nil.
func (r Rule) Run(ctx context.Context, target *Target) (err error) {
	ctx, cancel := context.WithTimeout(ctx, target.config.Timeout+r.longer(target.config))
	defer cancel()
	t := &probe{Target: target, ctx: ctx, nonce: random(8), shared: &shared{}}
	defer t.close()
	// A rule stops at its first failure wherever it is, as a test does.
	defer func() {
		switch p := recover().(type) {
		case nil:
		case failure:
			err = p
		default:
			panic(p)
		}
	}()
	r.run(t)
	return nil
}

// needs returns the rule as one that is run only if the hub has a feature.
func (r Rule) needs(feature string) Rule {
	r.Needs = feature
	return r
}

// byItself returns the rule as one that no other is to disturb.
func (r Rule) byItself() Rule {
	r.alone = true
	return r
}

// failure is the error of a rule that the hub breaks.
type failure struct{ why string }

func (f failure) Error() string { return f.why }

// rule returns a rule that has no section yet.
func rule(id, name string, where scope, level Level, run func(t *probe)) Rule {
	return Rule{ID: id, Name: name, Level: level, scope: where, run: run}
}

// section returns rules as those of a section.
func section(number string, rules ...Rule) []Rule {
	for i := range rules {
		rules[i].Section = number
		rules[i].ID = fmt.Sprintf("%s/%s", number, rules[i].ID)
	}
	return rules
}

// Rules returns all rules, in the order of their sections.
func Rules() []Rule {
	return slices.Concat(
		stringRules(), subscribeRules(), parameterRules(), queryRules(), matcherRules(), templateRules(),
		publishRules(), reservedRules(), tokenRules(), detailRules(), presentingRules(), audienceRules(),
		errorRules(), replayRules(), presenceRules(), presenceAPIRules(), legacyPresenceRules(), discoveryRules(),
		corsRules(), legacyRules(), dialectRules(), trapRules(),
	)
}
