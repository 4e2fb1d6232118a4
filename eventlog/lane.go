package eventlog

import (
	"sort"
	"time"
)

// lane holds the records of a log in memory that are kept by the same rules, oldest first.
type lane struct {
	records []*Record
	bytes   int64
	lost    uint64 // the highest offset that was dropped
}

func (l *lane) add(r *Record) {
	l.records = append(l.records, r)
	l.bytes += cost(r)
}

// behind returns the place of the first record with an offset above after.
func (l *lane) behind(after uint64) int {
	return sort.Search(len(l.records), func(i int) bool { return l.records[i].Position.Offset > after })
}

// trim drops what keep does not keep, and calls dropped for each.
func (l *lane) trim(keep Retention, now time.Time, dropped func(*Record)) {
	drop := 0
	for ; drop < len(l.records); drop++ {
		r, left := l.records[drop], len(l.records)-drop
		tooOld := keep.MaxAge > 0 && now.Sub(r.Time) > keep.MaxAge
		tooMany := keep.MaxRecords > 0 && left > keep.MaxRecords
		tooMuch := keep.MaxBytes > 0 && l.bytes > keep.MaxBytes && left > 1
		if !tooOld && !tooMany && !tooMuch {
			break
		}
		l.bytes -= cost(r)
		l.lost = r.Position.Offset
		dropped(r)
	}
	clear(l.records[:drop])
	l.records = l.records[drop:]
}

// mergeForward copies into dst the records of both lanes with after < offset <= to, oldest first.
func mergeForward(dst []*Record, a, b *lane, after, to uint64) int {
	i, j, n := a.behind(after), b.behind(after), 0
	for ; n < len(dst); n++ {
		next := a
		at := &i
		if i == len(a.records) || j < len(b.records) && b.records[j].Position.Offset < a.records[i].Position.Offset {
			next, at = b, &j
		}
		if *at == len(next.records) || next.records[*at].Position.Offset > to {
			break
		}
		dst[n] = next.records[*at]
		*at++
	}
	return n
}

// mergeBackward copies into dst the last records of both lanes with offsets up to to, newest first.
func mergeBackward(dst []*Record, a, b *lane, to uint64) int {
	i, j, n := a.behind(to)-1, b.behind(to)-1, 0
	for ; n < len(dst) && (i >= 0 || j >= 0); n++ {
		if i < 0 || j >= 0 && b.records[j].Position.Offset > a.records[i].Position.Offset {
			dst[n] = b.records[j]
			j--
		} else {
			dst[n] = a.records[i]
			i--
		}
	}
	return n
}

func cost(r *Record) int64 {
	return int64(r.Size()) + recordOverhead + topicOverhead*int64(max(len(r.Topics)-1, 0))
}
