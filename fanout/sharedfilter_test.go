package fanout_test

import (
	"net/url"
	"testing"
	"testing/synctest"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/topic"
)

// relativePattern returns a filter of what is below /x/ on a host. Its text does not say which.
func relativePattern(t *testing.T, host string) *eventlog.Filter {
	t.Helper()
	m, err := topic.CompilePattern("/x/:id", &url.URL{Scheme: "https", Host: host})
	if err != nil {
		t.Fatal(err)
	}
	return &eventlog.Filter{Matchers: topic.Matchers{m}, Grant: topic.Grant{Subscribe: topic.Matchers{m}}}
}

// TestSharedReadOfOtherBases: who asks for something else by the same text has the log read for itself, and what was kept
// for others is not for it.
func TestSharedReadOfOtherBases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, fanout.Options{WindowBytes: 2})
		for _, host := range []string{"a.example", "b.example"} {
			r.publishUpdates(eventlog.Update{Topics: []string{"https://" + host + "/x/1"}, Data: host, Private: true})
		}
		hold := make(chan struct{})
		r.log.set(hold, nil)
		filters := map[string]*eventlog.Filter{}
		readers := map[string][]*reader{}
		attach := func() {
			for _, host := range []string{"a.example", "b.example"} {
				if filters[host] == nil {
					filters[host] = relativePattern(t, host)
				}
				o := fanout.Subscription{ID: fanout.NewSubscriberID(), Filter: filters[host]}
				readers[host] = append(readers[host], r.attach(o, newFake(-1)))
			}
			synctest.Wait()
		}
		attach() // while the log is read
		close(hold)
		r.log.set(nil, nil)
		synctest.Wait()
		attach() // from what was kept
		for host, list := range readers {
			for _, c := range list {
				c.wantData([]string{host})
			}
		}
		if got := r.log.count(); got != 2 {
			t.Errorf("%d reads of the log, want one for each host", got)
		}
	})
}
