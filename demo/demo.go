package demo

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/tidings-hub/tidings/hub"
)

// Options configure a demo. The zero value works.
type Options struct {
	// Logger is told if an event cannot be published. Default: nobody is.
	Logger *slog.Logger
	// Hub configures the hub that carries the clocks. Default: one that keeps its events in memory.
	Hub hub.Options
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	if err := o.Hub.Validate(); err != nil {
		return fmt.Errorf("demo: Options.Hub: %w", err)
	}
	return nil
}

// Demo is a running demo. Its methods may be called from any goroutine.
type Demo struct {
	hub     *hub.Hub
	zones   []zone
	items   *items
	streams *streams // of /clocks, by page
	shared  *streams // of /shared, by browser
	handler http.Handler
	logger  *slog.Logger

	published atomic.Uint64
	stop      context.CancelFunc
	running   sync.WaitGroup
}

// New starts a demo; its clocks tick from now on. End it with [Demo.Shutdown] or [Demo.Close].
func New(o Options) (*Demo, error) { return start(o, nextSecond) }

// start is New with a clock of the caller's: next waits for the next second and returns it.
func start(o Options, next waiter) (*Demo, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	zones, err := loadZones()
	if err != nil {
		return nil, err
	}
	h, err := hub.New(o.Hub)
	if err != nil {
		return nil, fmt.Errorf("demo: cannot start hub: %w", err)
	}
	d := &Demo{hub: h, zones: zones, items: newItems(), streams: newStreams("page"), shared: newStreams("browser"), logger: o.Logger}
	if d.logger == nil {
		d.logger = slog.New(slog.DiscardHandler)
	}
	if d.handler, err = d.routes(); err != nil {
		_ = h.Close() // the error is that of routes
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	d.stop = cancel
	d.running.Go(func() { d.tick(ctx, next) })
	return d, nil
}

// Handler returns the site. It belongs at the root of a host.
func (d *Demo) Handler() http.Handler { return d.handler }

// Shutdown stops the clocks and then the hub, which ends every stream behind the event that it is in. It waits
// until all have ended; if ctx ends first, the rest are cut, and the error is that of ctx. It may be called again.
func (d *Demo) Shutdown(ctx context.Context) error {
	d.stopClocks()
	if err := d.hub.Shutdown(ctx); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

// Close ends the demo at once: streams are cut. It may be called again.
func (d *Demo) Close() error {
	d.stopClocks()
	if err := d.hub.Close(); err != nil {
		return fmt.Errorf("demo: %w", err)
	}
	return nil
}

func (d *Demo) stopClocks() {
	d.stop()
	d.running.Wait()
}
