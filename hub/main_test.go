package hub_test

import (
	"flag"
	"testing"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

// propertyChecks is how many runs the property test needs to find, almost surely, what it is there for; -rapid.checks
// on the command line says otherwise.
const propertyChecks = "500"

func TestMain(m *testing.M) {
	if err := flag.Set("rapid.checks", propertyChecks); err != nil {
		panic(err)
	}
	leaktest.Main(m)
}
