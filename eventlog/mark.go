package eventlog

import (
	"cmp"
	"slices"
)

// Mark is something that a log remembers beside its updates, from the batch of the update that sets it to the batch of
// the one that takes it back. Retention does not touch it: who opens the log after a crash finds what was not taken
// back. Marks are no updates: they have no offset, and no reader is sent them.
type Mark struct {
	// Key names the mark. It is not empty, and may hold anything.
	Key string
	// Value is what is remembered. It is never interpreted.
	Value string
}

// markIndex holds the marks of a log that lives in memory.
type markIndex map[string]string

// skips reports whether e is not to be appended, because what it marks is marked, or what it takes back is not.
func (x markIndex) skips(e *Entry) bool {
	if e.Mark.Key != "" {
		if _, set := x[e.Mark.Key]; set {
			return true
		}
	}
	if e.Unmark != "" {
		if _, set := x[e.Unmark]; !set {
			return true
		}
	}
	return false
}

// apply does what e asks for.
func (x markIndex) apply(e *Entry) {
	if e.Unmark != "" {
		delete(x, e.Unmark)
	}
	if e.Mark.Key != "" {
		x[e.Mark.Key] = e.Mark.Value
	}
}

func (x markIndex) list() []Mark {
	marks := make([]Mark, 0, len(x))
	for key, value := range x {
		marks = append(marks, Mark{Key: key, Value: value})
	}
	slices.SortFunc(marks, func(a, b Mark) int { return cmp.Compare(a.Key, b.Key) })
	return marks
}
