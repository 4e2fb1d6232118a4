package config

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

// RetainRule says how long the updates of some topics are kept. Its text is what to keep, then ":topic=", ":template="
// or ":pattern=", then the topic, the URI Template or the URL Pattern, which is everything that follows, whatever
// characters it has:
//
//	age=5m:topic=chat/1
//	age=1h,bytes=64MiB,count=1000:topic=https://example.com/feed
//	newest:template=prices/{item}
//	age=10m:pattern=https://example.com/chats/*
//	age=7d:topic=*
//
// age, bytes and count may be given together; an update is dropped as soon as one of them asks for it. newest keeps
// the newest update of each topic and no other. The topic * stands for every topic. A pattern names a protocol, and
// is for topics that do.
type RetainRule struct {
	// Kind is [topic.KindPattern], [topic.KindTemplate] or, for one topic or all of them, [topic.KindExact].
	Kind topic.Kind
	// Topic is the topic, [topic.Wildcard], the template or the pattern.
	Topic string
	// Newest keeps the newest update only.
	Newest bool
	// Keep bounds what is kept otherwise.
	Keep eventlog.Retention
}

// retainMarks stand before what a RetainRule is for.
var retainMarks = map[topic.Kind]string{
	topic.KindExact: ":topic=", topic.KindTemplate: ":template=", topic.KindPattern: ":pattern=",
}

var errRetainSyntax = errors.New(
	"it must be like 'age=5m:topic=chat/1', 'bytes=1MiB,count=100:topic=*', 'newest:template=prices/{item}' " +
		"or 'age=1h:pattern=https://example.com/chats/*'")

// UnmarshalText implements [encoding.TextUnmarshaler].
func (r *RetainRule) UnmarshalText(text []byte) error {
	rule, err := parseRetainRule(string(text))
	if err != nil {
		return fmt.Errorf("rule %q: %w", text, err)
	}
	*r = rule
	return nil
}

func parseRetainRule(text string) (RetainRule, error) {
	keep, rule := cutRetainMark(text)
	if keep == "" || rule.Topic == "" {
		return RetainRule{}, errRetainSyntax
	}
	if _, err := rule.matcher(); err != nil {
		return RetainRule{}, err
	}
	if keep == "newest" {
		rule.Newest = true
		return rule, nil
	}
	seen := map[string]bool{}
	for limit := range strings.SplitSeq(keep, ",") {
		key, value, _ := strings.Cut(limit, "=")
		if seen[key] {
			return RetainRule{}, fmt.Errorf("it has %s twice", key)
		}
		seen[key] = true
		if err := setLimit(&rule.Keep, key, value); err != nil {
			return RetainRule{}, err
		}
	}
	return rule, nil
}

// cutRetainMark takes text apart at the first of the marks. The wildcard is the same behind each.
func cutRetainMark(text string) (keep string, rule RetainRule) {
	at := len(text)
	for kind, mark := range retainMarks {
		if i := strings.Index(text, mark); i >= 0 && i < at {
			at, keep, rule = i, text[:i], RetainRule{Kind: kind, Topic: text[i+len(mark):]}
		}
	}
	if rule.Topic == topic.Wildcard {
		rule.Kind = topic.KindExact
	}
	return keep, rule
}

// matcher returns what the rule is for.
func (r *RetainRule) matcher() (topic.Matcher, error) {
	if err := topic.CheckString(r.Topic); err != nil {
		return topic.Matcher{}, fmt.Errorf("its topic cannot be one: %w", err)
	}
	switch r.Kind {
	case topic.KindPattern:
		return topic.CompilePattern(r.Topic, nil)
	case topic.KindTemplate:
		m, err := topic.CompileTemplate(r.Topic)
		if err == nil && m.Kind() != topic.KindTemplate {
			return m, fmt.Errorf("%q is no URI Template with a variable, use topic= for a single topic", r.Topic)
		}
		return m, err
	}
	return topic.Exact(r.Topic), nil
}

// setLimit sets one limit of a rule. Each is above zero: a rule without a limit is one that was mistyped.
func setLimit(keep *eventlog.Retention, key, value string) error {
	switch key {
	case "age":
		age, err := parseAge(value)
		if err != nil || age <= 0 {
			return fmt.Errorf("age is %q, it must be a duration above 0 such as 5m, 12h or 7d", value)
		}
		keep.MaxAge = age
	case "bytes":
		var size Bytes
		if err := size.UnmarshalText([]byte(value)); err != nil || size <= 0 {
			return fmt.Errorf("bytes is %q, it must be a number of bytes above 0 such as 64MiB", value)
		}
		keep.MaxBytes = int64(size)
	case "count":
		n, err := strconv.Atoi(value)
		if err != nil || n <= 0 {
			return fmt.Errorf("count is %q, it must be a whole number above 0", value)
		}
		keep.MaxRecords = n
	default:
		return errRetainSyntax
	}
	return nil
}

const day = 24 * time.Hour

// parseAge reads a duration, or a number of days such as 7d.
func parseAge(s string) (time.Duration, error) {
	if digits, ok := strings.CutSuffix(s, "d"); ok {
		const most = int64(1<<63-1) / int64(day)
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n > most {
			return 0, errors.New("not a number of days")
		}
		return time.Duration(n) * day, nil
	}
	return time.ParseDuration(s)
}

// MarshalText implements [encoding.TextMarshaler].
func (r RetainRule) MarshalText() ([]byte, error) { return []byte(r.String()), nil }

// String returns what UnmarshalText reads.
func (r RetainRule) String() string {
	var keep []string
	if r.Newest {
		keep = append(keep, "newest")
	}
	if r.Keep.MaxAge > 0 {
		keep = append(keep, "age="+r.Keep.MaxAge.String())
	}
	if r.Keep.MaxBytes > 0 {
		keep = append(keep, "bytes="+Bytes(r.Keep.MaxBytes).String())
	}
	if r.Keep.MaxRecords > 0 {
		keep = append(keep, "count="+strconv.Itoa(r.Keep.MaxRecords))
	}
	return strings.Join(keep, ",") + retainMarks[r.Kind] + r.Topic
}

// DiskRules returns the rules as a log in a directory wants them.
func DiskRules(rules []RetainRule) []disk.Rule {
	var converted []disk.Rule
	for _, r := range rules {
		m, err := r.matcher()
		if err != nil {
			continue // parsing has refused it
		}
		converted = append(converted, disk.Rule{Topics: topic.Matchers{m}, Keep: r.Keep, NewestOnly: r.Newest})
	}
	return converted
}

// validateRules refuses rules of which one can never count.
func validateRules(rules []RetainRule) error {
	if len(rules) > disk.MaxRules {
		return refuse([]string{"--retain"}, "--retain is given %d times, at most %d are possible", len(rules), disk.MaxRules)
	}
	for i, r := range rules {
		for _, earlier := range rules[:i] {
			if earlier.Kind == r.Kind && earlier.Topic == r.Topic || earlier.Topic == topic.Wildcard {
				return refuse([]string{"--retain"}, "--retain %s never counts: %s stands before it and is for the same topics", r, earlier)
			}
		}
	}
	return nil
}
