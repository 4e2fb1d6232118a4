package suite_test

import (
	"regexp"
	"strconv"
	"strings"
)

// place is a resolved URL, as far as the fake hub needs one.
type place struct{ scheme, authority, path, rest string }

var schemePrefix = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:`)

// resolve resolves a topic against the hub's URL as browsers do; ok is false if it is no URL.
func resolve(base place, s string) (p place, ok bool) {
	s = strings.Trim(s, " ")
	p.scheme = base.scheme
	s, p.rest = cutAny(s, "?#")
	relative := true
	if prefix := schemePrefix.FindString(s); prefix != "" {
		p.scheme, s = strings.ToLower(prefix[:len(prefix)-1]), s[len(prefix):]
		relative = false
	}
	special := strings.Contains(" http https ws wss ftp ", " "+p.scheme+" ")
	if special {
		s = strings.ReplaceAll(s, `\`, "/")
	}
	switch {
	case relative && !strings.HasPrefix(s, "//"):
		p.authority = base.authority
		if s == "" {
			s = base.path
		} else if s[0] != '/' {
			s = base.path[:strings.LastIndex(base.path, "/")+1] + s
		}
	case special:
		p.authority, s = cutAny(strings.TrimLeft(s, "/"), "/")
	case strings.HasPrefix(s, "//"):
		p.authority, s = cutAny(s[2:], "/")
	}
	p.path = undot(s)
	return p, !special || validAuthority(p.authority)
}

// cutAny cuts s before the first of some characters.
func cutAny(s, chars string) (before, from string) {
	if i := strings.IndexAny(s, chars); i >= 0 {
		return s[:i], s[i:]
	}
	return s, ""
}

func validAuthority(a string) bool {
	host := a[strings.LastIndex(a, "@")+1:]
	if i := strings.LastIndex(host, ":"); i >= 0 && !strings.HasSuffix(host, "]") {
		if port, err := strconv.Atoi(host[i+1:]); err != nil || port > 65535 {
			return false
		}
		host = host[:i]
	}
	if strings.HasPrefix(host, "[") {
		return strings.HasSuffix(host, "]")
	}
	return host != "" && !strings.ContainsAny(host, " []<>^|%\\")
}

// undot removes dot segments.
func undot(path string) string {
	if !strings.HasPrefix(path, "/") {
		return path
	}
	var kept []string
	segments := strings.Split(path[1:], "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch strings.ReplaceAll(strings.ToLower(s), "%2e", ".") {
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		case ".":
		default:
			kept = append(kept, s)
			continue
		}
		if last {
			kept = append(kept, "")
		}
	}
	return "/" + strings.Join(kept, "/")
}

var escaped = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// isReserved reports whether a topic addresses the hub's namespace.
func isReserved(base place, topic string) bool {
	p, ok := resolve(base, topic)
	if !ok {
		return false
	}
	path := escaped.ReplaceAllStringFunc(p.path, func(s string) string {
		n, _ := strconv.ParseUint(s[1:], 16, 8)
		if c := string(rune(n)); n < 128 && strings.ContainsAny(c, unreserved) {
			return c
		}
		return s
	})
	return path == base.path || strings.HasPrefix(path, base.path+"/")
}

const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// match is a matcher of the fake hub: nil if it cannot be one.
type match struct {
	kind, value string
	matches     func(topic string) bool
}

func newMatch(base place, kind, value string) *match {
	m := &match{kind: kind, value: value}
	switch {
	case value == "*":
		m.matches = func(string) bool { return true }
	case kind == "exact":
		m.matches = func(topic string) bool { return topic == value }
	case kind == "template":
		re := template(value)
		m.matches = func(topic string) bool { return topic == value || re != nil && re.MatchString(topic) }
	case kind == "urlpattern":
		re := urlPattern(base, value)
		if re == nil {
			return nil
		}
		m.matches = func(topic string) bool {
			p, ok := resolve(base, topic)
			return ok && re.MatchString(p.scheme+"://"+p.authority+p.path)
		}
	default:
		return nil
	}
	return m
}

// urlPattern compiles the part of URL Patterns that the suite uses.
func urlPattern(base place, pattern string) *regexp.Regexp {
	if !schemePrefix.MatchString(pattern) {
		if !strings.HasPrefix(pattern, "/") {
			pattern = base.path[:strings.LastIndex(base.path, "/")+1] + pattern
		}
		pattern = base.scheme + "://" + base.authority + pattern
	}
	scheme, rest, ok := strings.Cut(pattern, "://")
	host, path := cutAny(rest, "/")
	if !ok {
		return nil
	}
	seen := map[string]bool{}
	h, hok := component(host, `[^.]+?`, seen)
	p, pok := component(path, `[^/]+?`, seen)
	re, err := regexp.Compile("^" + regexp.QuoteMeta(scheme) + "://" + h + p + "$")
	if err != nil || !hok || !pok {
		return nil
	}
	return re
}

var groupName = regexp.MustCompile(`^:[A-Za-z_]\w*`)

// component turns a part of a URL Pattern into a regular expression.
func component(s, segment string, seen map[string]bool) (string, bool) {
	var b strings.Builder
	for s != "" {
		name := groupName.FindString(s)
		switch {
		case name != "":
			if seen[name] {
				return "", false
			}
			seen[name] = true
			if s = s[len(name):]; !strings.HasPrefix(s, "(") {
				b.WriteString(segment)
			}
		case s[0] == '(':
			end := closing(s)
			if end < 0 {
				return "", false
			}
			b.WriteString("(?:" + s[1:end] + ")")
			s = s[end+1:]
		case s[0] == '{':
			inner, after, ok := strings.Cut(s[1:], "}")
			re, good := component(inner, segment, seen)
			if !ok || !good {
				return "", false
			}
			b.WriteString("(?:" + re + ")")
			if s = after; s != "" && strings.ContainsRune("?*+", rune(s[0])) {
				b.WriteByte(s[0])
				s = s[1:]
			}
		case s[0] == '*':
			b.WriteString(".*")
			s = s[1:]
		default:
			b.WriteString(regexp.QuoteMeta(s[:1]))
			s = s[1:]
		}
	}
	return b.String(), true
}

// closing returns the place of the bracket that closes the first one.
func closing(s string) int {
	depth := 0
	for i, c := range s {
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

var expression = regexp.MustCompile(`^\{([+?/]?)([A-Za-z_]\w*)\}`)

// template compiles the part of URI templates that the suite uses, or returns nil.
func template(s string) *regexp.Regexp {
	const plain = `(?:[A-Za-z0-9._~-]|%[0-9A-Fa-f]{2})*`
	var b strings.Builder
	for s != "" {
		if s[0] != '{' {
			b.WriteString(regexp.QuoteMeta(s[:1]))
			s = s[1:]
			continue
		}
		part := expression.FindStringSubmatch(s)
		if part == nil {
			return nil
		}
		s = s[len(part[0]):]
		b.WriteString(map[string]string{
			"": plain, "+": `(?:[][A-Za-z0-9._~:/?#@!$&'()*+,;=-]|%[0-9A-Fa-f]{2})*`,
			"?": `(?:\?` + part[2] + "=" + plain + ")?", "/": "(?:/" + plain + ")?",
		}[part[1]])
	}
	re, err := regexp.Compile("^" + b.String() + "$")
	if err != nil {
		return nil
	}
	return re
}
