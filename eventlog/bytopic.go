package eventlog

import (
	"slices"
	"sort"
	"strings"

	"github.com/tidings-hub/tidings/topic"
)

// byTopic has the records of a log in memory by their topics, each list oldest first. So a thousand readers of a
// thousand topics do not look at every record a thousand times.
type byTopic map[string]*topicRecords

type topicRecords struct{ records []*Record }

func (x byTopic) add(r *Record) {
	for _, t := range r.Topics {
		of := x[t]
		if of == nil {
			of = &topicRecords{}
			x[strings.Clone(t)] = of // t may be a part of a text that is to go with its record
		}
		if n := len(of.records); n == 0 || of.records[n-1] != r { // else the record names the topic twice
			of.records = append(of.records, r)
		}
	}
}

func (x byTopic) drop(r *Record) {
	for _, t := range r.Topics {
		of := x[t]
		if of == nil {
			continue // the record names the topic twice
		}
		at := placeBehind(of.records, r.Position.Offset-1)
		switch {
		case at == len(of.records) || of.records[at] != r:
			continue // the same
		case at == 0:
			of.records[0] = nil // the array behind the slice lives on: it must not pin the record
			of.records = of.records[1:]
		default: // records of both lanes name the topic, and the other keeps its own longer
			of.records = slices.Delete(of.records, at, at+1)
		}
		if len(of.records) == 0 {
			delete(x, t)
		}
	}
}

// lists appends to dst the list of each topic that ms asks for, and reports false if they ask for more than exact
// topics.
func (x byTopic) lists(dst [][]*Record, ms topic.Matchers) ([][]*Record, bool) {
	for _, m := range ms {
		if m.Kind() != topic.KindExact {
			return nil, false
		}
		if of := x[m.Value()]; of != nil {
			dst = append(dst, of.records)
		}
	}
	return dst, true
}

// forward copies into dst the records of all lists with after < offset <= to, oldest first, each once.
func forward(dst []*Record, lists [][]*Record, after, to uint64) (n int) {
	for i, list := range lists {
		lists[i] = list[placeBehind(list, after):]
	}
	for ; n < len(dst); n++ {
		var next *Record
		for _, list := range lists {
			if len(list) > 0 && (next == nil || list[0].Position.Offset < next.Position.Offset) {
				next = list[0]
			}
		}
		if next == nil || next.Position.Offset > to {
			break
		}
		for i, list := range lists {
			if len(list) > 0 && list[0] == next {
				lists[i] = list[1:]
			}
		}
		dst[n] = next
	}
	return n
}

// backward copies into dst the last records of all lists with offsets up to to, newest first, each once.
func backward(dst []*Record, lists [][]*Record, to uint64) (n int) {
	for i, list := range lists {
		lists[i] = list[:placeBehind(list, to)]
	}
	for ; n < len(dst); n++ {
		var next *Record
		for _, list := range lists {
			if last := len(list) - 1; last >= 0 && (next == nil || list[last].Position.Offset > next.Position.Offset) {
				next = list[last]
			}
		}
		if next == nil {
			break
		}
		for i, list := range lists {
			if last := len(list) - 1; last >= 0 && list[last] == next {
				lists[i] = list[:last]
			}
		}
		dst[n] = next
	}
	return n
}

// placeBehind returns the place of the first record with an offset above after.
func placeBehind(records []*Record, after uint64) int {
	return sort.Search(len(records), func(i int) bool { return records[i].Position.Offset > after })
}
