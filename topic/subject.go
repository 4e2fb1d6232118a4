package topic

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	whatwg "github.com/nlnwa/whatwg-url/url"
)

// The parts of a URL, in the order in which they stand in the key of a subject, and then the others.
const (
	partProtocol = iota
	partHostname
	partPort
	partPathname
	partSearch
	partHash
	partUsername
	partPassword
	partCount
	keyParts = partSearch + 1
)

// base is the URL that relative topics are relative to.
type base struct {
	text string // "" if there is none
	url  *whatwg.Url
	// parts and dir are what relative topics inherit.
	parts [partCount]string
	dir   string
}

func newBase(u *url.URL) (*base, error) {
	if u == nil {
		return &base{}, nil
	}
	parsed, err := whatwg.Parse(u.String())
	if err != nil {
		return nil, fmt.Errorf("topic: base URL %q: %w", u, err)
	}
	if s := parsed.Scheme(); s != "http" && s != "https" {
		return nil, fmt.Errorf("topic: base URL %q is not of http or https", u)
	}
	parsed.SearchParams() // are made when first asked for, which reading against a base does, of whatever goroutine
	b := &base{text: parsed.Href(true), url: parsed}
	split(parsed, &b.parts)
	b.dir = b.parts[partPathname][:strings.LastIndexByte(b.parts[partPathname], '/')+1]
	return b, nil
}

// subject is a topic that is being matched. It is read as a URL when the first pattern asks for that.
type subject struct {
	topic string
	base  *base // what url was read with; nil: not yet
	ok    bool  // it is a URL
	url   [partCount]string
}

// parse reads the topic as a URL, and reports whether it is one.
func (s *subject) parse(b *base) bool {
	if s.base == nil || s.base != b && s.base.text != b.text {
		s.ok = b.parse(s.topic, &s.url)
		s.base = b
	}
	return s.ok
}

// key returns the parts of the URL that patterns mostly fix, in their order. No part has a NUL.
func (s *subject) key() string { return strings.Join(s.url[:keyParts], "\x00") }

func (b *base) parse(topic string, parts *[partCount]string) bool {
	if b.plain(topic, parts) {
		return true
	}
	u, err := b.read(topic)
	if err != nil {
		return false
	}
	split(u, parts)
	return true
}

// maxAts bounds the at signs of a topic that is read as a URL: the parser's effort grows with their square.
const maxAts = 100

var errCostly = errors.New("topic: too many at signs for a URL")

// read reads topic as the URL Standard says.
func (b *base) read(topic string) (u *whatwg.Url, err error) {
	if strings.Count(topic, "@") > maxAts {
		return nil, errCostly
	}
	defer func() {
		if r := recover(); r != nil { // what a stranger sends must not end the process
			err = fmt.Errorf("topic: the parser failed: %v", r)
		}
	}()
	if b.url == nil {
		return whatwg.Parse(topic)
	}
	return b.url.Parse(topic)
}

func split(u *whatwg.Url, parts *[partCount]string) {
	*parts = [partCount]string{
		partProtocol: u.Scheme(), partUsername: u.Username(), partPassword: u.Password(), partHostname: u.Hostname(),
		partPort: u.Port(), partPathname: u.Pathname(), partSearch: u.Query(), partHash: u.Fragment(),
	}
}

// plain reads what most topics are, and nothing else: an http or https URL, or a relative path, of which it can be
// seen at once that the URL Standard leaves it as it is. It saves reading these by the standard's state machine.
func (b *base) plain(topic string, parts *[partCount]string) bool {
	rest, https := strings.CutPrefix(topic, "https://")
	http := false
	if !https {
		rest, http = strings.CutPrefix(topic, "http://")
	}
	if !https && !http {
		path, query, _ := strings.Cut(topic, "?")
		if b.url == nil || path == "" || strings.IndexByte(path, ':') >= 0 || strings.HasPrefix(path, "//") ||
			!plainPath(path) || !plainQuery(query) {
			return false
		}
		if path[0] != '/' {
			path = b.dir + path
		}
		*parts = b.parts
		parts[partPathname], parts[partSearch], parts[partHash] = path, query, ""
		return true
	}
	slash := strings.IndexByte(rest, '/')
	if slash < 0 || !plainHost(rest[:slash]) {
		return false
	}
	path, query, _ := strings.Cut(rest[slash:], "?")
	if !plainPath(path) || !plainQuery(query) {
		return false
	}
	scheme := "https"
	if http {
		scheme = "http"
	}
	*parts = [partCount]string{partProtocol: scheme, partHostname: rest[:slash], partPathname: path, partSearch: query}
	return true
}

// plainHost reports whether s is a domain of lower-case letters, digits, dots and hyphens that is no address and has
// no encoded label.
func plainHost(s string) bool {
	if s == "" || strings.Contains(s, "--") || strings.Contains(s, "..") {
		return false
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	if last == "" || last[0] < 'a' || last[0] > 'z' || s[0] == '.' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// plainPath reports whether s is a path of encoded and unreserved characters, and some others, without dot segments.
func plainPath(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case plainByte(c):
		case c == '.':
			if i == 0 || s[i-1] == '/' || s[i-1] == '.' {
				return false // it may be a dot segment
			}
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) || s[i+1] == '2' && s[i+2]|0x20 == 'e' {
				return false // it may be a dot too
			}
		default:
			return false
		}
	}
	return true
}

// plainQuery reports whether s is a query in which nothing is to be encoded.
func plainQuery(s string) bool {
	for i := range len(s) {
		if c := s[i]; !plainByte(c) && c != '.' && c != '%' && c != '?' {
			return false
		}
	}
	return true
}

func plainByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_~/:@+,;=!$&", c) >= 0
}
