package fanout

import (
	"fmt"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSubscriberID(t *testing.T) {
	form := regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	seen := map[SubscriberID]bool{}
	for range 1000 {
		id := NewSubscriberID()
		if !form.MatchString(id.String()) {
			t.Fatalf("%v is not a random UUID", id)
		}
		if seen[id] {
			t.Fatalf("%v came twice", id)
		}
		seen[id] = true
	}
	fixed := SubscriberID{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0x4c, 0xde, 0x8f, 0x10, 0x32, 0x54, 0x76, 0x98, 0xba, 0xdc}
	if got := fixed.String(); got != "01234567-89ab-4cde-8f10-32547698badc" {
		t.Errorf("String() = %s", got)
	}
}

// TestTook cuts three pending frames at every byte, in one step and in two.
func TestTook(t *testing.T) {
	frames := batchOf(t, 1, 3).Frames
	for _, form := range []Form{FormEvent, FormChunk} {
		ends := []int{0} // where each frame ends
		for _, f := range frames {
			ends = append(ends, ends[len(ends)-1]+len(f.Bytes(form)))
		}
		for total := range ends[3] + 1 {
			for _, first := range []int{0, total / 2, total} {
				sub := &Subscriber{form: form, pending: append([]*Frame(nil), frames...)}
				sub.took(first)
				sub.took(total - first)
				whole := 0
				for whole < 3 && ends[whole+1] <= total {
					whole++
				}
				if diff := cmp.Diff(offsets(frames[whole:]), offsets(sub.pending), equateEmpty); diff != "" {
					t.Errorf("form %d, %d bytes: pending (-want +got):\n%s", form, total, diff)
				}
				if want := total - ends[whole]; int(sub.begun) != want {
					t.Errorf("form %d, %d bytes: begun = %d, want %d", form, total, sub.begun, want)
				}
				if got, want := sub.pendingBytes(), ends[3]-total; got != want {
					t.Errorf("form %d, %d bytes: pendingBytes() = %d, want %d", form, total, got, want)
				}
			}
		}
	}
}

func TestTookLetsGo(t *testing.T) {
	array := append([]*Frame(nil), batchOf(t, 1, 9).Frames...)
	sub := &Subscriber{pending: array}
	sub.took(len(array[0].Bytes(FormEvent)))
	if array[0] != nil {
		t.Error("a frame that was taken is still held")
	}
	sub.took(sub.pendingBytes())
	if sub.pending != nil {
		t.Errorf("room for %d frames is kept while nothing is pending", cap(sub.pending))
	}
	sub.pending = append(make([]*Frame, 0, smallPending), batchOf(t, 4, 4).Frames...)
	sub.took(sub.pendingBytes())
	if cap(sub.pending) != smallPending || len(sub.pending) != 0 {
		t.Errorf("len %d, cap %d: the room for a single frame is not kept", len(sub.pending), cap(sub.pending))
	}
}

func TestDropUnbegun(t *testing.T) {
	updates := batchOf(t, 11, 13).Frames
	signal := NewComment()
	tests := []struct {
		name    string
		pending []*Frame
		begun   int
		keep    int
		pos     uint64
	}{
		{"nothing", nil, 0, 0, 13},
		{"none begun", updates, 0, 0, 10},
		{"the first begun", updates, 1, 1, 11},
		{"the first almost taken", updates, len(updates[0].Bytes(FormEvent)) - 1, 1, 11},
		{"only one, begun", updates[2:], 1, 1, 13},
		{"only one, not begun", updates[2:], 0, 0, 12},
		{"a signal first, not begun", []*Frame{signal, updates[0], updates[1]}, 0, 1, 10},
		{"a signal first, begun", []*Frame{signal, updates[0], updates[1]}, 1, 1, 10},
		{"several signals first, begun", []*Frame{signal, signal, updates[2]}, 1, 2, 12},
		{"several signals first", []*Frame{signal, signal, updates[2]}, 0, 2, 12},
		{"signals alone", []*Frame{signal, signal}, 0, 2, 13},
		{"a signal behind the first update", []*Frame{updates[0], signal, updates[1]}, 1, 2, 11},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sub := &Subscriber{pending: append([]*Frame(nil), tt.pending...), begun: int32(tt.begun), pos: 13}
			array := sub.pending
			sub.dropUnbegun()
			if diff := cmp.Diff(offsets(tt.pending[:tt.keep]), offsets(sub.pending), equateEmpty); diff != "" {
				t.Errorf("pending (-want +got):\n%s", diff)
			}
			if sub.pos != tt.pos || int(sub.begun) != tt.begun {
				t.Errorf("pos = %d, begun = %d; want %d, %d", sub.pos, sub.begun, tt.pos, tt.begun)
			}
			for i, f := range array[tt.keep:] {
				if f != nil {
					t.Errorf("frame %d was dropped and is still held", tt.keep+i)
				}
			}
		})
	}
}

// TestFilterKey: who shares a read gets what another one asked for, so only equal filters may have equal keys.
func TestFilterKey(t *testing.T) {
	keys := map[string]string{}
	for _, matchers := range someMatchers {
		for _, grant := range someMatchers {
			name := fmt.Sprint(matchers, grant)
			key := filterKey(filterOf(matchers, grant))
			if other, taken := keys[key]; taken {
				t.Errorf("filters %s and %s share the key %q", name, other, key)
			}
			keys[key] = name
			if again := filterKey(filterOf(matchers, grant)); again != key {
				t.Errorf("filter %s has the keys %q and %q", name, key, again)
			}
		}
	}
}
