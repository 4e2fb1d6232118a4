package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/internal/server"
	"github.com/tidings-hub/tidings/protocol"
)

// site is a hub for the world, with what belongs to it.
type site struct {
	app         *server.Site
	metrics     *server.Metrics
	revocations *auth.Revocations
}

// newSite starts the hub that the settings ask for, on a log that belongs to it from now on.
func newSite(c *config.Serve, log eventlog.Log, metrics *server.Metrics, logger *slog.Logger) (*site, error) {
	s := &site{metrics: metrics}
	tokens, err := s.tokens(c, logger)
	if err != nil {
		return nil, errors.Join(err, log.Close())
	}
	o := server.SiteOptions{
		Hub:      c.HubOptions(),
		Log:      log,
		Protocol: tokens.options,
		Metrics:  s.metrics,
		Close:    tokens.close,
		Logger:   logger,
	}
	if c.Resource != "" && c.Dialect != protocol.OnlyLegacy.String() { // clients of 1.0 look for it
		o.Metadata = &protocol.Metadata{Resource: c.Resource, Cookie: protocol.DefaultCookie, Subscriptions: c.Subscriptions}
	}
	s.app, err = server.NewSite(o)
	return s, err
}

// judges are what says who may do what.
type judges struct {
	options protocol.Options
	closers []func()
}

func (j *judges) close() {
	for _, close := range j.closers {
		close()
	}
}

// tokens returns the protocol's options, in which the settings say who may do what.
func (s *site) tokens(c *config.Serve, logger *slog.Logger) (*judges, error) {
	var dialect protocol.Dialects
	err := dialect.UnmarshalText([]byte(c.Dialect))
	if err != nil {
		return nil, err
	}
	public := cmp.Or(c.PublicURL, publicURL(c.Resource))
	compiler, err := protocol.NewCompiler(public)
	if err != nil {
		return nil, err
	}
	s.metrics.GivenUp = compiler.GivenUp
	authorizer := protocol.Tokens{
		Anonymous: c.Anonymous, OpenPublish: c.OpenPublish, NoQueryToken: c.NoQueryToken || dialect == protocol.OnlyModern,
	}
	j := &judges{}
	matcher := protocol.TokenMatcher(compiler)
	asking, ask := c.AskerOptions(matcher)
	if c.HasTokens() || ask {
		if s.revocations, err = openRevocations(c); err != nil {
			return nil, err
		}
	}
	if c.HasTokens() {
		o := c.VerifierOptions(matcher)
		o.Revoked, o.Logger = s.revocations.Revoked, logger
		o.NoLegacy = dialect == protocol.OnlyModern
		if authorizer.Verifier, err = auth.New(o); err != nil {
			return nil, err
		}
		j.closers = append(j.closers, authorizer.Verifier.Close)
	}
	if ask {
		asking.Revoked = s.revocations.Revoked
		if authorizer.Asker, err = auth.NewAsker(asking); err != nil {
			j.close()
			return nil, err
		}
		j.closers = append(j.closers, authorizer.Asker.Close)
	}
	j.options = protocol.Options{
		Authorizer:    authorizer,
		PublicURL:     public,
		Compiler:      compiler,
		Dialect:       dialect,
		AllowOrigin:   c.AllowsOrigin,
		MaxBodyBytes:  int64(c.MaxBodyBytes),
		MaxPerAddress: c.MaxPerAddress,
		MaxPerSubject: c.MaxPerSubject,
		ClientAddr:    protocol.ForwardedFor(c.Proxies()...),
		TakeOver:      c.TakeOver(),
		NoCompression: c.NoCompress,
		NoEnvelope:    c.NoEnvelope,
	}
	return j, nil
}

// publicURL returns the hub's URL if its resource identifier is one, as it usually is.
func publicURL(resource string) string {
	if strings.HasPrefix(resource, "https://") || strings.HasPrefix(resource, "http://") {
		return resource
	}
	return ""
}

// openRevocations returns the tokens that were revoked, kept beside the log unless the settings say otherwise.
func openRevocations(c *config.Serve) (*auth.Revocations, error) {
	path := c.RevocationFile
	if path == "" && !c.InMemory() {
		path = filepath.Clean(c.Data) + ".revoked" // the directory is the log's own
	}
	if path == "" {
		return auth.NewRevocations(c.MaxRevocations, nil), nil
	}
	return auth.OpenRevocations(path, c.MaxRevocations, nil)
}

// operatorServer listens for operators, if the settings ask for that.
func (s *site) operatorServer(ctx context.Context, c *config.Serve, log eventlog.Log, logger *slog.Logger, out io.Writer) (*server.Server, server.App, error) {
	if c.OperatorAddr == "" {
		return nil, nil, nil
	}
	o := server.OperatorOptions{
		Token: c.OperatorToken, Hub: s.app.Hub(), Metrics: s.metrics, Revocations: s.revocations,
		BackupDir: c.BackupDir, Logger: logger,
	}
	if c.BackupDir != "" {
		backups, ok := log.(server.Backuper)
		if !ok {
			return nil, nil, errors.New("--backup-dir needs a log on disk")
		}
		o.Log = backups
	}
	handler, err := server.NewOperator(o)
	if err != nil {
		return nil, nil, err
	}
	l := listenOptions(&c.Listen, logger)
	l.Addr, l.CertificateRead = c.OperatorAddr, s.metrics.CertificateRead
	listener, err := server.Listen(ctx, l)
	if err != nil {
		return nil, nil, err
	}
	fmt.Fprintf(out, "Operators: %s\n", listener.URL())
	return listener, plainApp{handler}, nil
}

// plainApp is a handler that has nothing to end.
type plainApp struct{ handler http.Handler }

func (a plainApp) Handler() http.Handler        { return a.handler }
func (plainApp) Shutdown(context.Context) error { return nil }
