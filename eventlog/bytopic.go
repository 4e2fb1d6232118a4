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
func (x byTopic) lists(dst merge, ms topic.Matchers) (merge, bool) {
	for _, m := range ms {
		if m.Kind() != topic.KindExact {
			return nil, false
		}
		if of := x[m.Value()]; of != nil {
			dst = append(dst, toMerge{records: of.records})
		}
	}
	return dst, true
}

// merge is a heap of lists, of which that with the next record is the first: who asks for a hundred topics must not have
// all of them looked at for each record, while the committer waits. The zero keys that it begins with are no heap yet.
type merge []toMerge

type toMerge struct {
	key     uint64 // of the next record: its offset, or for the newest first its complement
	records []*Record
}

// forward copies into dst the records of all lists with after < offset <= to, oldest first, each once. It uses m up.
func (m merge) forward(dst []*Record, after, to uint64) (n int) {
	next := func(l *toMerge) { l.key = l.records[0].Position.Offset }
	for i := range m {
		m[i].records = m[i].records[placeBehind(m[i].records, after):]
	}
	for m = m.order(next); n < len(dst) && len(m) > 0 && m[0].key <= to; n++ {
		dst[n] = m[0].records[0]
		for key := m[0].key; len(m) > 0 && m[0].key == key; { // what several lists have is first in each in turn
			m[0].records = m[0].records[1:]
			m = m.settle(next)
		}
	}
	return n
}

// backward copies into dst the last records of all lists with offsets up to to, newest first, each once. It uses m up.
func (m merge) backward(dst []*Record, to uint64) (n int) {
	next := func(l *toMerge) { l.key = ^l.records[len(l.records)-1].Position.Offset }
	for i := range m {
		m[i].records = m[i].records[:placeBehind(m[i].records, to)]
	}
	for m = m.order(next); n < len(dst) && len(m) > 0; n++ {
		dst[n] = m[0].records[len(m[0].records)-1]
		for key := m[0].key; len(m) > 0 && m[0].key == key; {
			m[0].records = m[0].records[:len(m[0].records)-1]
			m = m.settle(next)
		}
	}
	return n
}

// order makes m a heap, without the lists that are empty. next sets a list's key.
func (m merge) order(next func(*toMerge)) merge {
	m = slices.DeleteFunc(m, func(l toMerge) bool { return len(l.records) == 0 })
	for i := range m {
		next(&m[i])
	}
	for i := len(m)/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
	return m
}

// settle puts the first list, whose next record was taken, where it belongs.
func (m merge) settle(next func(*toMerge)) merge {
	if len(m[0].records) > 0 {
		next(&m[0])
	} else {
		last := len(m) - 1
		m[0], m = m[last], m[:last]
	}
	m.sink(0)
	return m
}

// sink moves the list at i below those that come before it.
func (m merge) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(m); child++ {
			if m[child].key < m[least].key {
				least = child
			}
		}
		if least == i {
			return
		}
		m[i], m[least] = m[least], m[i]
		i = least
	}
}

// placeBehind returns the place of the first record with an offset above after.
func placeBehind(records []*Record, after uint64) int {
	return sort.Search(len(records), func(i int) bool { return records[i].Position.Offset > after })
}
