package bubbletest

import (
	"reflect"
	"runtime/debug"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// Run runs f in a bubble of virtual time, for the check that gave rt. rapid fails a test by a panic, which has to leave the
// bubble, and takes two failures for the same one, to be made smaller, if they panic on the same line.
func Run(t *testing.T, rt *rapid.T, f func(*testing.T)) {
	t.Helper()
	var failure any
	var stack []byte
	synctest.Test(t, func(t *testing.T) {
		defer func() {
			if failure = recover(); failure != nil {
				stack = debug.Stack()
			}
		}()
		f(t)
	})
	switch {
	case failure == nil:
	case rt.Failed():
		rt.Fatal(failure)
	case reflect.TypeOf(failure).PkgPath() == reflect.TypeFor[rapid.T]().PkgPath():
		panic(failure) // no failure: rapid's data are at an end
	default:
		rt.Logf("%s", stack)
		rt.Fatalf("panic: %v", failure)
	}
}
