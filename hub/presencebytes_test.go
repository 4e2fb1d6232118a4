package hub_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// TestPresenceBeyondTheQueue: what there is to say is written in parts that the queue takes, however small that is.
func TestPresenceBeyondTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := telling
		o.Limits = hub.Limits{
			Topics: 1, TopicBytes: 100, IDBytes: 10, TypeBytes: 10, DataBytes: 100, KeyBytes: 10, QueueBytes: 230,
		}
		r := newRig(t, eventlog.Retention{}, o)
		hold := make(chan struct{})
		r.log.set(hold, nil)
		var want []string
		for i := range 20 {
			name := fmt.Sprintf("guest%d", i)
			if i == 10 {
				name += strings.Repeat("!", 1000) // more than the queue takes by itself
			}
			r.come(name, "a")
			want = append(want, "came a "+name)
		}
		synctest.Wait()
		r.log.set(nil, nil)
		close(hold)
		r.wantSaid(want...)
	})
}
