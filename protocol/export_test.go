package protocol

import "strings"

// What the tests and fuzz targets of the parsers see.
var (
	AcceptsGzip = acceptsGzip
	FormPairs   = formPairs
)

// Reserved reports whether a topic lies in the namespace of a hub that is mounted at hubPath and knows no public URL.
func Reserved(topic, hubPath string) bool {
	c, err := NewCompiler("")
	if err != nil {
		panic(err)
	}
	urls, err := c.Pattern(anyURL)
	if err != nil {
		panic(err)
	}
	own := namespace{paths: []string{DefaultPath}, urls: urls}
	if strings.Trim(hubPath, "/") != "" {
		own.paths = append(own.paths, hubPath)
	}
	return own.reserved(topic)
}
