package suite

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"
)

// Outcome is how a run of a rule ended.
type Outcome string

// The outcomes.
const (
	Passed Outcome = "pass"
	Failed Outcome = "fail"
	NotRun Outcome = "not run"
)

// Result is one run of a rule.
type Result struct {
	Rule     Rule
	Dialect  Dialect
	Protocol Protocol
	Outcome  Outcome
	// Why says what was wrong, or why the rule was not run.
	Why string
	// Took is how long the run took.
	Took time.Duration
}

// Run runs rules, all if there are none given, in the hub's dialects and over the versions of HTTP: Config.Parallel
// of them at once, and those that others would disturb one by one at the end. It returns the results in the order of
// the rules. An error means that the configuration cannot work, that the hub cannot be reached, or that ctx has ended;
// rules that the hub breaks are no error.
func Run(ctx context.Context, c Config, rules []Rule) ([]Result, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	if len(rules) == 0 {
		rules = Rules()
	}
	targets := map[Protocol]map[Dialect]*Target{}
	for _, p := range c.Protocols {
		targets[p] = map[Dialect]*Target{}
		for _, d := range []Dialect{Modern, Legacy} {
			target, err := NewTarget(c, d, p)
			if err != nil {
				return nil, err
			}
			defer target.Close()
			targets[p][d] = target
		}
		if err := targets[p][Modern].reach(ctx); err != nil {
			return nil, fmt.Errorf("suite: the hub cannot be reached over HTTP/%s: %w", p, err)
		}
	}
	var results []Result
	for _, r := range rules {
		for _, d := range r.Dialects(c.Dialects) {
			for _, p := range c.Protocols {
				results = append(results, Result{Rule: r, Dialect: d, Protocol: p})
			}
		}
	}
	var work sync.WaitGroup
	places := make(chan struct{}, c.Parallel)
	var last []*Result
	for i := range results {
		one := &results[i]
		if one.Rule.alone {
			last = append(last, one)
			continue
		}
		places <- struct{}{}
		work.Go(func() {
			defer func() { <-places }()
			one.decide(ctx, c, targets[one.Protocol][one.Dialect])
		})
	}
	work.Wait()
	for _, one := range last {
		one.decide(ctx, c, targets[one.Protocol][one.Dialect])
	}
	return results, ctx.Err()
}

// decide runs the rule of a result.
func (r *Result) decide(ctx context.Context, c Config, target *Target) {
	if r.Why = c.lacks(r.Rule.Needs); r.Why != "" {
		r.Outcome = NotRun
		return
	}
	start := time.Now()
	err := r.Rule.Run(ctx, target)
	r.Took, r.Outcome = time.Since(start), Passed
	if err != nil {
		r.Outcome, r.Why = Failed, err.Error()
	}
}

// reach reports whether anybody answers at the hub's URL.
func (t *Target) reach(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, t.config.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodOptions, t.config.URL, nil)
	if err != nil {
		return err
	}
	resp, err := t.client.Do(r)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
