package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/tidings-hub/tidings/conformance/suite"
)

// listRules prints rules without running them.
func listRules(w io.Writer, rules []suite.Rule) {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range rules {
		dialects := ""
		for _, d := range r.Dialects([]suite.Dialect{suite.Modern, suite.Legacy}) {
			dialects += " " + string(d)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", r.ID, r.Level, strings.TrimSpace(dialects), r)
	}
	_ = table.Flush() // as the prints before it: a list that nobody takes is no failure
	fmt.Fprintf(w, "%d rules\n", len(rules))
}

// counts are the numbers of runs by outcome.
type counts struct {
	Rules  int `json:"rules"`
	Passed int `json:"passed"`
	Failed int `json:"failed"`
	NotRun int `json:"notRun"`
}

func count(results []suite.Result) counts {
	var c counts
	rules := map[string]bool{}
	for _, r := range results {
		rules[r.Rule.ID] = true
		switch r.Outcome {
		case suite.Passed:
			c.Passed++
		case suite.Failed:
			c.Failed++
		case suite.NotRun:
			c.NotRun++
		}
	}
	c.Rules = len(rules)
	return c
}

func (o options) print(w io.Writer, results []suite.Result) error {
	if o.json {
		return printJSON(w, o.config.URL, results)
	}
	return o.printTable(w, results)
}

// printTable prints a line for each run.
func (o options) printTable(w io.Writer, results []suite.Result) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, r := range results {
		why := ""
		if r.Why != "" {
			why = ": " + r.Why
		}
		took := ""
		if o.all {
			took = r.Took.Round(time.Millisecond).String() + "\t"
		}
		fmt.Fprintf(table, "%s\t%s\tHTTP/%s\t%s%s\t%s%s\n", r.Outcome, r.Dialect, r.Protocol, took, r.Rule.ID, r.Rule, why)
	}
	if err := table.Flush(); err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	c := count(results)
	_, err := fmt.Fprintf(w, "%d rules: %d runs passed, %d failed, %d not run\n", c.Rules, c.Passed, c.Failed, c.NotRun)
	return err
}

// result is one run as JSON has it.
type result struct {
	ID       string         `json:"id"`
	Section  string         `json:"section"`
	Name     string         `json:"name"`
	Level    suite.Level    `json:"level"`
	Dialect  suite.Dialect  `json:"dialect"`
	Protocol suite.Protocol `json:"http"`
	Outcome  suite.Outcome  `json:"outcome"`
	Why      string         `json:"why,omitempty"`
	Millis   int64          `json:"ms"`
}

func printJSON(w io.Writer, url string, results []suite.Result) error {
	document := struct {
		URL string `json:"url"`
		counts
		Results []result `json:"results"`
	}{URL: url, counts: count(results)}
	for _, r := range results {
		document.Results = append(document.Results, result{
			ID: r.Rule.ID, Section: r.Rule.Section, Name: r.Rule.Name, Level: r.Rule.Level, Dialect: r.Dialect,
			Protocol: r.Protocol, Outcome: r.Outcome, Why: r.Why, Millis: r.Took.Milliseconds(),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(document); err != nil {
		return fmt.Errorf("conformance: %w", err)
	}
	return nil
}
