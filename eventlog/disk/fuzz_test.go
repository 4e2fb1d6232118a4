package disk

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
)

// What is decoded can be encoded again, and then decodes to the same. Nothing makes a decoder panic.

func FuzzRecord(f *testing.F) {
	u := eventlog.Update{Topics: []string{"a", "b"}, Private: true, ID: "x", Type: "t", Data: "data", Retry: -time.Second}
	for _, presence := range []bool{false, true} {
		f.Add(appendRecord(nil, &eventlog.Record{Update: u, Time: time.Unix(1, 2), Presence: presence}))
	}
	f.Add([]byte{})
	f.Add([]byte("\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeRecord(b, eventlog.Position{Epoch: "e", Offset: 1})
		if err != nil {
			return
		}
		again, err := decodeRecord(appendRecord(nil, r), r.Position)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
	})
}

func FuzzSegment(f *testing.F) {
	id := segmentID{1, 2}
	s := segment{id: id, first: 3, last: 9, begun: 1, newest: 2, bytes: 100, records: 4}
	f.Add(s.append(nil))
	f.Add([]byte{1, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeSegment(id, b)
		if err != nil {
			return
		}
		if again, err := decodeSegment(id, s.append(nil)); err != nil || again != s {
			t.Errorf("%+v, then %+v, %v", s, again, err)
		}
	})
}

func FuzzIDEntry(f *testing.F) {
	f.Add(idEntry{offset: 7, first: 3, reused: true}.append(nil))
	f.Add([]byte{0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := decodeIDEntry(b)
		if err != nil {
			return
		}
		if again, err := decodeIDEntry(e.append(nil)); err != nil || again != e {
			t.Errorf("%+v, then %+v, %v", e, again, err)
		}
	})
}

func FuzzPlace(f *testing.F) {
	f.Add(place{offset: 7, class: 3}.append(nil))
	f.Add([]byte{0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := decodePlace(b)
		if err != nil {
			return
		}
		if again, err := decodePlace(p.append(nil)); err != nil || again != p {
			t.Errorf("%+v, then %+v, %v", p, again, err)
		}
	})
}

func FuzzKeyUse(f *testing.F) {
	lineage := eventlog.Lineage{{Epoch: "e", First: 1}}
	r := &eventlog.Record{Update: eventlog.Update{ID: "id"}, Position: lineage.At(7), Time: time.Unix(5, 6)}
	f.Add(keyUse{record: r}.append(nil))
	f.Add(bytes.Repeat([]byte{0xff}, 40))
	f.Fuzz(func(t *testing.T, b []byte) {
		u, err := decodeKeyUse(b, lineage)
		if err != nil {
			return
		}
		again, err := decodeKeyUse(u.append(nil), lineage)
		if err != nil || again.digest != u.digest || !cmp.Equal(again.record, u.record) {
			t.Errorf("%+v, then %+v, %v", u, again, err)
		}
	})
}
