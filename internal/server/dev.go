package server

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// DevOptions configure a [Dev]. The zero value works.
type DevOptions struct {
	// Hub configures the hub. Its Log must not be set, since that is the Dev's to do; its observers are replaced.
	Hub hub.Options
	// Log keeps the updates; default one in memory with [eventlog.DefaultMemoryRetention]. From NewDev on it belongs
	// to the Dev, which closes it, also if NewDev fails.
	Log eventlog.Log
	// BackupDir is where POST /debug/backup puts its copies; empty for no such call. It needs a Log that can be
	// copied while it is in use.
	BackupDir string
	// MaxBodyBytes bounds the body of a publisher's request; 0 for the protocol's default.
	MaxBodyBytes int64
	// PublicURL is the hub's URL, which relative URL Patterns and topics are relative to. Default: the usual path on a
	// host that nobody knows.
	PublicURL string
	// Dialect says which dialects of the protocol are spoken.
	Dialect protocol.Dialects
	// NoEnvelope refuses streams whose updates say their topics.
	NoEnvelope bool
	// TakeOver lets streams over HTTP/1.x in clear be written to their sockets directly; see [protocol.Options].
	TakeOver bool
	// NoCompression keeps streams plain for clients that accept gzip.
	NoCompression bool
	// MaxPerAddress bounds the streams of one client address; 0 for no bound.
	MaxPerAddress int
	// TrustedProxies are the networks of proxies whose word for a client's address is taken.
	TrustedProxies []netip.Prefix
	// Logger is told what goes wrong, and at debug level of every subscriber; nil for nobody.
	Logger *slog.Logger
}

// Validate refuses settings that cannot work, naming the fields.
func (o DevOptions) Validate() error {
	if o.Hub.Log != nil {
		return errors.New("DevOptions.Hub.Log is set, but the log is given as DevOptions.Log")
	}
	if _, ok := o.Log.(Backuper); o.BackupDir != "" && !ok {
		return errors.New("DevOptions.BackupDir is set, but DevOptions.Log cannot be copied")
	}
	return o.Hub.Validate()
}

// Dev is the hub of somebody who develops: it lets everybody do everything. For that reason it must be served on a
// loopback address only; it accepts only requests that name a loopback host, and answers only pages from loopback
// origins. Beside the hub it serves its state at /debug/state, if it is told to, backups at /debug/backup, and a page
// that says how to use it at /.
type Dev struct {
	hub     *hub.Hub
	log     eventlog.Log
	handler http.Handler
}

var _ App = (*Dev)(nil)

// NewDev starts a hub. End it with [Dev.Shutdown].
func NewDev(o DevOptions) (*Dev, error) {
	d, err := newDev(o)
	if err != nil && o.Log != nil {
		err = errors.Join(err, o.Log.Close())
	}
	return d, err
}

func newDev(o DevOptions) (*Dev, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Log == nil {
		log, err := eventlog.NewMemory(eventlog.Retention{})
		if err != nil {
			return nil, err
		}
		o.Log = log
	}
	o.Hub.Log = o.Log
	o.Hub.Observer = logUpdates(o.Logger)
	o.Hub.Fanout.Observer = logSubscribers(o.Logger)
	h, err := hub.New(o.Hub)
	if err != nil {
		return nil, err
	}
	d := &Dev{hub: h, log: o.Log}
	if d.handler, err = devRoutes(h, o); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return d, nil
}

// devRoutes puts together what a Dev answers.
func devRoutes(h *hub.Hub, o DevOptions) (http.Handler, error) {
	compiler, err := protocol.NewCompiler(o.PublicURL)
	if err != nil {
		return nil, err
	}
	events, err := protocol.Handler(h, protocol.Options{
		Authorizer:   protocol.AllowAll(),
		Compiler:     compiler,
		Dialect:      o.Dialect,
		NoEnvelope:   o.NoEnvelope,
		AllowOrigin:  protocol.LoopbackOrigin,
		MaxBodyBytes: o.MaxBodyBytes,

		TakeOver:      o.TakeOver,
		NoCompression: o.NoCompression,
		MaxPerAddress: o.MaxPerAddress,
		ClientAddr:    protocol.ForwardedFor(o.TrustedProxies...),

		Logger: o.Logger,
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath, events)
	mux.Handle(protocol.DefaultPath+"/subscriptions", events)
	mux.Handle(protocol.DefaultPath+"/subscriptions/", events)
	mux.Handle("GET /debug/state", protocol.StateHandler(h))
	if o.BackupDir != "" {
		backups := &backupHandler{log: o.Log.(Backuper), dir: o.BackupDir, logger: o.Logger}
		mux.Handle("POST /debug/backup", new(http.CrossOriginProtection).Handler(backups))
	}
	mountAssets(mux)
	mux.HandleFunc("GET /{$}", serveDevPage)
	return protocol.LoopbackHost(mux), nil
}

// Handler implements [App].
func (d *Dev) Handler() http.Handler { return d.handler }

// Sockets returns how many connections were taken from the server for streams that have not ended.
func (d *Dev) Sockets() int { return d.hub.Sockets() }

// Shutdown implements [App]. It may be called again.
func (d *Dev) Shutdown(ctx context.Context) error {
	return errors.Join(d.hub.Shutdown(ctx), d.log.Close())
}
