package sse_test

import (
	"io"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/sse"
)

func TestOptionsValidate(t *testing.T) {
	for _, tc := range []struct {
		name  string
		opts  sse.Options
		names []string // in the error; none: valid
	}{
		{"zero", sse.Options{}, nil},
		{"set", sse.Options{MaxLine: 1, MaxEvent: 1, LastEventID: "#a.1"}, nil},
		{"negative line", sse.Options{MaxLine: -1}, []string{"MaxLine"}},
		{"negative event", sse.Options{MaxEvent: -1}, []string{"MaxEvent"}},
		{"both negative", sse.Options{MaxLine: -1, MaxEvent: -2}, []string{"MaxLine", "MaxEvent"}},
		{"CR in the id", sse.Options{LastEventID: "a\r"}, []string{"LastEventID", "CR", "byte 1"}},
		{"LF in the id", sse.Options{LastEventID: "\n"}, []string{"LastEventID", "LF", "byte 0"}},
		{"NUL in the id", sse.Options{LastEventID: "ab\x00"}, []string{"LastEventID", "NUL", "byte 2"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := tc.opts.Validate()
			if (err != nil) != (tc.names != nil) {
				t.Fatalf("error %v", err)
			}
			for _, name := range tc.names {
				if !strings.Contains(err.Error(), name) {
					t.Errorf("error %q does not say %s", err, name)
				}
			}
			_, decodeErr := sse.NewDecoder(strings.NewReader(""), tc.opts).Decode()
			switch {
			case err == nil && decodeErr != io.EOF:
				t.Errorf("Decode: %v, want EOF", decodeErr)
			case err != nil && (decodeErr == nil || decodeErr.Error() != err.Error()):
				t.Errorf("Decode: %v, want %v", decodeErr, err)
			}
		})
	}
}
