package config_test

import (
	"errors"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tidings-hub/tidings/internal/config"
)

// parse reads args into settings as the binary does.
func parse(t *testing.T, settings any, args ...string) error {
	t.Helper()
	parser, err := kong.New(settings, kong.Exit(func(code int) { t.Fatalf("the parser exits with %d", code) }))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return err
}

// parsed returns the settings of args.
func parsed[T any](t *testing.T, args ...string) *T {
	t.Helper()
	settings := new(T)
	if err := parse(t, settings, args...); err != nil {
		t.Fatalf("%q: %v", args, err)
	}
	return settings
}

// refusedFlags returns the flags that the error of args names.
func refusedFlags(t *testing.T, settings any, args ...string) ([]string, string) {
	t.Helper()
	err := parse(t, settings, args...)
	wrong, ok := errors.AsType[*config.Error](err)
	if !ok {
		t.Fatalf("%q: error %v, want a *config.Error", args, err)
	}
	return wrong.Flags, wrong.Error()
}
