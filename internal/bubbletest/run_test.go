package bubbletest

import (
	"flag"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestMain(m *testing.M) { leaktest.Main(m) }

// smallest is what the failure says that cannot be made smaller.
var smallest = regexp.MustCompile(`too much: 1000\b`)

// failed is a test that may fail.
type failed struct {
	*testing.T
	said []string
}

func (f *failed) Errorf(format string, args ...any) {
	f.said = append(f.said, fmt.Sprintf(format, args...))
}
func (f *failed) Fatalf(format string, args ...any) { f.Errorf(format, args...) }
func (f *failed) FailNow()                          {}
func (f *failed) Failed() bool                      { return len(f.said) > 0 }

// TestRunHandsFailuresOn: a failure in a bubble is the check's, which makes it as small as it goes.
func TestRunHandsFailuresOn(t *testing.T) {
	files := flag.Lookup("rapid.nofailfile").Value
	defer func(as string) { _ = files.Set(as) }(files.String())
	if err := files.Set("true"); err != nil { // these failures are meant
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		fail func(rt *rapid.T, n int)
	}{
		{"fatal", func(rt *rapid.T, n int) { rt.Fatalf("too much: %d", n) }},
		{"panic", func(_ *rapid.T, n int) { panic(fmt.Sprintf("too much: %d", n)) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			checked := &failed{T: t}
			rapid.Check(checked, func(rt *rapid.T) {
				Run(t, rt, func(*testing.T) {
					for _, n := range rapid.SliceOf(rapid.Int()).Draw(rt, "numbers") {
						if n >= 1000 {
							tt.fail(rt, n)
						}
					}
				})
			})
			if said := strings.Join(checked.said, "\n"); !smallest.MatchString(said) {
				t.Errorf("the check says %q, want that 1000 is too much", said)
			}
		})
	}
}

func TestRunIsInABubble(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		began := time.Now()
		Run(t, rt, func(*testing.T) {
			entered := time.Now()
			time.Sleep(time.Hour)
			synctest.Wait()
			if slept := time.Since(entered); slept != time.Hour {
				rt.Errorf("an hour in the bubble takes %v", slept)
			}
		})
		if took := time.Since(began); took >= time.Hour {
			rt.Fatalf("and %v outside", took)
		}
	})
}
