package hub_test

import (
	"testing"

	"github.com/tidings-hub/tidings/hub"
)

func TestRefuseReasonNames(t *testing.T) {
	reasons := hub.RefuseReasons()
	seen := map[string]bool{"unknown": true}
	for i, r := range reasons {
		if int(r) != i {
			t.Errorf("number %d of the list is reason %d", i, r)
		}
		if seen[r.String()] {
			t.Errorf("reason %d has the name %q, which is taken", r, r)
		}
		seen[r.String()] = true
	}
	if beyond := hub.RefuseReason(len(reasons)); beyond.String() != "unknown" {
		t.Errorf("reason %q is not in the list", beyond)
	}
}
