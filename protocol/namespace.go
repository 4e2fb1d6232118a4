package protocol

import (
	"net/http"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/topic"
)

// namespace is the hub's own part of the names: what is below its path.
type namespace struct {
	paths []string
	urls  topic.Matcher // selects whatever is a URL with a path
}

// anyURL is the URL Pattern of all URLs with a path, of any scheme.
const anyURL = `*://*:*/*\?*#*`

// namespace returns the hub's own part of the names, as the sender of r sees it: below the path at which the hub is
// mounted and that of its public URL, and below [DefaultPath], since a proxy or a prefix handler may have rewritten
// the path. The root of a site is none: a hub that is mounted there does not take everybody's home page.
func (h *handler) namespace(r *http.Request) *namespace {
	own := &namespace{paths: []string{DefaultPath}, urls: h.urls}
	for _, path := range []string{h.public.EscapedPath(), r.URL.EscapedPath()} {
		if strings.Trim(path, "/") != "" && !slices.Contains(own.paths, path) {
			own.paths = append(own.paths, path)
		}
	}
	return own
}

// mostAts is how many at signs a topic may have that is read as a URL: the parser's effort grows with their square.
const mostAts = 100

// reserved reports whether a topic addresses the namespace: whether, resolved as a URL against that of the hub, it has
// one of the paths or one below, whatever its scheme and authority. A topic that cannot be read as a URL, because of
// its host or port for instance, addresses nothing.
func (n *namespace) reserved(topic string) bool {
	for _, path := range n.paths {
		if addresses(topic, path) {
			return strings.Count(topic, "@") > mostAts || n.urls.Match(topic)
		}
	}
	return false
}

// addresses reports whether a topic has the path hubPath or one below. Paths are found as the URL Standard's parser
// does; the authority is skipped.
func addresses(topic, hubPath string) bool {
	own := canonicalPath(hubPath)
	for _, path := range pathsOf(topic, hubPath) {
		if path = canonicalPath(path); path == own || strings.HasPrefix(path, own+"/") {
			return true
		}
	}
	return false
}

// pathsOf returns the path that topic has as a URL that is resolved against one with the path base. There are
// two for a URL such as "http:a/b", whose meaning depends on whether the hub's scheme is http too, and none for
// those without a hierarchical path, such as "urn:a".
func pathsOf(topic, base string) []string {
	rest := strings.TrimFunc(topic, func(r rune) bool { return r <= ' ' })
	scheme, rest := cutScheme(rest)
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	switch scheme {
	case "":
		return []string{resolve(slashes(rest), base)}
	case "http", "https":
		rest = slashes(rest)
		if strings.HasPrefix(rest, "//") {
			return []string{skipAuthority(rest)}
		}
		return []string{resolve(rest, base), skipAuthority(rest)}
	case "ws", "wss", "ftp":
		return []string{skipAuthority(slashes(rest))}
	case "file":
		rest = slashes(rest)
		if host, ok := strings.CutPrefix(rest, "//"); ok {
			return []string{fromSlash(host)}
		}
		return []string{rest}
	}
	if host, ok := strings.CutPrefix(rest, "//"); ok {
		return []string{fromSlash(host)}
	}
	if strings.HasPrefix(rest, "/") {
		return []string{rest}
	}
	return nil
}

// resolve returns the path of a URL without scheme.
func resolve(rest, base string) string {
	switch {
	case rest == "":
		return base
	case strings.HasPrefix(rest, "//"):
		return skipAuthority(rest)
	case rest[0] == '/':
		return rest
	}
	return base[:strings.LastIndexByte(base, '/')+1] + rest
}

// skipAuthority returns the path behind an authority; any number of slashes stand before one.
func skipAuthority(rest string) string { return fromSlash(strings.TrimLeft(rest, "/")) }

// fromSlash returns s from its first slash on.
func fromSlash(s string) string {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		return s[i:]
	}
	return "/"
}

// slashes returns s as URLs with the web's schemes are read: a backslash is a slash.
func slashes(s string) string { return strings.ReplaceAll(s, `\`, "/") }

// cutScheme returns the scheme in lower case, and what follows its colon.
func cutScheme(s string) (scheme, rest string) {
	for i, c := range []byte(s) {
		switch {
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
		case i > 0 && ('0' <= c && c <= '9' || c == '+' || c == '-' || c == '.'):
		case i > 0 && c == ':':
			return strings.ToLower(s[:i]), s[i+1:]
		default:
			return "", s
		}
	}
	return "", s
}

// canonicalPath returns path without dot segments, and decoded except for slashes, so that spellings of one path
// become equal.
func canonicalPath(path string) string {
	var segments []string
	rest := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range rest {
		segment = decodePath(segment)
		switch segment {
		case "..":
			segments = segments[:max(len(segments)-1, 0)]
		case ".":
		default:
			segments = append(segments, segment)
			continue
		}
		if i == len(rest)-1 {
			segments = append(segments, "")
		}
	}
	return "/" + strings.Join(segments, "/")
}

// decodePath decodes the percent-encoded bytes of a path's segment. What would separate or escape again stays.
func decodePath(segment string) string {
	if !strings.Contains(segment, "%") {
		return segment
	}
	var b strings.Builder
	for i := 0; i < len(segment); i++ {
		c, ok := decodeByte(segment[i:])
		switch {
		case !ok:
			b.WriteByte(segment[i])
			continue
		case c == '/' || c == '\\' || c == '%':
			b.WriteString(strings.ToUpper(segment[i : i+3]))
		default:
			b.WriteByte(c)
		}
		i += 2
	}
	return b.String()
}
