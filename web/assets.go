package web

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"slices"
	"time"
)

// Asset is a file of the component as a server gives it to browsers.
type Asset struct {
	// Name is the file's name, for example tidings.js.
	Name string
	// Version is a short hash of the content. The file at Name?v=Version never changes.
	Version string
	// Integrity is what the attribute integrity of a script element says of the content (SHA-384).
	Integrity string

	body []byte
}

// Assets returns the scripts of the component, by name.
func Assets() []Asset {
	files := Files()
	names, err := fs.Glob(files, "*.js")
	if err != nil {
		panic("web: " + err.Error()) // Glob fails on an invalid pattern only, and this one is constant
	}
	slices.Sort(names)
	assets := make([]Asset, len(names))
	for i, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			panic("web: " + err.Error()) // the files are a part of the program
		}
		short, long := sha256.Sum256(body), sha512.Sum384(body)
		assets[i] = Asset{
			Name: name, Version: hex.EncodeToString(short[:8]),
			Integrity: "sha384-" + base64.StdEncoding.EncodeToString(long[:]), body: body,
		}
	}
	return assets
}

// Handler returns a handler that serves the scripts by the last part of a request's path, from wherever it is mounted,
// to pages of any origin. A request that names the version it wants may keep the answer for ever; any other has to ask
// whether it is still the same.
func Handler() http.Handler {
	assets := map[string]Asset{}
	for _, a := range Assets() {
		assets[a.Name] = a
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a, ok := assets[path.Base(r.URL.Path)]
		if !ok {
			http.NotFound(w, r)
			return
		}
		header := w.Header()
		header.Set("Content-Type", "text/javascript; charset=utf-8")
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Access-Control-Allow-Origin", "*") // for scripts with an integrity
		header.Set("ETag", `"`+a.Version+`"`)
		header.Set("Cache-Control", "no-cache")
		if r.URL.Query().Get("v") == a.Version {
			header.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
	})
}
