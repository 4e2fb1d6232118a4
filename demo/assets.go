package demo

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"time"

	"github.com/tidings-hub/tidings/web"
)

// tabPath is where the page of a tab is.
const tabPath = "/tab"

//go:embed page
var pageFiles embed.FS

// kinds are the content types of the page's files. The table of the operating system is not asked: what a
// browser is told must not depend on the machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

// asset is a file of the page. A browser that has it asks whether it is still the same.
type asset struct {
	body []byte
	kind string
	etag string
}

func newAsset(name string, body []byte) (*asset, error) {
	kind, ok := kinds[path.Ext(name)]
	if !ok {
		return nil, fmt.Errorf("demo: no content type for %s", name)
	}
	sum := sha256.Sum256(body)
	return &asset{body, kind, `"` + hex.EncodeToString(sum[:8]) + `"`}, nil
}

func (a *asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("ETag", a.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

// loadAssets returns the page's files by the pattern of their path: the page itself at the root, that of a
// tab, their parts under /page, and the component.
func loadAssets() (map[string]*asset, error) {
	assets := map[string]*asset{}
	add := func(files fs.FS, name, pattern string) error {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("demo: %w", err)
		}
		assets[pattern], err = newAsset(name, body)
		return err
	}
	for _, name := range []string{"tidings.js", "tidings-worker.js", "tidings-host.js", "tidings-inspector.js"} {
		if err := add(web.Files(), name, "/"+name); err != nil {
			return nil, err
		}
	}
	err := fs.WalkDir(pageFiles, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil || entry.IsDir():
			return err
		case name == "page/index.html":
			return add(pageFiles, name, "/{$}")
		case name == "page/tab.html":
			return add(pageFiles, name, tabPath)
		default:
			return add(pageFiles, name, "/"+name)
		}
	})
	if err != nil {
		return nil, err
	}
	return assets, nil
}
