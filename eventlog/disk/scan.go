package disk

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/cockroachdb/pebble/v2"
)

// scan walks over the offsets of one index, or of the records themselves, in one class, over all its segments.
type scan struct {
	class    *class
	topic    string // of an index of topics
	suffix   []byte // what stands between a segment's prefix and the offset
	iter     *pebble.Iterator
	at       int    // place in class.segments
	offset   uint64 // 0: there is no further one
	backward bool
	key      []byte
	err      error
}

// newScan returns a scan that stands before its first offset.
func newScan(v *view, c *class, topic string, suffix []byte) (*scan, error) {
	iter, err := v.iter(c)
	if err != nil {
		return nil, err
	}
	return &scan{class: c, topic: topic, suffix: suffix, iter: iter}, nil
}

var recordSuffix = []byte{kindRecord}

func topicSuffix(t string) []byte {
	h := hashOf(t)
	return append([]byte{kindTopic}, h[:]...)
}

// seekAfter moves to the first offset behind after.
func (s *scan) seekAfter(after uint64) {
	s.backward = false
	for s.at = 0; s.at < len(s.class.segments); s.at++ {
		if s.class.segments[s.at].last > after && s.land(s.iter.SeekGE(s.start(after+1))) {
			return
		}
		if s.err != nil {
			return
		}
	}
	s.offset = 0
}

// seekTo moves to the last offset up to to, for a walk backward.
func (s *scan) seekTo(to uint64) {
	s.backward = true
	for s.at = len(s.class.segments) - 1; s.at >= 0; s.at-- {
		if s.class.segments[s.at].first <= to && s.land(s.iter.SeekLT(s.start(to+1))) {
			return
		}
		if s.err != nil {
			return
		}
	}
	s.offset = 0
}

// next moves on in the direction of the last seek.
func (s *scan) next() {
	valid := false
	if s.backward {
		valid = s.iter.Prev()
	} else {
		valid = s.iter.Next()
	}
	if !s.land(valid) && s.err == nil {
		s.step()
		s.leap()
	}
}

// leap goes to the next segment that has something.
func (s *scan) leap() {
	for ; s.at >= 0 && s.at < len(s.class.segments); s.step() {
		found := false
		if s.backward {
			found = s.land(s.iter.SeekLT(s.start(^uint64(0))))
		} else {
			found = s.land(s.iter.SeekGE(s.start(0)))
		}
		if found || s.err != nil {
			return
		}
	}
	s.offset = 0
}

func (s *scan) step() {
	if s.backward {
		s.at--
	} else {
		s.at++
	}
}

// start returns the key of an offset in the present segment.
func (s *scan) start(offset uint64) []byte {
	s.key = s.class.segments[s.at].id.prefix(s.key[:0])
	s.key = append(s.key, s.suffix...)
	s.key = binary.BigEndian.AppendUint64(s.key, offset)
	return s.key
}

// land looks where the iterator stands, and reports whether that is in the present segment's index.
func (s *scan) land(valid bool) bool {
	if !valid {
		s.err = errors.Join(s.err, s.iter.Error())
		return false
	}
	key := s.iter.Key()
	s.key = s.class.segments[s.at].id.prefix(s.key[:0])
	s.key = append(s.key, s.suffix...)
	if len(key) != len(s.key)+8 || !bytes.HasPrefix(key, s.key) {
		return false
	}
	s.offset = keyOffset(key)
	return true
}

// stop makes the present offset the last one.
func (s *scan) stop() { s.offset = 0 }

// segment returns where the present offset lies.
func (s *scan) segment() segmentID { return s.class.segments[s.at].id }

func (s *scan) close() { s.err = errors.Join(s.err, s.iter.Close()) }

// merge walks over several scans as over one, in the order of offsets.
type merge struct{ scans []*scan }

func (m *merge) close() error {
	var err error
	for _, s := range m.scans {
		s.close()
		err = errors.Join(err, s.err)
	}
	m.scans = nil
	return err
}

func (m *merge) err() error {
	var err error
	for _, s := range m.scans {
		err = errors.Join(err, s.err)
	}
	return err
}

// lowest returns the scan with the lowest offset, nil at the end.
func (m *merge) lowest() *scan {
	var low *scan
	for _, s := range m.scans {
		if s.offset != 0 && (low == nil || s.offset < low.offset) {
			low = s
		}
	}
	return low
}

// highest returns the scan with the highest offset, nil at the end.
func (m *merge) highest() *scan {
	var high *scan
	for _, s := range m.scans {
		if s.offset != 0 && (high == nil || s.offset > high.offset) {
			high = s
		}
	}
	return high
}

// pass moves every scan that stands at offset on: several topics may lead to one record.
func (m *merge) pass(offset uint64) {
	for _, s := range m.scans {
		if s.offset == offset {
			s.next()
		}
	}
}

// add joins a scan to the walk.
func (m *merge) add(v *view, c *class, topic string, suffix []byte) error {
	s, err := newScan(v, c, topic, suffix)
	if err != nil {
		_ = m.close()
		return err
	}
	m.scans = append(m.scans, s)
	return nil
}
