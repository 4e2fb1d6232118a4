package server

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/web"
)

// SiteOptions configure a [Site].
type SiteOptions struct {
	// Hub configures the hub. Its Log must not be set, since that is the Site's to do; its observers are replaced.
	Hub hub.Options
	// Log keeps the updates. From NewSite on it belongs to the Site, which closes it, also if NewSite fails.
	Log eventlog.Log
	// Protocol says who may do what, and in which dialects.
	Protocol protocol.Options
	// Metadata, if it is not nil, describes the hub to its clients.
	Metadata *protocol.Metadata
	// Metrics counts what happens; nil for nobody.
	Metrics *Metrics
	// Close is called when the hub has ended, for what belongs to the Protocol; nil for nothing.
	Close func()
	// Logger is told what goes wrong, and at debug level of every subscriber; nil for nobody.
	Logger *slog.Logger
}

// Site is a hub for the world: what a request may do is said by its token, or by what else Protocol.Authorizer knows.
type Site struct {
	hub     *hub.Hub
	log     eventlog.Log
	handler http.Handler
	close   func()
}

var _ App = (*Site)(nil)

// NewSite starts a hub. End it with [Site.Shutdown].
func NewSite(o SiteOptions) (*Site, error) {
	if o.Close == nil {
		o.Close = func() {}
	}
	s, err := newSite(o)
	if err != nil {
		o.Close()
		return nil, errors.Join(err, o.Log.Close())
	}
	return s, nil
}

func newSite(o SiteOptions) (*Site, error) {
	if o.Hub.Log != nil {
		return nil, errors.New("SiteOptions.Hub.Log is set, but the log is given as SiteOptions.Log")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Metrics == nil {
		o.Metrics = new(Metrics)
	}
	o.Hub.Log = o.Log
	o.Hub.Observer = o.Metrics.Updates(logUpdates(o.Logger))
	o.Hub.Fanout.Observer = o.Metrics.Subscribers(logSubscribers(o.Logger))
	o.Protocol.Logger = o.Logger
	h, err := hub.New(o.Hub)
	if err != nil {
		return nil, err
	}
	s := &Site{hub: h, log: o.Log, close: o.Close}
	if s.handler, err = siteRoutes(h, o); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return s, nil
}

// siteRoutes puts together what a Site answers.
func siteRoutes(h *hub.Hub, o SiteOptions) (http.Handler, error) {
	events, err := protocol.Handler(h, o.Protocol)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath, events)
	mux.Handle(protocol.DefaultPath+"/subscriptions", events)
	mux.Handle(protocol.DefaultPath+"/subscriptions/", events)
	if o.Metadata != nil {
		metadata, err := protocol.MetadataHandler(*o.Metadata)
		if err != nil {
			return nil, err
		}
		mux.Handle(protocol.MetadataPath(protocol.DefaultPath), metadata)
	}
	mountAssets(mux)
	mux.HandleFunc("GET /{$}", serveSitePage)
	return mux, nil
}

// mountAssets lets pages have the browser's component from the hub itself.
func mountAssets(mux *http.ServeMux) {
	scripts := web.Handler()
	for _, a := range web.Assets() {
		mux.Handle("GET /"+a.Name, scripts)
	}
}

// sitePage is what somebody sees who follows the hub's address.
const sitePage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Tidings hub</title>
<p>A Tidings hub is running here, at <code>` + protocol.DefaultPath + `</code>.</p>
`

func serveSitePage(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = io.WriteString(w, sitePage) // the reader has gone
}

// Hub returns the hub, for an operator's API.
func (s *Site) Hub() *hub.Hub { return s.hub }

// Handler implements [App].
func (s *Site) Handler() http.Handler { return s.handler }

// Sockets returns how many connections were taken from the server for streams that have not ended.
func (s *Site) Sockets() int { return s.hub.Sockets() }

// Shutdown implements [App]. It may be called again.
func (s *Site) Shutdown(ctx context.Context) error {
	err := errors.Join(s.hub.Shutdown(ctx), s.log.Close())
	s.close()
	return err
}
