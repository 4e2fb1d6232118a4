package hub_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

func TestPublish(t *testing.T) {
	r := newRig(t, eventlog.Retention{}, hub.Options{})
	if at := r.hub.Head(); at != r.log.Lineage().At(0) {
		t.Errorf("Head() = %v before the first update", at)
	}
	receipts := r.publish(update("1"), eventlog.Update{Topics: []string{"a"}, ID: "own"})
	at := r.log.Lineage().At
	want := []hub.Receipt{{ID: at(1).String(), Position: at(1)}, {ID: "own", Position: at(2)}}
	if diff := cmp.Diff(want, receipts); diff != "" {
		t.Errorf("receipts (-want +got):\n%s", diff)
	}
	if r.hub.Head() != at(2) {
		t.Errorf("Head() = %v, want %v", r.hub.Head(), at(2))
	}
	if diff := cmp.Diff([]int{1, 1}, r.committed); diff != "" {
		t.Errorf("batches that the Observer was told (-want +got):\n%s", diff)
	}
}

func TestPublishRefuses(t *testing.T) {
	onlyB := topic.Grant{Publish: matchers("b")}
	tests := []struct {
		name   string
		update eventlog.Update
		grant  topic.Grant
		want   error
		reason hub.RefuseReason
	}{
		{"invalid", eventlog.Update{}, topic.All(), &hub.InvalidError{Field: "topic", Reason: "is missing"}, hub.RefusedInvalid},
		{"beyond a limit", update(strings.Repeat("x", 21)), topic.All(), &hub.LimitError{Limit: "DataBytes", Max: 20, Got: 21}, hub.RefusedLimit},
		{"no grant", update("x"), topic.Grant{}, hub.ErrForbidden, hub.RefusedForbidden},
		{"a grant to receive", update("x"), topic.Grant{Subscribe: matchers("*")}, hub.ErrForbidden, hub.RefusedForbidden},
		{"another topic granted", update("x"), onlyB, hub.ErrForbidden, hub.RefusedForbidden},
		{"one of two topics granted", update("x", "b", "a"), onlyB, hub.ErrForbidden, hub.RefusedForbidden},
	}
	r := newRig(t, eventlog.Retention{}, hub.Options{Limits: testLimits})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			receipt, err := r.hub.Publish(t.Context(), tt.update, tt.grant)
			if diff := cmp.Diff(tt.want, err, compareErrors); diff != "" {
				t.Errorf("Publish (-want +got):\n%s", diff)
			}
			if receipt != (hub.Receipt{}) {
				t.Errorf("a refusal with the receipt %+v", receipt)
			}
			if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{tt.reason}) {
				t.Errorf("the Observer was told %v, want %v", got, tt.reason)
			}
		})
	}
	if head := r.log.Head(); head != 0 {
		t.Errorf("the log's head is %d: something that was refused was appended", head)
	}
	if _, err := r.hub.Publish(t.Context(), update("x", "b"), onlyB); err != nil {
		t.Errorf("what is granted: %v", err)
	}
}

// TestPublishGathers: whatever comes while a batch becomes durable is the next batch.
func TestPublishGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		answers := make(chan hub.Receipt, 100)
		publish := func(i int) {
			receipt, err := r.hub.Publish(t.Context(), update(fmt.Sprint(i)), topic.All())
			if err != nil {
				t.Error(err)
			}
			answers <- receipt
		}
		go publish(0)
		synctest.Wait() // it is being appended
		for i := range 50 {
			go publish(i)
		}
		synctest.Wait()
		if len(answers) > 0 {
			t.Fatal("a publisher was answered before its batch was durable")
		}
		close(hold)
		synctest.Wait()
		if diff := cmp.Diff([]int{1, 50}, r.log.sizes()); diff != "" {
			t.Errorf("batches (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{1, 50}, r.committed); diff != "" {
			t.Errorf("batches that the Observer was told (-want +got):\n%s", diff)
		}
		offsets := map[uint64]bool{}
		for range 51 {
			offsets[(<-answers).Position.Offset] = true
		}
		if len(offsets) != 51 || !offsets[1] || !offsets[51] {
			t.Errorf("the receipts name %d different offsets", len(offsets))
		}
	})
}

// TestPublishBeyondTheQueueAlone: updates that could not wait together even if nothing else did are told from those that
// only come at a bad time. What is exactly as much as may wait is taken.
func TestPublishBeyondTheQueueAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := hub.Limits{Topics: 1, TopicBytes: 1, IDBytes: 1, TypeBytes: 1, DataBytes: 97, KeyBytes: 1, QueueBytes: 250}
		r := newRig(t, eventlog.Retention{}, hub.Options{Limits: limits})
		batch := func(sizes ...int) (updates []hub.Submission) {
			for _, n := range sizes {
				updates = append(updates, hub.Submission{Update: update(strings.Repeat("x", n-1))})
			}
			return updates
		}
		for i, o := range r.hub.PublishAll(t.Context(), batch(98, 98, 55), topic.All()) {
			want := &hub.LimitError{Limit: "QueueBytes", Max: 250, Got: 251, Alone: true}
			if diff := cmp.Diff(error(want), o.Err, compareErrors); diff != "" {
				t.Errorf("update %d (-want +got):\n%s", i, diff)
			}
		}
		for i, o := range r.hub.PublishAll(t.Context(), batch(98, 98, 54), topic.All()) {
			if o.Err != nil {
				t.Errorf("update %d: %v", i, o.Err)
			}
		}
	})
}

// TestPublishQueueIsBounded: publishing is refused while too much waits for a log that does not keep up.
func TestPublishQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limits := hub.Limits{Topics: 1, TopicBytes: 1, IDBytes: 1, TypeBytes: 1, DataBytes: 97, KeyBytes: 1, QueueBytes: 250}
		r := newRig(t, eventlog.Retention{}, hub.Options{Limits: limits})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		large := update(strings.Repeat("x", 97)) // 98 bytes
		done := make(chan error, 10)
		publish := func() {
			_, err := r.hub.Publish(t.Context(), large, topic.All())
			done <- err
		}
		for range 3 { // the first is being appended and does not wait any more
			go publish()
			synctest.Wait()
		}
		_, err := r.hub.Publish(t.Context(), large, topic.All())
		want := &hub.LimitError{Limit: "QueueBytes", Max: 250, Got: 294}
		if diff := cmp.Diff(error(want), err, compareErrors); diff != "" {
			t.Errorf("Publish (-want +got):\n%s", diff)
		}
		if got := r.refusals(); !slices.Equal(got, []hub.RefuseReason{hub.RefusedLimit}) {
			t.Errorf("the Observer was told %v", got)
		}
		small := update(strings.Repeat("x", 53)) // exactly what is left
		go func() {
			_, err := r.hub.Publish(t.Context(), small, topic.All())
			done <- err
		}()
		synctest.Wait()
		close(hold)
		for range 4 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
		r.publish(large, large, large) // there is room again
		if head := r.log.Head(); head != 7 {
			t.Errorf("the log's head is %d, want 7", head)
		}
	})
}

// TestPublishGivenUp: nobody can tell a publisher that does not wait whether its update is durable.
func TestPublishGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		hold := make(chan struct{})
		r.log.set(hold, nil)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() {
			_, err := r.hub.Publish(ctx, update("x"), topic.All())
			done <- err
		}()
		synctest.Wait()
		cancel()
		err := <-done
		if !errors.Is(err, eventlog.ErrOutcomeUnknown) || !errors.Is(err, context.Canceled) {
			t.Errorf("Publish: %v, want ErrOutcomeUnknown and the context's error", err)
		}
		if got := r.refusals(); len(got) > 0 {
			t.Errorf("the Observer was told %v of what was not refused", got)
		}
		close(hold)
		synctest.Wait()
		if head := r.log.Head(); head != 1 {
			t.Errorf("the log's head is %d: what was given up was durable in this case", head)
		}
		r.publish(update("y")) // the committer was not held up by who had left
	})
}

// TestPublishToALogThatFails: every publisher of the batch learns it, subscribers see nothing of it.
func TestPublishToALogThatFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{}, hub.Options{})
		_, reader := r.subscribe(hub.Request{Matchers: matchers("a")})
		r.publish(update("before"))
		fire := errors.New("disk on fire")
		hold := make(chan struct{})
		r.log.set(hold, nil)
		done := make(chan error, 3)
		for range 3 {
			go func() {
				_, err := r.hub.Publish(t.Context(), update("lost"), topic.All())
				done <- err
			}()
			synctest.Wait()
		}
		r.log.set(nil, fire)
		close(hold)
		for range 3 {
			if err := <-done; errors.Is(err, eventlog.ErrOutcomeUnknown) || !errors.Is(err, fire) {
				t.Errorf("Publish: %v, want the log's error, which says that nothing was appended", err)
			}
		}
		if len(r.failed) != 2 || !errors.Is(r.failed[0], fire) { // batches of one and two
			t.Errorf("the Observer was told %v", r.failed)
		}
		r.log.set(nil, nil)
		r.publish(update("after"))
		synctest.Wait()
		if diff := cmp.Diff([]string{"before", "after"}, reader.data(t)); diff != "" {
			t.Errorf("the subscriber got (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]int{1, 1}, r.committed); diff != "" {
			t.Errorf("batches that became durable (-want +got):\n%s", diff)
		}
	})
}
