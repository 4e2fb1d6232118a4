package fanout

import (
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// inBubble runs f in a bubble of virtual time. rapid fails a test by a panic, which has to leave the bubble.
func inBubble(t *testing.T, rt *rapid.T, f func()) {
	var failure any
	synctest.Test(t, func(*testing.T) {
		defer func() { failure = recover() }()
		f()
	})
	switch {
	case failure == nil:
	case rt.Failed():
		rt.Fatal(failure)
	default: // an end of the data: were it to come from the same line, rapid would take it for the failure it makes smaller
		panic(failure)
	}
}
