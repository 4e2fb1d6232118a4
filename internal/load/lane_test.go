package load

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestLane(t *testing.T) {
	far := func(n uint32) (seqs []uint32) {
		for i := range n {
			seqs = append(seqs, i+1)
		}
		return seqs
	}
	tests := []struct {
		name string
		seqs []uint32
		want []verdict
	}{
		{"in order", []uint32{1, 2, 3}, []verdict{inOrder, inOrder, inOrder}},
		{"the first is missing", []uint32{2, 3}, []verdict{ahead, inOrder}},
		{"a gap", []uint32{1, 2, 5, 6}, []verdict{inOrder, inOrder, ahead, inOrder}},
		{"doubled", []uint32{1, 1, 2, 1, 2}, []verdict{inOrder, doubled, inOrder, doubled, doubled}},
		{"swapped", []uint32{1, 3, 2, 4}, []verdict{inOrder, ahead, late, inOrder}},
		{"swapped, then doubled", []uint32{2, 1, 1, 2}, []verdict{ahead, late, doubled, doubled}},
		{"a long gap forgets", []uint32{1, 200, 1, 137}, []verdict{inOrder, ahead, doubled, late}},
		{"as far back as is remembered", []uint32{65, 2, 1}, []verdict{ahead, late, doubled}},
		{"no number", []uint32{0}, []verdict{doubled}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var l lane
			var got []verdict
			for _, seq := range tt.seqs {
				got = append(got, l.take(seq))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("verdicts (-want +got):\n%s", diff)
			}
		})
	}
	var l lane
	for _, seq := range far(1000) {
		if got := l.take(seq); got != inOrder {
			t.Fatalf("number %d: %v", seq, got)
		}
	}
}

// Whatever comes in whatever order, as long as no number is more than 63 behind: each is counted once.
func TestLaneCountsEachOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var l lane
		seen := map[uint32]bool{}
		for _, seq := range rapid.SliceOf(rapid.Uint32Range(1, 64)).Draw(t, "seqs") {
			got := l.take(seq)
			if (got == doubled) != seen[seq] {
				t.Fatalf("%d is %v, seen before: %v", seq, got, seen[seq])
			}
			seen[seq] = true
		}
	})
}
