package disk

import (
	"encoding/binary"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// segment is the summary of a stretch of a class. It is written in the batch of every change.
type segment struct {
	id          segmentID
	first, last uint64 // offsets
	begun       int64  // time of the first record, Unix nanoseconds
	newest      int64  // time of the last record
	bytes       int64
	records     int64
}

// segmentsPerClass is how finely a class is cut: what retention drops at once is about this part of what it
// keeps. With rules for age, bytes and count together a class has at most three times as many.
const segmentsPerClass = 16

// recordOverhead is what a record counts for beside its texts: keys and index entries.
const recordOverhead = 128

func (s *segment) append(dst []byte) []byte {
	for _, v := range []uint64{s.first, s.last, uint64(s.begun), uint64(s.newest), uint64(s.bytes), uint64(s.records)} {
		dst = binary.AppendUvarint(dst, v)
	}
	return dst
}

func decodeSegment(id segmentID, b []byte) (segment, error) {
	d := decoder{rest: string(b)}
	s := segment{
		id: id, first: d.uvarint(), last: d.uvarint(), begun: int64(d.uvarint()), newest: int64(d.uvarint()),
		bytes: int64(d.uvarint()), records: int64(d.uvarint()),
	}
	if d.failed || d.rest != "" || s.first == 0 || s.last < s.first {
		return segment{}, errRecord
	}
	return s, nil
}

// add counts a record.
func (s *segment) add(offset uint64, at time.Time, size int) {
	if s.records == 0 {
		s.first, s.begun = offset, at.UnixNano()
	}
	s.last, s.newest = offset, at.UnixNano()
	s.bytes += int64(size) + recordOverhead
	s.records++
}

// full reports whether the next record should begin another segment, for a class that keeps what keep says. The clock
// may have been set back far behind the first record.
func (s *segment) full(keep eventlog.Retention, now time.Time) bool {
	return s.records > 0 &&
		(keep.MaxBytes > 0 && s.bytes >= max(keep.MaxBytes/segmentsPerClass, 1) ||
			keep.MaxRecords > 0 && s.records >= int64(max(keep.MaxRecords/segmentsPerClass, 1)) ||
			keep.MaxAge > 0 && now.Sub(time.Unix(0, s.begun)).Abs() >= keep.MaxAge/segmentsPerClass)
}

// class is the part of the log that one rule keeps. It is immutable: changes make a copy.
type class struct {
	id       uint8
	rank     int   // the rule's place among the rules
	rule     *Rule // nil: a rule that the log once had, kept like Options.Retention
	topics   []string
	newest   bool
	keep     eventlog.Retention
	mark     uint64 // the highest offset that was dropped
	replaced uint64 // the highest offset that a newer value replaced, in a class of newest values
	foreign  uint64 // the highest offset that may hold an update with a topic of another rule
	presence bool   // it is that of presence updates, whatever their topics are; there are none elsewhere
	reach    eventlog.PresenceReach
	segments []segment
}

func (c *class) newestOnly() bool { return c.newest }

// expired returns how many of the oldest segments hold nothing that the rule keeps.
func (c *class) expired(now time.Time) int {
	if c.newestOnly() {
		return 0
	}
	var bytes, records int64
	for i := range c.segments {
		bytes += c.segments[i].bytes
		records += c.segments[i].records
	}
	for i := range c.segments {
		s := &c.segments[i]
		bytes -= s.bytes
		records -= s.records
		tooOld := c.keep.MaxAge > 0 && now.Sub(c.ended(i, now)) > c.keep.MaxAge
		tooMuch := c.keep.MaxBytes > 0 && bytes >= c.keep.MaxBytes
		tooMany := c.keep.MaxRecords > 0 && records >= int64(c.keep.MaxRecords)
		if !tooOld && !tooMuch && !tooMany {
			return i
		}
	}
	return len(c.segments)
}

// ended returns when the last record of a segment was appended. If that is still to come, because the clock was ahead
// then and has been set back, it was before the first segment behind it of which that is not so.
func (c *class) ended(i int, now time.Time) time.Time {
	ended := time.Unix(0, c.segments[i].newest)
	for ; ended.After(now) && i+1 < len(c.segments); i++ {
		ended = time.Unix(0, c.segments[i+1].begun)
	}
	return ended
}

// state is what the log looks like to readers. It is immutable; the writer publishes a new one.
type state struct {
	head    uint64
	lineage eventlog.Lineage
	classes []class
	rules   []topic.Matchers // of the classes 1 and following: which topics they are for

	presence int // the class of presence updates
}

// change returns a copy of s with a class that the caller may change.
func (s *state) change(i int) (*state, *class) {
	next := *s
	next.classes = append([]class(nil), s.classes...)
	c := &next.classes[i]
	c.segments = append([]segment(nil), c.segments...)
	return &next, c
}
