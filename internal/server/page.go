package server

import (
	_ "embed"
	"html/template"
	"net/http"

	"github.com/tidings-hub/tidings/protocol"
)

//go:embed dev.html
var devPageText string

// devPage is the page at / of a Dev.
var devPage = template.Must(template.New("dev").Parse(devPageText))

// serveDevPage says what this is and how to use it, with this hub's own address.
func serveDevPage(w http.ResponseWriter, r *http.Request) {
	scheme := "http"
	if r.TLS != nil {
		scheme = "https"
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	base := scheme + "://" + r.Host
	_ = devPage.Execute(w, struct{ Base, Hub string }{base, base + protocol.DefaultPath}) // the reader has gone
}
