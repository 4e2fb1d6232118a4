package eventlog

import "time"

// keyIndex remembers idempotency keys in a log that lives in memory.
type keyIndex struct {
	uses  map[string]keyUse
	order []string // oldest first
}

type keyUse struct {
	digest Digest
	record *Record
}

// find returns what became of an entry whose key was used before.
func (x *keyIndex) find(e *Entry) (Appended, bool) {
	if e.Key == "" {
		return Appended{}, false
	}
	use, found := x.uses[e.Key]
	if !found {
		return Appended{}, false
	}
	if use.digest != e.Digest() {
		return Appended{Conflict: true}, true
	}
	return Appended{Record: use.record, Repeated: true}, true
}

func (x *keyIndex) add(e *Entry, r *Record) {
	if e.Key == "" {
		return
	}
	if x.uses == nil {
		x.uses = map[string]keyUse{}
	}
	// Not the record itself: what retention drops must not live on here.
	stub := &Record{Update: Update{ID: r.ID}, Position: r.Position, Time: r.Time}
	x.uses[e.Key] = keyUse{digest: e.Digest(), record: stub}
	x.order = append(x.order, e.Key)
}

// trim forgets the keys of records that are older than window, or before floor.
func (x *keyIndex) trim(now time.Time, window time.Duration, floor uint64) {
	for len(x.order) > 0 {
		r := x.uses[x.order[0]].record
		if r.Position.Offset >= floor && now.Sub(r.Time) <= window {
			return
		}
		delete(x.uses, x.order[0])
		x.order[0] = ""
		x.order = x.order[1:]
	}
}
