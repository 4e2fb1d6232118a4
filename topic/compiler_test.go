package topic_test

import (
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

func TestCompilerShares(t *testing.T) {
	c := compiler(t, hubURL)
	for _, kind := range []topic.Kind{topic.KindPattern, topic.KindTemplate} {
		t.Run(kind.String(), func(t *testing.T) {
			made := make([]topic.Matcher, 8)
			var wg sync.WaitGroup
			for i := range made {
				wg.Go(func() {
					var err error
					if made[i], err = c.Compile(kind, strings.Clone("/a/{b}{c}?")); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for _, m := range made {
				if m != made[0] || m.Kind() != kind {
					t.Errorf("%v and %v differ", m, made[0])
				}
			}
		})
	}
	p, err := c.Pattern("/a/:b")
	if err != nil {
		t.Fatal(err)
	}
	if q, err := c.Pattern("/a/:c"); err != nil || p == q {
		t.Errorf("%v, %v equals another", q, err)
	}
	if q, err := compiler(t, "https://other.example/").Pattern("/a/:b"); err != nil || p == q {
		t.Errorf("%v, %v of another base is equal", q, err)
	}
}

// TestCompilerForgets: what nobody uses any more costs nothing.
func TestCompilerForgets(t *testing.T) {
	c := compiler(t, hubURL)
	kept, err := c.Pattern("/kept/:id")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1000 {
		if _, err := c.Pattern("/:id/" + strconv.Itoa(i)); err != nil {
			t.Fatal(err)
		}
	}
	deadline := time.Now().Add(30 * time.Second)
	for topic.Programs(c) > 1 {
		if time.Now().After(deadline) {
			t.Fatalf("%d programs are remembered, want 1", topic.Programs(c))
		}
		runtime.GC()
		runtime.Gosched()
	}
	if again, err := c.Pattern("/kept/:id"); err != nil || again != kept {
		t.Errorf("%v, %v is not the one in use", again, err)
	}
	runtime.KeepAlive(kept)
}

func TestCompilerParse(t *testing.T) {
	c := compiler(t, hubURL)
	for _, text := range []string{"exact:a:b", "exact:", "any:*", "urlpattern:/a/:b", "template:/a/{b}"} {
		t.Run(text, func(t *testing.T) {
			m, err := c.Parse(text)
			if err != nil {
				t.Fatal(err)
			}
			if m.String() != text {
				t.Errorf("Parse(%q) is %q", text, m)
			}
		})
	}
	for _, text := range []string{"", "a", "regexp:a", "any:b", "unknown:a", "urlpattern:/{", "EXACT:a"} {
		t.Run("not "+text, func(t *testing.T) {
			if m, err := c.Parse(text); err == nil {
				t.Errorf("Parse(%q) = %v", text, m)
			}
		})
	}
}

func TestCompilerNeedsAHierarchicalBase(t *testing.T) {
	for _, base := range []string{"mailto:a@example.com", "/relative", "https://[1"} {
		if c, err := topic.NewCompiler(&url.URL{Opaque: base}); err == nil {
			t.Errorf("NewCompiler(%q) = %v", base, c)
		}
	}
}

func TestWildcardOfEveryKind(t *testing.T) {
	c := compiler(t, "")
	for _, kind := range []topic.Kind{topic.KindExact, topic.KindAny, topic.KindPattern, topic.KindTemplate} {
		if m, err := c.Compile(kind, "*"); err != nil || m != topic.Any() {
			t.Errorf("%v: %v, %v", kind, m, err)
		}
	}
	if m, err := c.Compile(200, "*"); err == nil {
		t.Errorf("a kind that does not exist gives %v", m)
	}
}

// bombs are as costly as texts of 4,096 bytes can be made to be.
func bombs() map[string]topic.Kind {
	long := topic.MaxMatcherBytes
	repeat := func(s string) string { return strings.Repeat(s, long/len(s))[:long/len(s)*len(s)] }
	nested := strings.Repeat("(?:", 500) + "a" + strings.Repeat("{2})", 500)
	return map[string]topic.Kind{
		repeat("*"): topic.KindPattern, repeat("{*}?"): topic.KindPattern, "/" + repeat("(a{999})")[1:]: topic.KindPattern,
		"/(" + nested + ")": topic.KindPattern, "/(" + repeat("(?:a*)*")[4:] + ")": topic.KindPattern,
		"/(" + repeat(`\PL`)[9:] + ")": topic.KindPattern, "/(" + repeat("a?")[6:] + ")": topic.KindPattern,
		"https://" + repeat("@")[8:]: topic.KindPattern, "/" + repeat("é")[2:]: topic.KindPattern, "https://" + repeat("é")[8:]: topic.KindPattern,
		"https://" + repeat("a.")[8:]: topic.KindPattern, "/" + repeat(`\a`)[2:]: topic.KindPattern, "?" + repeat("%")[1:]: topic.KindPattern,
		"/" + repeat("/..")[3:]: topic.KindPattern, "/" + repeat("{a}")[3:]: topic.KindPattern, "[" + repeat("a")[1:]: topic.KindPattern,
		repeat("{+a}"): topic.KindTemplate, "{" + repeat("a,")[6:] + "b}": topic.KindTemplate, repeat("{a:9999}"): topic.KindTemplate,
		"/" + strings.Repeat("*a", 120): topic.KindPattern, "/" + strings.Repeat("{a*}?", 100): topic.KindPattern,
		"/((?:(?:a|b)*)*)*" + strings.Repeat("(a?)", 50): topic.KindPattern, strings.Repeat("{+a}", 140): topic.KindTemplate,
		"/(" + strings.Repeat("a?", 250) + strings.Repeat("a", 250) + ")": topic.KindPattern,
	}
}

// TestBombs: neither compiling nor matching takes long, or much memory, whatever the text.
func TestBombs(t *testing.T) {
	refused, accepted := 0, 0
	for text, kind := range bombs() {
		t.Run(text[:min(len(text), 24)], func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			start := time.Now()
			m, err := compiler(t, hubURL).Compile(kind, text)
			runtime.ReadMemStats(&after)
			compiling, took := time.Since(start), after.TotalAlloc-before.TotalAlloc
			if took > 64<<20 {
				t.Errorf("compiling allocates %d bytes", took)
			}
			if err != nil {
				refused++
				t.Logf("refused in %v, %d KiB", compiling, took>>10)
				return
			}
			accepted++
			start = time.Now()
			for _, n := range []int{10, 100, 1000, topic.MaxMatcherBytes} {
				m.Match("https://hub.example/" + strings.Repeat("a", n) + "!")
			}
			t.Logf("compiled in %v, %d KiB; matched in %v", compiling, took>>10, time.Since(start))
			if total := compiling + time.Since(start); total > 10*time.Second { // a guard against hanging
				t.Errorf("took %v", total)
			}
		})
	}
	if refused == 0 || accepted == 0 {
		t.Errorf("%d refused, %d accepted: no bound was reached", refused, accepted)
	}
}

// TestCostlyTopics: reading a topic as a URL takes no longer for strange ones than its length explains.
func TestCostlyTopics(t *testing.T) {
	m := pattern(t, "https://example.com/:a/*")
	for _, piece := range []string{"%", "@", "é", "/../", "[", ":", "a.", "1.", "%2e/", "\\", "?", "xn--a.", "0x1.", "\u3002", " "} {
		for _, begin := range []string{"https://", "https://a/", "", "a:", "//"} {
			name := begin + strings.Repeat(piece, topic.MaxMatcherBytes/len(piece))
			start := time.Now()
			m.Match(name)
			if took := time.Since(start); took > 10*time.Second { // a guard against hanging
				t.Errorf("%.20q took %v", name, took)
			} else if took > 5*time.Millisecond {
				t.Logf("%.20q took %v", name, took)
			}
		}
	}
}

// TestGivenUp: a topic that is too long for a costly matcher is not selected, which is counted; one that the matcher's
// beginning rules out is not.
func TestGivenUp(t *testing.T) {
	c, err := topic.NewCompiler(nil)
	if err != nil {
		t.Fatal(err)
	}
	pattern, err := c.Pattern("https://example.com/:name([a-z]{1,500})*")
	if err != nil {
		t.Fatal(err)
	}
	template, err := c.Template("n/{+" + strings.Repeat("a,", 100) + "a}")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		m     topic.Matcher
		topic string
		match bool
		want  uint64
	}{
		{"short", pattern, "https://example.com/abc", true, 0},
		{"long", pattern, "https://example.com/" + strings.Repeat("a", 800), false, 1},
		{"long, in another place", pattern, "https://example.org/" + strings.Repeat("a", 800), false, 1},
		{"template, short", template, "n/a", true, 1},
		{"template, long", template, "n/" + strings.Repeat("a", 4000), false, 2},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.m.Match(tt.topic); got != tt.match {
				t.Errorf("Match is %t", got)
			}
			if got := c.GivenUp(); got != tt.want {
				t.Errorf("%d were given up, want %d", got, tt.want)
			}
		})
	}
}
