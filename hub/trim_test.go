package hub_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// TestTrim: the rules are applied also while nothing is published, and again after a failure.
func TestTrim(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{MaxAge: time.Minute}, hub.Options{TrimInterval: 10 * time.Second})
		r.publish(update("1"), update("2"))
		fire := errors.New("disk on fire")
		r.log.set(nil, fire)
		time.Sleep(65 * time.Second)
		synctest.Wait()
		if len(r.trimming) != 6 || !errors.Is(r.trimming[0], fire) {
			t.Errorf("the Observer was told %v, want six failures", r.trimming)
		}
		if floor := r.log.Floor(); floor != 1 {
			t.Errorf("Floor() = %d", floor)
		}
		r.log.set(nil, nil)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		if floor := r.log.Floor(); floor != 3 {
			t.Errorf("Floor() = %d a minute after the last update, want 3", floor)
		}
		if err := r.hub.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		trims := r.log.trims
		time.Sleep(time.Minute)
		if r.log.trims != trims {
			t.Error("a hub that is shut down still trims")
		}
	})
}
