package disk

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

// errRecord says that the bytes of a record make no sense.
var errRecord = errors.New("damaged record")

// What a record's flags say.
const (
	flagPrivate  = 1
	flagPresence = 2
)

// appendRecord encodes what is stored of an update: flags, time, retry, id, type, data, topics, each text behind
// its length.
func appendRecord(dst []byte, r *eventlog.Record) []byte {
	flags := byte(0)
	if r.Private {
		flags |= flagPrivate
	}
	if r.Presence {
		flags |= flagPresence
	}
	dst = append(dst, flags)
	dst = binary.AppendVarint(dst, r.Time.UnixNano())
	dst = binary.AppendVarint(dst, int64(r.Retry))
	dst = appendText(dst, r.ID)
	dst = appendText(dst, r.Type)
	dst = appendText(dst, r.Data)
	dst = binary.AppendUvarint(dst, uint64(len(r.Topics)))
	for _, t := range r.Topics {
		dst = appendText(dst, t)
	}
	return dst
}

func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// decodeRecord is the inverse of appendRecord. It copies b once: the record's texts share that copy.
func decodeRecord(b []byte, p eventlog.Position) (*eventlog.Record, error) {
	d := decoder{rest: string(b)}
	r := &eventlog.Record{Position: p}
	flags := d.byte()
	r.Private, r.Presence = flags&flagPrivate != 0, flags&flagPresence != 0
	r.Time = time.Unix(0, d.varint())
	r.Retry = time.Duration(d.varint())
	r.ID, r.Type, r.Data = d.text(), d.text(), d.text()
	n := d.uvarint()
	if n == 0 || n > uint64(len(d.rest)) {
		return nil, errRecord
	}
	r.Topics = make([]string, n)
	for i := range r.Topics {
		r.Topics[i] = d.text()
	}
	if d.failed || d.rest != "" || flags&^(flagPrivate|flagPresence) != 0 {
		return nil, errRecord
	}
	return r, nil
}

// decoder reads what appendRecord and the summaries of segments consist of. After a failure it returns zeros.
type decoder struct {
	rest   string
	failed bool
}

func (d *decoder) byte() byte {
	if d.rest == "" {
		d.failed = true
		return 0
	}
	b := d.rest[0]
	d.rest = d.rest[1:]
	return b
}

func (d *decoder) uvarint() uint64 {
	var v uint64
	for shift := 0; ; shift += 7 {
		b := d.byte()
		if d.failed || shift > 63 || (shift == 63 && b > 1) {
			d.failed = true
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

func (d *decoder) varint() int64 {
	v := d.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (d *decoder) text() string {
	n := d.uvarint()
	if n > uint64(len(d.rest)) {
		d.failed = true
		return ""
	}
	s := d.rest[:n]
	d.rest = d.rest[n:]
	return s
}
