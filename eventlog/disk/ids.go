package disk

import (
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// idEntry is what the index of publishers' ids says in one segment: where the id is used first in it, and where
// it was used first of all when that entry was made. If that place has been dropped since, nobody can tell
// which use a cursor means.
//
// A record that is removed while the rest of its segment stays (a value that was replaced, one that was purged)
// takes its entry along, unless the id was used again: then the entry stays, with first 0, to say the same.
type idEntry struct {
	offset, first uint64
	reused        bool // there was another use in the same segment
}

func (e idEntry) append(dst []byte) []byte {
	dst = binary.AppendUvarint(binary.AppendUvarint(dst, e.offset), e.first)
	if e.reused {
		return append(dst, 1)
	}
	return append(dst, 0)
}

func decodeIDEntry(b []byte) (idEntry, error) {
	d := decoder{rest: string(b)}
	e := idEntry{offset: d.uvarint(), first: d.uvarint(), reused: d.byte() == 1}
	if d.failed || d.rest != "" {
		return idEntry{}, errRecord
	}
	return e, nil
}

// idUse is an entry, and the segment that it is in.
type idUse struct {
	idEntry
	segment segmentID
}

// index enters an update's own id, unless it is in the same segment already.
func (b *batch) index(s *segment, r *eventlog.Record) error {
	id := hashOf(eventlog.TrimID(r.ID))
	e := idEntry{offset: r.Position.Offset, first: r.Position.Offset}
	earlier, found, err := b.anyUse(id)
	if err != nil {
		return err
	}
	if found {
		e.first = earlier.first
		here, found, err := b.entryOf(s, id)
		if err != nil {
			return err
		}
		if found {
			e = here
			e.reused = true
		}
	}
	return b.enter(s, id, e)
}

// enter makes e the entry of an id in a segment.
func (b *batch) enter(s *segment, id hash, e idEntry) error {
	b.noteUse(id, idUse{e, s.id})
	b.key = s.id.idKey(b.key[:0], id)
	b.value = e.append(b.value[:0])
	return b.pebble.Set(b.key, b.value, nil)
}

// noteUse remembers what the batch has made of an id's entry in a segment; offset 0 is none.
func (b *batch) noteUse(id hash, use idUse) {
	for i := range b.ids[id] {
		if b.ids[id][i].segment == use.segment {
			b.ids[id][i] = use
			return
		}
	}
	b.ids[id] = append(b.ids[id], use)
}

// anyUse returns an entry of an id: which one is no matter, as all say where it was used first.
func (b *batch) anyUse(id hash) (idUse, bool, error) {
	for _, use := range b.ids[id] {
		if use.offset != 0 {
			return use, true, nil
		}
	}
	return findID(b.db, b.state, id)
}

// findID returns the entry of an id's first use that the log still has.
func findID(db pebble.Reader, s *state, id hash) (idUse, bool, error) {
	var first idUse
	var key []byte
	for i := range s.classes {
		for j := range s.classes[i].segments {
			segment := s.classes[i].segments[j].id
			key = segment.idKey(key[:0], id)
			value, closer, err := db.Get(key)
			if errors.Is(err, pebble.ErrNotFound) {
				continue
			}
			if err != nil {
				return idUse{}, false, err
			}
			e, err := decodeIDEntry(value)
			closer.Close()
			if err != nil {
				return idUse{}, false, err
			}
			if first.offset == 0 || e.offset < first.offset {
				first = idUse{e, segment}
			}
			break // later segments have later uses
		}
	}
	return first, first.offset != 0, nil
}

// unindex takes the entry of an id away together with its record.
func (b *batch) unindex(s *segment, r *eventlog.Record) error {
	if r.ID == "" {
		return nil
	}
	id := hashOf(eventlog.TrimID(r.ID))
	e, found, err := b.entryOf(s, id)
	switch {
	case err != nil || !found:
		return err
	case e.reused:
		e.first = 0
		return b.enter(s, id, e)
	}
	b.noteUse(id, idUse{segment: s.id})
	return b.pebble.Delete(s.id.idKey(nil, id), nil)
}

func (b *batch) entryOf(s *segment, id hash) (idEntry, bool, error) {
	for _, use := range b.ids[id] {
		if use.segment == s.id {
			return use.idEntry, use.offset != 0, nil
		}
	}
	value, closer, err := b.db.Get(s.id.idKey(nil, id))
	if errors.Is(err, pebble.ErrNotFound) {
		return idEntry{}, false, nil
	}
	if err != nil {
		return idEntry{}, false, err
	}
	defer closer.Close()
	e, err := decodeIDEntry(value)
	return e, err == nil, err
}
