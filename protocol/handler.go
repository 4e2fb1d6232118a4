package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// DefaultPath is the path at which clients expect a hub.
const DefaultPath = "/.well-known/mercure"

// Authorizer says what a request may do. It is called from many goroutines at once.
type Authorizer interface {
	// Authorize returns the grant of the request's sender. Whoever presents nothing gets the zero Grant, which
	// receives public updates and publishes nothing. An error refuses the request with 401; its text is logged
	// and not sent.
	Authorize(r *http.Request) (topic.Grant, error)
}

// AuthorizerFunc is a function that is an [Authorizer].
type AuthorizerFunc func(r *http.Request) (topic.Grant, error)

// Authorize implements [Authorizer].
func (f AuthorizerFunc) Authorize(r *http.Request) (topic.Grant, error) { return f(r) }

// AllowAll returns an Authorizer that lets everybody publish everything and receive every private update. It is
// for development and for networks that only friends can reach.
func AllowAll() Authorizer {
	return AuthorizerFunc(func(*http.Request) (topic.Grant, error) { return topic.All(), nil })
}

// Options configure the handlers. The zero value is a hub that everybody may listen to and nobody publish to.
type Options struct {
	// Authorizer says what a request may do. Without one, subscribers receive public updates and publishing is
	// refused.
	Authorizer Authorizer
	// AllowOrigin says which foreign origins, such as "https://app.example", pages may come from that read
	// streams and publish, also with credentials. Without it there are none: pages of the hub's own origin can
	// do both, others neither. Clients that are no browsers are not concerned.
	AllowOrigin func(origin string) bool
	// MaxBodyBytes bounds the body of a publication. The default is as much as an update within the hub's limits
	// can take, also with each byte percent-encoded, so that it is the hub's limit that is met first and named.
	MaxBodyBytes int64
	// MaxLines bounds the updates in one request of newline-delimited JSON; default 10,000. MaxBodyBytes bounds
	// its size.
	MaxLines int
	// MaxPerAddress bounds the streams that one client address may have at once on this handler; 0 for no bound.
	// IPv6 addresses are counted by their /64. Beyond it a stream is refused with 429.
	MaxPerAddress int
	// ClientAddr says which address a request counts for under MaxPerAddress; the zero Addr is not counted. Default:
	// the other end of the connection. Behind proxies it is what [ForwardedFor] returns. It is called from many
	// goroutines at once.
	ClientAddr func(*http.Request) netip.Addr
	// TakeOver lets streams over HTTP/1.x in clear be written to their sockets directly, on Linux, which costs a small
	// part of the memory and time. The handler then returns as soon as the stream has begun, and the server no longer
	// knows of the connection: middleware around the handler sees neither the stream's bytes nor its end, and
	// http.Server.Shutdown does not wait for it; [hub.Hub.Shutdown] does.
	TakeOver bool
	// NoCompression keeps streams plain for clients that accept gzip.
	NoCompression bool
	// Logger, if not nil, is told of requests that failed by no fault of the client's, and why authorization
	// was refused.
	Logger *slog.Logger
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	switch {
	case o.MaxBodyBytes < 0:
		return fmt.Errorf("protocol: Options.MaxBodyBytes is negative: %d", o.MaxBodyBytes)
	case o.MaxLines < 0:
		return fmt.Errorf("protocol: Options.MaxLines is negative: %d", o.MaxLines)
	case o.MaxPerAddress < 0:
		return fmt.Errorf("protocol: Options.MaxPerAddress is negative: %d", o.MaxPerAddress)
	}
	return nil
}

// maxBodyBytes returns the body's limit under l: three bytes for each that an update may have, and some for the
// fields' names and those fields that are ignored.
func (o Options) maxBodyBytes(l hub.Limits) int64 {
	if o.MaxBodyBytes > 0 {
		return o.MaxBodyBytes
	}
	texts := l.DataBytes + l.IDBytes + l.TypeBytes + l.Topics*l.TopicBytes
	return 3*int64(texts) + 64<<10
}

// Handler returns the handler of the hub's URL: it answers GET with a stream, POST by publishing, HEAD and
// OPTIONS. The path at which it is mounted is the hub's own: topics that are URLs with this path or one below
// it, or with [DefaultPath], cannot be published to.
//
// A handler serves a stream until it ends, so the server's WriteTimeout is lifted for it. After
// [hub.Hub.Shutdown] all streams have ended and further requests are answered with 503. Middleware must let
// flushing through (http.Flusher, or Unwrap as [http.ResponseController] has it).
func Handler(h *hub.Hub, o Options) (http.Handler, error) {
	return newHandler(h, o, nil)
}

// StreamHandler returns a handler that answers GET with a stream of what ms select, under any path. The
// parameters that select no topics work as on the hub's URL.
func StreamHandler(h *hub.Hub, o Options, ms topic.Matchers) (http.Handler, error) {
	if len(ms) == 0 {
		return nil, errors.New("protocol: StreamHandler without matchers")
	}
	return newHandler(h, o, ms)
}

// handler serves a hub: what the query asks for and publishing, or a stream of fixed topics only.
type handler struct {
	hub       *hub.Hub
	options   Options
	fixed     topic.Matchers // of a StreamHandler
	methods   string         // as the header Allow has them
	limits    hub.Limits
	stall     time.Duration
	maxBody   int64
	maxLines  int
	addresses *addressCounts
	guard     http.CrossOriginProtection
}

func newHandler(h *hub.Hub, o Options, fixed topic.Matchers) (http.Handler, error) {
	if h == nil {
		return nil, errors.New("protocol: no hub")
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	methods := "GET, HEAD, OPTIONS, POST"
	if fixed != nil {
		methods = "GET, HEAD, OPTIONS"
	}
	limits := h.Options().Limits
	return &handler{
		hub: h, options: o, fixed: fixed, methods: methods,
		limits: limits, stall: h.Options().Fanout.Stall, maxBody: o.maxBodyBytes(limits),
		maxLines: cmp.Or(o.MaxLines, 10_000), addresses: newAddressCounts(o, h.Options().Observer.Refused),
	}, nil
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h.serve(w, r); err != nil {
		writeProblem(w, h.explain(r, err))
	}
}

func (h *handler) serve(w http.ResponseWriter, r *http.Request) error {
	if err := h.admit(w, r); err != nil {
		return err
	}
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodHead:
		return h.subscribe(w, r)
	case r.Method == http.MethodPost && h.fixed == nil:
		return h.publish(w, r)
	case r.Method == http.MethodOptions:
		h.options204(w)
		return nil
	}
	return methodNotAllowed(w, r, h.methods)
}

// authorize returns what r may do.
func (h *handler) authorize(w http.ResponseWriter, r *http.Request) (topic.Grant, error) {
	if h.options.Authorizer == nil {
		return topic.Grant{}, nil
	}
	grant, err := h.options.Authorizer.Authorize(r)
	if err != nil {
		h.log(r, slog.LevelInfo, "authorization refused", err)
		w.Header().Set("WWW-Authenticate", "Bearer")
		return topic.Grant{}, &problem{
			Status: http.StatusUnauthorized, Detail: "the request's credentials are not accepted",
		}
	}
	return grant, nil
}

func (h *handler) log(r *http.Request, level slog.Level, message string, err error) {
	if gone := r.Context().Err(); gone != nil && errors.Is(err, gone) {
		return // it failed because the client has left
	}
	if h.options.Logger != nil {
		h.options.Logger.Log(r.Context(), level, message, "method", r.Method, "path", r.URL.Path, "error", err)
	}
}

// methodNotAllowed refuses r's method and names those that are allowed, as the header Allow has them.
func methodNotAllowed(w http.ResponseWriter, r *http.Request, allowed string) *problem {
	w.Header().Set("Allow", allowed)
	return &problem{
		Status: http.StatusMethodNotAllowed,
		Detail: fmt.Sprintf("method %s is not allowed here, only %s",
			quote(r.Method), strings.ReplaceAll(allowed, ",", "")),
	}
}
