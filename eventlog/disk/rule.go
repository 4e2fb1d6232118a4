package disk

import (
	"fmt"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// Rule says how long the updates of some topics are kept.
type Rule struct {
	// Topics selects the topics that the rule is for. The log remembers its rules by the texts of their matchers, so
	// patterns are to be made by a [topic.Compiler] without a base URL.
	Topics topic.Matchers
	// Keep says what is kept of them. It is not used with NewestOnly.
	Keep eventlog.Retention
	// NewestOnly keeps the newest update of each topic and no other, for as long as the log lives. It promises
	// the newest value: a subscriber that comes back, or falls behind, does not get the values in between.
	// An update that also has a topic of another kind of rule replaces the topic's value too, but is kept as that
	// rule says, and no longer: publish values that are to stay to topics of their own.
	NewestOnly bool
}

// MaxRules is how many rules a log may have, beside the one for all other topics.
const MaxRules = 15

func validateRules(rules []Rule, rest eventlog.Retention) error {
	if len(rules) > MaxRules {
		return fmt.Errorf("disk: Options.Rules has %d rules, more than %d", len(rules), MaxRules)
	}
	for i, r := range rules {
		if len(r.Topics) == 0 {
			return fmt.Errorf("disk: Options.Rules[%d].Topics is empty", i)
		}
		for _, m := range r.Topics {
			if m.Relative() {
				return fmt.Errorf("disk: Options.Rules[%d].Topics has %v, which depends on the base URL of its compiler", i, m)
			}
		}
		if r.NewestOnly && r.Keep != (eventlog.Retention{}) {
			return fmt.Errorf("disk: Options.Rules[%d] sets both NewestOnly and Keep", i)
		}
		if err := r.Keep.Validate(); err != nil {
			return fmt.Errorf("disk: Options.Rules[%d]: %w", i, err)
		}
	}
	if err := rest.Validate(); err != nil {
		return fmt.Errorf("disk: Options.Retention: %w", err)
	}
	return nil
}
