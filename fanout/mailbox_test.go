package fanout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var equateEmpty = cmpopts.EquateEmpty()

// woken reports whether the poller was woken since the last call.
func woken(p *poller) bool {
	select {
	case <-p.woken:
		return true
	default:
		return false
	}
}

// heads returns what the batches of in are known by.
func heads(in *mail) []uint64 {
	list := make([]uint64, len(in.batches))
	for i, b := range in.batches {
		list[i] = b.Head
	}
	return list
}

// letters is what a mailbox held when it was taken.
type letters struct {
	Batches  []uint64
	Messages int
	Head     uint64
	Overflow bool
}

func takeAll(m *mailbox, in *mail) letters {
	m.take(in)
	return letters{heads(in), len(in.messages), in.head, in.overflow}
}

func TestMailbox(t *testing.T) {
	put := func(head uint64, size int) func(*mailbox) {
		return func(m *mailbox) { m.put(&Batch{Head: head}, size) }
	}
	post := func(m *mailbox) { m.post(message{kind: msgShutdown}) }
	tests := []struct {
		name string
		do   []func(*mailbox)
		want letters
	}{
		{"nothing", nil, letters{}},
		{"a batch", []func(*mailbox){put(1, 10)}, letters{Batches: []uint64{1}, Head: 1}},
		{"batches, in order", []func(*mailbox){put(1, 10), put(2, 10), put(5, 10)}, letters{Batches: []uint64{1, 2, 5}, Head: 5}},
		{"exactly full", []func(*mailbox){put(1, 50), put(2, 50)}, letters{Batches: []uint64{1, 2}, Head: 2}},
		{"a byte too much", []func(*mailbox){put(1, 50), put(2, 51)}, letters{Head: 2, Overflow: true}},
		{"one batch that is too large by itself", []func(*mailbox){put(1, 1000)}, letters{Batches: []uint64{1}, Head: 1}},
		{"and one more", []func(*mailbox){put(1, 1000), put(2, 1)}, letters{Head: 2, Overflow: true}},
		{"after an overflow only the head moves", []func(*mailbox){put(1, 60), put(2, 60), put(3, 1)}, letters{Head: 3, Overflow: true}},
		{"messages survive an overflow", []func(*mailbox){post, put(1, 60), post, put(2, 60), post}, letters{Messages: 3, Head: 2, Overflow: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &mailbox{poller: newPoller(), max: 100}
			var in mail
			for range 2 { // what was taken once leaves nothing behind
				for _, do := range tt.do {
					do(m)
				}
				if diff := cmp.Diff(tt.want, takeAll(m, &in), equateEmpty); diff != "" {
					t.Errorf("mail (-want +got):\n%s", diff)
				}
				after := letters{Head: tt.want.Head}
				if diff := cmp.Diff(after, takeAll(m, &in), equateEmpty); diff != "" {
					t.Errorf("mail, taken again (-want +got):\n%s", diff)
				}
			}
		})
	}
}

func TestMailboxWakesOnce(t *testing.T) {
	m := &mailbox{poller: newPoller(), max: 100}
	var in mail
	wakes := func(what string, want bool, do func()) {
		t.Helper()
		do()
		if got := woken(m.poller); got != want {
			t.Errorf("%s: woken %v, want %v", what, got, want)
		}
	}
	batch := &Batch{Head: 1}
	wakes("first batch", true, func() { m.put(batch, 60) })
	wakes("message behind a batch", false, func() { m.post(message{}) })
	wakes("overflow", false, func() { m.put(batch, 60) })
	wakes("batch behind an overflow", false, func() { m.put(batch, 60) })
	wakes("message behind an overflow", false, func() { m.post(message{}) })
	wakes("taking", false, func() { m.take(&in) })
	wakes("first message", true, func() { m.post(message{}) })
	wakes("second message", false, func() { m.post(message{}) })
	wakes("batch behind messages", false, func() { m.put(batch, 1) })
	hush := func(want bool) {
		t.Helper()
		if got := m.hush(); got != want {
			t.Errorf("hushed %v, want %v", got, want)
		}
	}
	wakes("no hush with messages", false, func() { hush(false) })
	wakes("taking", false, func() { m.take(&in) })
	wakes("hush behind a batch", false, func() { m.put(batch, 1); hush(true) })
	wakes("batch in a hush", false, func() { m.put(batch, 1) })
	wakes("message in a hush, behind batches", true, func() { m.post(message{}) })
	wakes("second message in a hush", false, func() { m.post(message{}) })
	wakes("taking", false, func() { m.take(&in) })
	wakes("first batch after a hush", true, func() { m.put(batch, 1) })
}

// TestMailboxOverflowAlone: an overflow whose batches are gone must not hide the shard's next wake-up.
func TestMailboxOverflowAlone(t *testing.T) {
	m := &mailbox{poller: newPoller(), max: 1}
	m.put(&Batch{Head: 1}, 1)
	m.put(&Batch{Head: 2}, 1)
	if !woken(m.poller) {
		t.Fatal("not woken")
	}
	var in mail
	if got, want := takeAll(m, &in), (letters{Head: 2, Overflow: true}); !cmp.Equal(got, want, equateEmpty) {
		t.Fatalf("mail = %+v, want %+v", got, want)
	}
	m.put(&Batch{Head: 3}, 1)
	if !woken(m.poller) {
		t.Error("not woken by the first batch after an overflow")
	}
}

func TestMailboxClose(t *testing.T) {
	m := &mailbox{poller: newPoller(), max: 100}
	m.post(message{kind: msgShutdown})
	m.put(&Batch{Head: 1}, 1)
	woken(m.poller)
	var in mail
	m.close(&in)
	if len(in.messages) != 1 || in.messages[0].kind != msgShutdown {
		t.Errorf("messages at the close = %v", in.messages)
	}
	if m.post(message{}) {
		t.Error("a closed mailbox takes a message")
	}
	m.put(&Batch{Head: 2}, 1)
	if woken(m.poller) {
		t.Error("a closed mailbox wakes its shard")
	}
	if got := takeAll(m, &in); len(got.Batches) > 0 || got.Messages > 0 {
		t.Errorf("a closed mailbox holds %+v", got)
	}
}
