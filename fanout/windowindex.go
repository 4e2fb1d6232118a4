package fanout

import (
	"sort"
	"strings"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// windowIndex has the frames of a window by their topics, each list in order. So a thousand subscribers of a
// thousand topics do not look at every frame a thousand times.
type windowIndex map[string]*topicFrames

type topicFrames struct{ frames []*Frame }

// indexOverhead is what a topic of a frame costs in the index beside its text, if no other frame has it.
const indexOverhead = 96

func (x windowIndex) add(f *Frame) {
	for _, t := range f.record.Topics {
		of := x[t]
		if of == nil {
			of = &topicFrames{}
			x[strings.Clone(t)] = of // t may be a part of a text that is to go with its frame
		}
		if n := len(of.frames); n > 0 && of.frames[n-1] == f {
			continue // the update names the topic twice
		}
		of.frames = append(of.frames, f)
	}
}

// drop takes out the oldest frame of the window.
func (x windowIndex) drop(f *Frame) {
	for _, t := range f.record.Topics {
		of := x[t]
		if of == nil || of.frames[0] != f {
			continue // the update names the topic twice
		}
		of.frames[0] = nil // the array behind the slice lives on: it must not pin the frame
		if of.frames = of.frames[1:]; len(of.frames) == 0 {
			delete(x, t)
		}
	}
}

// lists returns what lies behind after for each topic of a filter, and false for a filter that asks for more than
// exact topics.
func (x windowIndex) lists(dst [][]*Frame, filter *eventlog.Filter, after uint64) ([][]*Frame, bool) {
	for _, m := range filter.Matchers {
		if m.Kind() != topic.KindExact {
			return nil, false
		}
		if of := x[m.Value()]; of != nil {
			dst = append(dst, behind(of.frames, after))
		}
	}
	return dst, true
}

// behind returns the frames of list above the offset after.
func behind(list []*Frame, after uint64) []*Frame {
	return list[sort.Search(len(list), func(i int) bool { return list[i].Offset() > after }):]
}

// lowest takes the first frame of all the lists out of them; nil if nothing is left.
func lowest(lists [][]*Frame) *Frame {
	var first *Frame
	for _, list := range lists {
		if len(list) > 0 && (first == nil || list[0].Offset() < first.Offset()) {
			first = list[0]
		}
	}
	for i, list := range lists {
		if len(list) > 0 && list[0] == first {
			lists[i] = list[1:]
		}
	}
	return first
}
