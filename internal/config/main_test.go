package config_test

import (
	"os"
	"strings"
	"testing"
)

// TestMain lets no setting of the machine into the tests.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TIDINGS_") {
			os.Unsetenv(name)
		}
	}
	os.Exit(m.Run())
}
