package load

import (
	"math"
	"net/url"
	"testing"

	"pgregory.net/rapid"
)

func TestStampIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := stamp{
			run: rapid.Uint32().Draw(t, "run"), topic: rapid.Uint32().Draw(t, "topic"), lane: rapid.Uint16().Draw(t, "lane"),
			seq: rapid.Uint32().Draw(t, "seq"), sent: rapid.Int64Range(0, math.MaxInt64).Draw(t, "sent"),
		}
		text := appendStamp(nil, want)
		if len(text) != stampSize || url.QueryEscape(string(text)) != string(text) {
			t.Fatalf("%q is no text of %d bytes that nobody escapes", text, stampSize)
		}
		if got, ok := parseStamp(append(text, "more"...)); !ok || got != want {
			t.Fatalf("%q is read as %+v, want %+v", text, got, want)
		}
	})
}

func TestWhatIsNoStamp(t *testing.T) {
	good := string(appendStamp(nil, stamp{seq: 1}))
	for _, text := range []string{"", "tb1.", good[:len(good)-1], good[:len(good)-1] + "x", "tb2" + good[3:]} {
		if s, ok := parseStamp([]byte(text)); ok {
			t.Errorf("%q is read as %+v", text, s)
		}
	}
}

func TestDataHasItsSize(t *testing.T) {
	for _, kind := range []string{PayloadText, PayloadRandom} {
		for _, size := range []int{minSize, 200, 100_000} {
			f := newFiller(kind, size)
			for _, seq := range []uint32{1, 2, 70_000, math.MaxUint32} {
				data := f.append(nil, stamp{seq: seq})
				if got, ok := parseStamp(data); len(data) != size || !ok || got.seq != seq {
					t.Errorf("%s of %d bytes: %d bytes, %+v", kind, size, len(data), got)
				}
			}
		}
	}
}
