package protocol

import "strings"

// reserved reports whether a topic addresses the hub's own namespace: whether, resolved as a URL against that of
// the hub, it has the hub's path, hubPath or [DefaultPath], or one below it, whatever its scheme and authority.
// DefaultPath counts wherever the hub is mounted, since a proxy or a prefix handler may have rewritten the path.
//
// Paths are found as the WHATWG URL parser does. An authority is skipped, not judged: a topic whose authority no
// URL can have is taken for a URL all the same. The root of a site is no namespace: a hub that is mounted there
// does not take everybody's home page.
func reserved(topic, hubPath string) bool {
	if addresses(topic, DefaultPath) {
		return true
	}
	return hubPath != DefaultPath && strings.Trim(hubPath, "/") != "" && addresses(topic, hubPath)
}

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
