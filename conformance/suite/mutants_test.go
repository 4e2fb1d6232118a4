package suite_test

import (
	"maps"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/conformance/suite"
)

// mutants returns, for each rule, a hub that breaks it: the rule's ID → what stands before the hub.
func mutants() map[string]tap {
	all := map[string]tap{}
	for _, list := range []map[string]tap{
		stringMutants(), subscribeMutants(), matcherMutants(), publishMutants(), tokenMutants(), detailMutants(),
		presentingMutants(), audienceMutants(), errorMutants(), replayMutants(), presenceMutants(), legacyMutants(),
		discoveryMutants(), corsMutants(), dialectMutants(), trapMutants(),
	} {
		maps.Copy(all, list)
	}
	return all
}

// mutantRun is how a rule is run against its mutant: with little patience, since some mutants never answer.
func mutantRun(c suite.Config) suite.Config {
	c.Timeout, c.Heartbeat = 3*time.Second, time.Millisecond
	return c
}

// fails runs a rule against its mutant, which must break it.
func fails(t *testing.T, r suite.Rule, d suite.Dialect, over transport, c suite.Config) {
	t.Helper()
	target, err := suite.NewTarget(mutantRun(c), d, over.protocol)
	if err != nil {
		t.Fatal(err)
	}
	defer target.Close()
	if err := r.Run(t.Context(), target); err == nil {
		t.Error("the rule passes although the hub breaks it")
	} else {
		t.Log(err)
	}
}

func TestEachRuleFailsAgainstAHubThatBreaksIt(t *testing.T) {
	list := mutants()
	spoken := []suite.Dialect{suite.Modern, suite.Legacy}
	for _, r := range suite.Rules() {
		if r.ID == "1.2/http-version" {
			continue // no handler can break it; see below
		}
		mutant, ok := list[r.ID]
		if !ok {
			t.Errorf("there is no mutant for %s", r.ID)
			continue
		}
		for _, d := range r.Dialects(spoken) {
			t.Run(r.ID+"/"+string(d), func(t *testing.T) {
				t.Parallel()
				fails(t, r, d, transports[0], start(t, transports[0], mutant.wrap))
			})
		}
		delete(list, r.ID)
	}
	for id := range list {
		t.Errorf("a mutant breaks %s, which is no rule", id)
	}
}

func TestHTTP2IsMissed(t *testing.T) {
	server := httptest.NewTLSServer(&fake{readers: map[*reader]bool{}})
	defer server.Close()
	for _, r := range suite.Rules() {
		if r.ID == "1.2/http-version" {
			fails(t, r, suite.Modern, transports[1], suite.Config{URL: server.URL + hubPath, Insecure: true})
			return
		}
	}
	t.Error("there is no such rule")
}

func TestRulesAreNamedOnce(t *testing.T) {
	ids, names := map[string]bool{}, map[string]bool{}
	for _, r := range suite.Rules() {
		if ids[r.ID] || names[r.String()] {
			t.Errorf("%s is there twice: %s", r.ID, r)
		}
		ids[r.ID], names[r.String()] = true, true
		if r.Section == "" || r.Name == "" || r.Level == "" {
			t.Errorf("%s is incomplete: %+v", r.ID, r)
		}
		if r.Needs != "" && suite.Features()[r.Needs] == "" {
			t.Errorf("%s needs %q, which is no feature", r.ID, r.Needs)
		}
	}
	if len(ids) < 150 {
		t.Errorf("there are %d rules", len(ids))
	}
}
