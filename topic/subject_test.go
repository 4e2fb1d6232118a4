package topic_test

import (
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/topic"
)

func TestPlainURLs(t *testing.T) {
	base := &url.URL{Scheme: "https", User: url.User("u"), Host: "hub.example:8443", Path: "/a/hub", RawQuery: "q"}
	tests := map[string]bool{
		"https://example.com/": true, "http://a-b.c1/x/y.z/%C3%A9;p=1,@:$&!+~_": true, "a": true, "a/b.c//d": true, "/a": true,
		"https://example.com": false, "https://Example.com/": false, "https://1.2.3.4/": false, "https://example.com./": false,
		"https://a..b/": false, "https://xn--a/": false, "https://u@a/": false, "https://a:80/": false, "https://a/?q": true, "https://a/b?q=%&r=%2e/..?": true, "a?q=:": true, "/a?": true, "https://a/?q='": false, "https://a/?q#": false,
		"https://a/#f": false, "https://a/.": false, "https://a/b/../c": false, "https://a/%2e/": false, "https://a/%2E%2e/": false,
		"https://a/%": false, "https://a/%g0": false, "https://a/\\b": false, "https://a/ ": false, "https://a/é": false, "": false,
		"//a/b": false, "urn:a": false, ".": false, "./a": false, "..": false, "a/..": false, "?": false, "a:b": false, "https:///a": false,
	}
	for name, want := range tests {
		t.Run(name, func(t *testing.T) {
			plainly, properly, ok := topic.ReadPlainly(base, name)
			if ok != want {
				t.Errorf("read plainly: %v, want %v", ok, want)
			}
			if diff := cmp.Diff(properly, plainly); diff != "" {
				t.Errorf("properly read (-) and plainly read (+):\n%s", diff)
			}
		})
	}
	if _, _, ok := topic.ReadPlainly(nil, "a"); ok {
		t.Error("a relative topic was read without a base")
	}
}

// FuzzPlainURL: what is read the short way is what the standard's parser would have read.
func FuzzPlainURL(f *testing.F) {
	for _, s := range []string{"https://example.com/a/b", "http://a.b/%41;x=.y/..z", "a/b:c", "/a//b", "https://a-.b/@:"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		for _, base := range []*url.URL{nil, {Scheme: "https", Host: "hub.example", Path: "/.well-known/hub"}} {
			plainly, properly, _ := topic.ReadPlainly(base, name)
			if diff := cmp.Diff(properly, plainly); diff != "" {
				t.Errorf("%q below %v, properly read (-) and plainly read (+):\n%s", name, base, diff)
			}
		}
	})
}
