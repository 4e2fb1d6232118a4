package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files returns the built component as a read-only file system:
//
//   - tidings.js: a module that defines <event-source> and exports its class;
//   - tidings.iife.js: the same for a plain script tag, exporting the global Tidings;
//   - types: declarations for TypeScript.
//
// The files have no modification times: a server that wants them cached derives a validator from
// their content. The file system may be used by several goroutines at once.
func Files() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		// Sub fails on an invalid path only, and this one is constant.
		panic("web: " + err.Error())
	}
	return files
}
