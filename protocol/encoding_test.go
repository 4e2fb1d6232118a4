package protocol_test

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/protocol"
)

func TestAcceptsGzip(t *testing.T) {
	tests := []struct {
		name  string
		lines []string
		want  bool
	}{
		{"nothing said", nil, false},
		{"nothing accepted", []string{""}, false},
		{"only separators", []string{" , ,\t,"}, false},
		{"gzip", []string{"gzip"}, true},
		{"its old name", []string{"x-gzip"}, true},
		{"either case", []string{"GZip"}, true},
		{"what browsers send", []string{"gzip, deflate, br, zstd"}, true},
		{"blanks and empty elements", []string{",\tdeflate ,, gzip\t,"}, true},
		{"several lines", []string{"br", "deflate, gzip"}, true},
		{"others only", []string{"br, deflate, zstd"}, false},
		{"names that begin or end so", []string{"gzip2, xgzip, x-gzip-1, pack200-gzip"}, false},
		{"letters that only look so in capitals", []string{"gz\u0131p, GZ\u0130P"}, false},
		{"no list", []string{"gzip deflate"}, false},

		{"least weight", []string{"gzip;q=0.001"}, true},
		{"weight of one", []string{"gzip;q=1, x-gzip;q=1.000"}, true},
		{"blanks around the semicolon", []string{"gzip \t; \tQ=0.5"}, true},
		{"refused", []string{"gzip;q=0"}, false},
		{"refused to three digits", []string{"gzip;q=0.000"}, false},
		{"refused with an empty fraction", []string{"gzip;q=0."}, false},
		{"an empty fraction", []string{"gzip;q=1."}, true},
		{"another coding refused", []string{"gzip, br;q=0"}, true},

		{"weight above one", []string{"gzip;q=1.001"}, false},
		{"weight of four digits", []string{"gzip;q=0.0001"}, false},
		{"negative weight", []string{"gzip;q=-1"}, false},
		{"no digit before the point", []string{"gzip;q=.5"}, false},
		{"two digits before the point", []string{"gzip;q=01"}, false},
		{"exponent", []string{"gzip;q=1e0"}, false},
		{"no weight behind the semicolon", []string{"gzip;"}, false},
		{"no value", []string{"gzip;q="}, false},
		{"blanks around the equals sign", []string{"gzip;q = 1"}, false},
		{"another parameter", []string{"gzip;level=1"}, false},
		{"a second parameter", []string{"gzip;q=1;q=1"}, false},
		{"quoted weight", []string{`gzip;q="1"`}, false},
		{"an unreadable weight of another coding", []string{"gzip, br;q=x"}, true},
		{"an unreadable weight of identity", []string{"gzip, identity;q=x"}, false},
		{"an unreadable weight of the rest", []string{"gzip, *;q=x"}, false},

		{"anything", []string{"*"}, true},
		{"anything, least weight", []string{"*;q=0.001"}, true},
		{"nothing at all", []string{"*;q=0"}, false},
		{"anything but gzip", []string{"gzip;q=0, *"}, false},
		{"anything but gzip, the other way round", []string{"*, gzip;q=0"}, false},
		{"nothing but gzip", []string{"*;q=0, gzip"}, true},

		{"as much as identity", []string{"identity;q=0.5, gzip;q=0.5"}, true},
		{"less than identity", []string{"identity;q=0.501, gzip;q=0.5"}, false},
		{"more than identity", []string{"identity;q=0.5, gzip;q=0.51"}, true},
		{"not identity", []string{"identity;q=0, gzip;q=0.1"}, true},
		{"only identity", []string{"identity"}, false},
		{"neither", []string{"identity;q=0, gzip;q=0"}, false},
		{"less than anything, thus than identity", []string{"gzip;q=0.5, *"}, false},
		{"less than anything but identity", []string{"gzip;q=0.5, *, identity;q=0.1"}, true},
		{"identity preferred to anything", []string{"identity, *;q=0.5"}, false},
		{"anything preferred to identity", []string{"identity;q=0.4, *;q=0.5"}, true},

		{"accepted and refused", []string{"gzip", "gzip;q=0"}, false},
		{"refused by its old name", []string{"x-gzip;q=0, gzip"}, false},
		{"identity twice", []string{"identity;q=1, gzip;q=0.5, identity;q=0"}, false},
		{"anything twice", []string{"*;q=0, *"}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := protocol.AcceptsGzip(http.Header{"Accept-Encoding": tt.lines}); got != tt.want {
				t.Errorf("Accept-Encoding %q: %t, want %t", tt.lines, got, tt.want)
			}
		})
	}
}

// named is an element of the list that is about a plain or a gzip stream, weighted one that is as the grammar of
// RFC 9110 has it.
var (
	named    = regexp.MustCompile(`(?is)^[ \t]*(x-gzip|gzip|identity|\*)[ \t]*(?:;.*)?$`)
	weighted = regexp.MustCompile(`(?i)^[^;]*(?:;[ \t]*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?$`)
)

// accepts is acceptsGzip without haste: it collects the weights of each coding, and judges them at the end.
func accepts(lines []string) bool {
	weights := map[string][]float64{}
	for _, element := range strings.Split(strings.Join(lines, ","), ",") {
		name := named.FindStringSubmatch(element)
		if name == nil {
			continue
		}
		match := weighted.FindStringSubmatch(element)
		if match == nil {
			return false
		}
		weight, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			weight = 1 // none is given
		}
		coding := strings.TrimPrefix(strings.ToLower(name[1]), "x-")
		weights[coding] = append(weights[coding], weight)
	}
	for _, coding := range []string{"gzip", "identity"} {
		if weights[coding] == nil && weights["*"] != nil {
			weights[coding] = []float64{slices.Min(weights["*"])}
		}
	}
	gzip := weights["gzip"]
	if gzip == nil || slices.Min(gzip) == 0 {
		return false
	}
	identity := weights["identity"]
	return identity == nil || slices.Min(gzip) >= slices.Max(identity)
}

// FuzzAcceptsGzip: whatever the field says, it is understood as the plain reading has it, on one line or on
// several, and never depends on the case of a letter.
func FuzzAcceptsGzip(f *testing.F) {
	f.Add("gzip, deflate, br, zstd")
	f.Add("*;q=0.5\nidentity;q=0.501, x-gzip ; Q=1.000")
	f.Add("gzip;q=0,,*;q=0.,identity;q=1.001")
	f.Add("GZIP;q=0.0001\n\tidentity;q=\" 1\", *;level=1")
	capitals := strings.NewReplacer("g", "G", "z", "Z", "i", "I", "p", "P", "d", "D", "q", "Q")
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		want := accepts(lines)
		for name, lines := range map[string][]string{
			"as it is": lines, "on one line": {strings.Join(lines, ",")}, "an element a line": strings.Split(strings.Join(lines, ","), ","),
			"in capitals": strings.Split(capitals.Replace(text), "\n"),
		} {
			if got := protocol.AcceptsGzip(http.Header{"Accept-Encoding": lines}); got != want {
				t.Errorf("%s, %q: %t, want %t", name, lines, got, want)
			}
		}
	})
}
