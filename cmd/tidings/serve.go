package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/protocol"
)

// serveCommand is tidings serve.
type serveCommand struct {
	config.Serve
}

// Help is shown by tidings serve --help.
func (*serveCommand) Help() string {
	return `Runs a hub and prints its URL. Programs publish to it with a POST, browsers watch with an EventSource. Ctrl-C ends it; a second one kills it.

Updates are kept in the directory --data, so that subscribers that come back get what they missed, also after the hub was started anew. Only one hub can have it. 'tidings log' looks into it, and restores and erases.

Who may do what is said by access tokens (--issuer or --legacy-key, see 'tidings token'), by your application (--authorize-url), or by --anonymous and --open-publish for everybody. With --dev everybody may do everything, and for that reason the hub listens on a loopback address, accepts only requests for a loopback host, and answers only pages from loopback origins. It then also serves a page that says how to use it at /, and its state at /debug/state.

Examples:

    tidings serve --dev
    tidings serve --dev --data memory
    tidings serve --issuer https://app.example --key-file public.pem \
        --resource https://hub.example/.well-known/mercure
    tidings serve --anonymous --authorize-url http://127.0.0.1:3000/tidings
    tidings serve --dev --data /var/lib/tidings --retain-age 168h --retain 'newest:topic=prices'
    tidings serve --dev --addr 127.0.0.1:0 --retain-age 10m
    tidings serve --dev --tls-cert cert.pem --tls-key key.pem
    tidings serve --dev --max-per-address 100 --trusted-proxy 127.0.0.1
    TIDINGS_DEV=true TIDINGS_ADDR=127.0.0.1:9000 tidings serve`
}

// Run serves until ctx ends.
func (c *serveCommand) Run(ctx context.Context, std *streams) error {
	logger := c.Logger(std.err)
	defer holdHeapFloor()()
	o := listenOptions(&c.Listen, logger)
	o.LoopbackOnly, o.Stall = c.Dev, c.Stall
	o.MaxConnections, o.NotSentBytes = c.MaxConnections, c.NotSentBytes()
	metrics := new(server.Metrics)
	o.Refused, o.CertificateRead = metrics.ConnectionRefused, metrics.CertificateRead
	s, err := server.Listen(ctx, o)
	if err != nil {
		return err
	}
	defer s.Close()
	log, place, err := openLog(&c.Log, logger)
	if err != nil {
		return err
	}
	announce := func() {
		fmt.Fprintf(std.out, "Tidings hub: %s\nUpdates are kept %s\nIt takes %v\n",
			strings.TrimSuffix(s.URL(), "/")+protocol.DefaultPath, place, s.Ceiling())
	}
	if c.Dev {
		app, err := c.newDev(strings.TrimSuffix(s.URL(), "/")+protocol.DefaultPath, log, logger)
		if err != nil {
			return err
		}
		announce()
		return s.Serve(ctx, app)
	}
	world, err := newSite(&c.Serve, log, metrics, logger)
	if err != nil {
		return err
	}
	operators, api, err := world.operatorServer(ctx, &c.Serve, log, logger, std.out)
	if err != nil {
		return errors.Join(err, world.app.Shutdown(ctx))
	}
	announce()
	if operators == nil {
		return s.Serve(ctx, world.app)
	}
	return serveBoth(ctx, s, world.app, operators, api)
}

// serveBoth serves the hub and its operators' API until ctx ends, or one of them fails; then the other ends too.
func serveBoth(ctx context.Context, s *server.Server, app server.App, operators *server.Server, api server.App) error {
	ctx, end := context.WithCancel(ctx)
	defer end()
	failed := make(chan error, 1)
	go func() {
		defer end()
		failed <- operators.Serve(ctx, api)
	}()
	err := s.Serve(ctx, app)
	end()
	return errors.Join(err, <-failed)
}

// newDev starts a hub on which everybody may do everything.
func (c *serveCommand) newDev(hubURL string, log eventlog.Log, logger *slog.Logger) (*server.Dev, error) {
	var dialect protocol.Dialects
	if err := dialect.UnmarshalText([]byte(c.Dialect)); err != nil {
		return nil, errors.Join(err, log.Close())
	}
	return server.NewDev(server.DevOptions{
		Hub:          c.HubOptions(),
		Log:          log,
		BackupDir:    c.BackupDir,
		MaxBodyBytes: int64(c.MaxBodyBytes),
		PublicURL:    cmp.Or(c.PublicURL, hubURL),
		Dialect:      dialect,
		NoEnvelope:   c.NoEnvelope,

		TakeOver:       c.TakeOver(),
		NoCompression:  c.NoCompress,
		MaxPerAddress:  c.MaxPerAddress,
		TrustedProxies: c.Proxies(),

		Logger: logger,
	})
}

// openLog opens the log that the settings ask for, and says where it is.
func openLog(c *config.Log, logger *slog.Logger) (eventlog.Log, string, error) {
	if c.InMemory() {
		log, err := eventlog.NewMemory(c.Retention())
		return log, "in memory: they are forgotten when the hub ends", err
	}
	o := c.DiskOptions()
	o.Logger = logger
	log, err := disk.Open(c.Data, o)
	if err != nil {
		return nil, "", logError(err)
	}
	place := c.Data
	if absolute, err := filepath.Abs(c.Data); err == nil {
		place = absolute
	}
	return log, fmt.Sprintf("in %s (head %d, sync %v)", printable(place), log.Head(), o.Sync), nil
}

// listenOptions returns what the settings of every server say.
func listenOptions(l *config.Listen, logger *slog.Logger) server.Options {
	return server.Options{
		Addr:     l.Addr,
		CertFile: l.TLSCert,
		KeyFile:  l.TLSKey,
		Grace:    l.Grace,
		Logger:   logger,
	}
}
