package protocol_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/protocol"
)

type pair struct{ Name, Value string }

func pairs(text string) []pair {
	var all []pair
	for name, value := range protocol.FormPairs(text) {
		all = append(all, pair{name, value})
	}
	return all
}

func TestFormPairs(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []pair
	}{
		{"empty", "", nil},
		{"only separators", "&&&", nil},
		{"one", "a=b", []pair{{"a", "b"}}},
		{"order and repetition are kept", "b=1&a=2&b=3", []pair{{"b", "1"}, {"a", "2"}, {"b", "3"}}},
		{"no value", "a&b=", []pair{{"a", ""}, {"b", ""}}},
		{"no name", "=a", []pair{{"", "a"}}},
		{"first equals sign", "a=b=c", []pair{{"a", "b=c"}}},
		{"semicolon is data", "a=1;b=2", []pair{{"a", "1;b=2"}}},
		{"plus is a space", "a+b=c+d", []pair{{"a b", "c d"}}},
		{"escaped plus", "a=%2b", []pair{{"a", "+"}}},
		{"escaped separators", "a%3Db=c%26d", []pair{{"a=b", "c&d"}}},
		{"both cases of digits", "a=%c3%A9", []pair{{"a", "é"}}},
		{"percent signs that begin no escape", "a=%&b=%4&c=%zz%4g&d=%%41", []pair{{"a", "%"}, {"b", "%4"}, {"c", "%zz%4g"}, {"d", "%A"}}},
		{"no escape is decoded twice", "a=%2541", []pair{{"a", "%41"}}},
		{"raw UTF-8", "é=☃", []pair{{"é", "☃"}}},
		{"not UTF-8", "a=%ff\xfe", []pair{{"a", "\xff\xfe"}}},
		{"controls", "a=%00\r\n", []pair{{"a", "\x00\r\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, pairs(tt.text)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestFormPairsStopEarly(t *testing.T) {
	for name := range protocol.FormPairs("a&b") {
		if name != "a" {
			t.Errorf("went on to %q", name)
		}
		break
	}
}

// FuzzFormPairs: every text can be read, encoding what was read gives the same again, and where net/url has no
// opinion of its own it reads the same.
func FuzzFormPairs(f *testing.F) {
	for _, s := range []string{"", "a=b&c=%41+%zz;d", "topic=%C3%A9&data=1%0A2&=&", "%=%%&+=+"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got := pairs(text)
		var encoded []string
		for _, p := range got {
			encoded = append(encoded, url.QueryEscape(p.Name)+"="+url.QueryEscape(p.Value))
		}
		if diff := cmp.Diff(got, pairs(strings.Join(encoded, "&"))); diff != "" {
			t.Errorf("encoded again (-want +got):\n%s", diff)
		}
		theirs, err := url.ParseQuery(text)
		if err != nil {
			return // a semicolon, or an escape that is none
		}
		ours := url.Values{}
		for _, p := range got {
			ours.Add(p.Name, p.Value)
		}
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("net/url (-) and we (+) differ:\n%s", diff)
		}
	})
}
