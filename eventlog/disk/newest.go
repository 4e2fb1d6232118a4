package disk

import (
	"encoding/binary"
	"errors"
	"slices"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// kindNewest begins the keys that say where the newest value of a topic lies, if its rule keeps only that.
const kindNewest = 'n'

// place says where the newest value of a topic lies; the zero place is nowhere. A value that is also about a topic
// of another such rule lies in the class of one of the two.
type place struct {
	offset uint64
	class  uint8
}

// elsewhere stands for the class of a value that another kind of rule keeps. It is no class's number.
const elsewhere = maxClasses + 1

func (p place) append(dst []byte) []byte {
	return append(binary.AppendUvarint(dst, p.offset), p.class)
}

func decodePlace(b []byte) (place, error) {
	d := decoder{rest: string(b)}
	p := place{offset: d.uvarint(), class: d.byte()}
	if d.failed || d.rest != "" {
		return place{}, errRecord
	}
	return p, nil
}

// newestKey is where the newest value of a topic is noted. Such a class has one segment.
func newestKey(dst []byte, class uint8, topic hash) []byte {
	dst = append(segmentID{class: class}.prefix(dst), kindNewest)
	return append(dst, topic[:]...)
}

// replace makes r, which was added to class i, the newest value of those of its topics of which only that is kept,
// and removes the records that are no topic's newest value any more.
//
// An update that also has a topic of another kind of rule is kept as that one says, and no longer. What it replaces
// goes all the same.
func (b *batch) replace(i int, r *eventlog.Record) error {
	here := place{r.Position.Offset, elsewhere}
	if c := &b.state.classes[i]; c.newestOnly() {
		here.class = c.id
		b.added[here.offset] = r
	}
	var olds []place
	for _, t := range r.Topics {
		c := &b.state.classes[b.state.ruleOf(t)]
		if !c.newestOnly() {
			continue
		}
		old, err := b.newestOf(c.id, t)
		if err != nil {
			return err
		}
		if old.offset != 0 && old != here && !slices.Contains(olds, old) {
			olds = append(olds, old)
		}
		if err := b.note(c.id, t, here); err != nil {
			return err
		}
	}
	for _, old := range olds {
		if err := b.removeReplaced(old); err != nil {
			return err
		}
	}
	return nil
}

// note says where the newest value of a topic lies from now on.
func (b *batch) note(class uint8, topic string, p place) error {
	b.newest[hashOf(topic)] = p
	return b.pebble.Set(newestKey(nil, class, hashOf(topic)), p.append(nil), nil)
}

// newestOf returns where the newest value of a topic lies.
func (b *batch) newestOf(class uint8, topic string) (place, error) {
	if p, ok := b.newest[hashOf(topic)]; ok {
		return p, nil
	}
	return getPlace(b.db, newestKey(nil, class, hashOf(topic)))
}

func getPlace(db pebble.Reader, key []byte) (place, error) {
	value, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return place{}, nil
	}
	if err != nil {
		return place{}, err
	}
	defer closer.Close()
	return decodePlace(value)
}

// removeReplaced removes a value, unless it is the newest of another of its topics, or may be: what was noted of that
// one under a rule that was gone for a while is not known any more.
func (b *batch) removeReplaced(p place) error {
	i := slices.IndexFunc(b.state.classes, func(c class) bool { return c.id == p.class })
	if i < 0 || len(b.state.classes[i].segments) == 0 {
		return nil // dropped together with its rule, or not for us to remove
	}
	c := b.class(i)
	r := b.added[p.offset]
	if r == nil {
		var err error
		r, err = getRecord(b.db, b.state.lineage, c.segments[0].id, p.offset)
		if errors.Is(err, pebble.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	for _, t := range r.Topics {
		rule := &b.state.classes[b.state.ruleOf(t)]
		if !rule.newestOnly() {
			return nil // the rules have changed: nobody knows whether this topic has a newer value
		}
		if newest, err := b.newestOf(rule.id, t); err != nil || newest.offset <= p.offset {
			return err
		}
	}
	for _, t := range r.Topics {
		if b.state.classes[b.state.ruleOf(t)].id == c.id {
			continue // it has a newer value there
		}
		if err := b.unnote(c.id, t, p.offset); err != nil {
			return err
		}
	}
	c.replaced = max(c.replaced, p.offset)
	b.rules[i] = true
	return b.remove(&c.segments[0], r)
}

// unnote forgets that the newest value of a topic lies at offset, if that is what was noted in a class before the batch.
func (b *batch) unnote(class uint8, topic string, offset uint64) error {
	key := newestKey(nil, class, hashOf(topic))
	if p, err := getPlace(b.db, key); err != nil || p.offset != offset {
		return err
	}
	return b.pebble.Delete(key, nil)
}

// remove takes a record and its index entries out of a segment.
func (b *batch) remove(s *segment, r *eventlog.Record) error {
	offset := r.Position.Offset
	keys := [][]byte{s.id.recordKey(nil, offset)}
	for _, t := range r.Topics {
		keys = append(keys, s.id.topicKey(nil, hashOf(t), offset))
	}
	for _, key := range keys {
		if err := b.pebble.Delete(key, nil); err != nil {
			return err
		}
	}
	s.records--
	s.bytes -= int64(r.Size()) + recordOverhead
	return b.unindex(s, r)
}
