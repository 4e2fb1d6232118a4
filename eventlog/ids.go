package eventlog

// idIndex finds the earliest retained use of publishers' own ids in a log that lives in memory.
type idIndex map[string]*idUses

// idUses is what the index keeps of one id. Publishers may use an id again; a cursor then means its first use.
// Once that has been dropped nobody can tell which use a cursor means, so the id is unknown until its last use
// has gone too: a gap said too often, never one kept silent.
type idUses struct {
	first   uint64
	count   int
	dropped bool
}

func (x idIndex) add(r *Record) {
	if r.ID == "" {
		return
	}
	id := TrimID(r.ID)
	u := x[id]
	if u == nil {
		u = &idUses{first: r.Position.Offset}
		x[id] = u
	}
	u.count++
}

func (x idIndex) drop(r *Record) {
	if r.ID == "" {
		return
	}
	id := TrimID(r.ID)
	u := x[id]
	u.count--
	u.dropped = true
	if u.count == 0 {
		delete(x, id)
	}
}

func (x idIndex) find(id string) (uint64, bool) {
	u := x[TrimID(id)]
	if u == nil || u.dropped {
		return 0, false
	}
	return u.first, true
}
