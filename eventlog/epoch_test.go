package eventlog_test

import (
	"math"
	"regexp"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

func TestNewEpoch(t *testing.T) {
	form := regexp.MustCompile(`^[a-z2-9]{10}$`)
	seen := map[eventlog.Epoch]bool{}
	for range 1000 {
		e := eventlog.NewEpoch()
		if !form.MatchString(string(e)) {
			t.Fatalf("epoch %q has another form than %v", e, form)
		}
		if seen[e] {
			t.Fatalf("epoch %q came twice", e)
		}
		seen[e] = true
	}
}

func TestParsePosition(t *testing.T) {
	tests := []struct {
		name string
		in   string
		want eventlog.Position
		ok   bool
	}{
		{"position", "#abc.42", eventlog.Position{Epoch: "abc", Offset: 42}, true},
		{"before the first update", "#abc.0", eventlog.Position{Epoch: "abc"}, true},
		{"highest offset", "#a.18446744073709551615", eventlog.Position{Epoch: "a", Offset: math.MaxUint64}, true},
		{"empty", "", eventlog.Position{}, false},
		{"only the mark", "#", eventlog.Position{}, false},
		{"no mark", "abc.42", eventlog.Position{}, false},
		{"no epoch", "#.42", eventlog.Position{}, false},
		{"no dot", "#abc", eventlog.Position{}, false},
		{"no offset", "#abc.", eventlog.Position{}, false},
		{"leading zero", "#abc.042", eventlog.Position{}, false},
		{"two zeros", "#abc.00", eventlog.Position{}, false},
		{"sign", "#abc.+42", eventlog.Position{}, false},
		{"negative", "#abc.-1", eventlog.Position{}, false},
		{"hexadecimal", "#abc.0x2a", eventlog.Position{}, false},
		{"underscore", "#abc.4_2", eventlog.Position{}, false},
		{"blank", "#abc. 42", eventlog.Position{}, false},
		{"trailing blank", "#abc.42 ", eventlog.Position{}, false},
		{"two dots", "#abc.4.2", eventlog.Position{}, false},
		{"one above the highest", "#a.18446744073709551616", eventlog.Position{}, false},
		{"very long", "#a.99999999999999999999999999999", eventlog.Position{}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, ok := eventlog.ParsePosition(tt.in)
			if got != tt.want || ok != tt.ok {
				t.Errorf("ParsePosition(%q) = %+v, %v; want %+v, %v", tt.in, got, ok, tt.want, tt.ok)
			}
		})
	}
}

// FuzzParsePosition shows that parsing and printing are each other's inverse: two texts never name one position.
func FuzzParsePosition(f *testing.F) {
	for _, seed := range []string{"#abc.42", "#abc.0", "#abc.042", "#a.b.1", "#.1", "##a.1", "#a.18446744073709551615", "earliest", " #a.1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := eventlog.ParsePosition(s)
		if !ok {
			if p != (eventlog.Position{}) {
				t.Errorf("ParsePosition(%q) = %+v, false", s, p)
			}
			return
		}
		if p.String() != s {
			t.Errorf("ParsePosition(%q) prints as %q", s, p)
		}
	})
}

func TestPositionAppend(t *testing.T) {
	p := eventlog.Position{Epoch: "abc", Offset: 42}
	if got := string(p.Append([]byte("id: "))); got != "id: #abc.42" {
		t.Errorf("Append = %q", got)
	}
	buf := make([]byte, 0, 64)
	if n := testing.AllocsPerRun(100, func() { buf = p.Append(buf[:0]) }); n > 0 {
		t.Errorf("Append to a slice with room allocates %v times", n)
	}
}
