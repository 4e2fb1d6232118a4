package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files returns the built component as a read-only file system:
//
//   - tidings.js: a module that defines <event-source> and exports its class and SharedEventSource;
//   - tidings-worker.js: what holds the connection of all tabs; it has to lie beside tidings.js, as the next two;
//   - tidings-fetch.js: what the worker loads to send headers;
//   - tidings-host.js: what a page loads that has to hold the connection itself, as there are no shared workers;
//   - tidings.iife.js: the same as tidings.js for a plain script tag, exporting the global Tidings. It works alone, but
//     shares the connection better with tidings-worker.js (and, for headers, tidings-fetch.js) beside it;
//   - tidings-discover.js: a module that reads from an answer where its updates come from;
//   - tidings-inspector.js: a module that defines <event-source-inspector>;
//   - tidings-react.js: a hook for React;
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
