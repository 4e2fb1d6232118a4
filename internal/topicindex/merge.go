package topicindex

// Merge takes the entries of several topics one after the other, each once. It is a heap of lists, of which that with
// the next entry is the first: who asks for a hundred topics must not have all of them looked at for each entry, while
// somebody waits for the lock. [Merge.Forward] or [Merge.Backward] comes first. The index must not change meanwhile.
type Merge[E Entry] struct {
	runs     []Run[E] // not written after Select: where a caller's array is behind it, that would move to the heap
	left     int      // so many of them are not used up: they are the heap
	backward bool
}

// Run is what is left of a topic's list.
type Run[E Entry] struct {
	key     uint64 // of the next entry: its offset, or for the newest first its complement
	entries []E
}

// Forward has m give what lies behind an offset, oldest first.
func (m *Merge[E]) Forward(after uint64) {
	for i := range m.runs {
		r := &m.runs[i]
		r.entries = r.entries[Behind(r.entries, after):]
	}
	m.order(false)
}

// Backward has m give what lies up to an offset, newest first.
func (m *Merge[E]) Backward(to uint64) {
	for i := range m.runs {
		r := &m.runs[i]
		r.entries = r.entries[:Behind(r.entries, to)]
	}
	m.order(true)
}

// Next returns the next entry, and false if there is none.
func (m *Merge[E]) Next() (next E, ok bool) {
	if m.left == 0 {
		return next, false
	}
	next = m.runs[0].entries[m.place(0)]
	if m.left == 1 { // as for most: there is nothing to compare
		if m.take(); len(m.runs[0].entries) == 0 {
			m.left = 0
		}
		return next, true
	}
	for key := m.runs[0].key; m.left > 0 && m.runs[0].key == key; { // what several have is first in each in turn
		m.advance()
	}
	return next, true
}

// place returns where the next entry of a run is in it.
func (m *Merge[E]) place(run int) int {
	if m.backward {
		return len(m.runs[run].entries) - 1
	}
	return 0
}

// setKey says what the next entry of a run is ordered by.
func (m *Merge[E]) setKey(run int) {
	r := &m.runs[run]
	r.key = r.entries[m.place(run)].Offset()
	if m.backward {
		r.key = ^r.key
	}
}

// order makes a heap of what is not empty.
func (m *Merge[E]) order(backward bool) {
	m.backward = backward
	m.left = 0
	for _, r := range m.runs {
		if len(r.entries) > 0 {
			m.runs[m.left] = r
			m.setKey(m.left)
			m.left++
		}
	}
	for i := m.left/2 - 1; i >= 0; i-- {
		m.sink(i)
	}
}

// take takes the next entry out of the first run.
func (m *Merge[E]) take() {
	first := &m.runs[0]
	if m.backward {
		first.entries = first.entries[:len(first.entries)-1]
	} else {
		first.entries = first.entries[1:]
	}
}

// advance takes the next entry out of the first run, and puts that run where it then belongs.
func (m *Merge[E]) advance() {
	if m.take(); len(m.runs[0].entries) > 0 {
		m.setKey(0)
	} else {
		m.left--
		m.runs[0] = m.runs[m.left]
	}
	m.sink(0)
}

// sink moves the run at i below those that come before it.
func (m *Merge[E]) sink(i int) {
	for {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < m.left; child++ {
			if m.runs[child].key < m.runs[least].key {
				least = child
			}
		}
		if least == i {
			return
		}
		m.runs[i], m.runs[least] = m.runs[least], m.runs[i]
		i = least
	}
}
