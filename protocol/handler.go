package protocol

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/topic"
)

// DefaultPath is the path at which clients expect a hub.
const DefaultPath = "/.well-known/mercure"

// Options configure the handlers. The zero value is a hub that everybody may listen to and nobody publish to.
type Options struct {
	// Authorizer says what a request may do, usually [Tokens]. Without one, subscribers receive public updates and
	// publishing is refused.
	Authorizer Authorizer
	// PublicURL is the hub's URL as its clients know it, for example https://hub.example/.well-known/mercure. Relative
	// URL Patterns and relative topics are relative to it, its origin is the hub's own, and refusals name the address of
	// the metadata that belongs to it (see [MetadataPath]). Without it, they are relative to [DefaultPath] on a host that
	// nobody knows, and refusals name no metadata.
	PublicURL string
	// Compiler makes the matchers that subscribers ask for. Give the one that makes those of tokens too (see
	// [TokenMatcher]), so that equal patterns are shared. Default: [NewCompiler] of PublicURL.
	Compiler *topic.Compiler
	// Dialect says which versions of the protocol are spoken; by default both are.
	Dialect Dialects
	// AllowOrigin says which foreign origins, such as "https://app.example", pages may come from that read
	// streams and publish, also with credentials. Without it there are none: pages of the hub's own origin can
	// do both, others neither. Clients that are no browsers are not concerned.
	AllowOrigin func(origin string) bool
	// MaxBodyBytes bounds the body of a publication. The default is as much as an update within the hub's limits
	// can take, also with each byte percent-encoded, so that it is the hub's limit that is met first and named.
	MaxBodyBytes int64
	// MaxQueryBytes bounds the body of a QUERY. The default is as much as a subscription within the hub's limits can
	// take, also with each byte percent-encoded.
	MaxQueryBytes int64
	// MaxLines bounds the updates in one request of newline-delimited JSON; default 10,000. MaxBodyBytes bounds
	// its size.
	MaxLines int
	// MaxPerAddress bounds the streams that one client address may have at once on this handler; 0 for no bound.
	// IPv6 addresses are counted by their /64. Beyond it a stream is refused with 429.
	MaxPerAddress int
	// MaxPerSubject bounds the streams that one subject of tokens may have at once on this handler; 0 for no bound.
	// Beyond it a stream is refused with 429. A token without a subject is counted by itself, by its [auth.Token].Hash;
	// who has no token is not counted.
	MaxPerSubject int
	// ClientAddr says which address a request counts for under MaxPerAddress; the zero Addr is not counted. Default:
	// the other end of the connection. Behind proxies it is what [ForwardedFor] returns. It is called from many
	// goroutines at once.
	ClientAddr func(*http.Request) netip.Addr
	// TakeOver lets streams over HTTP/1.x in clear be written to their sockets directly, on Linux, which costs a small
	// part of the memory and time. The handler then returns as soon as the stream has begun, and the server no longer
	// knows of the connection: middleware around the handler sees neither the stream's bytes nor its end, and
	// http.Server.Shutdown does not wait for it; [hub.Hub.Shutdown] does.
	TakeOver bool
	// NoEnvelope refuses streams whose updates say their topics, for hubs whose topic names are secret.
	NoEnvelope bool
	// NoCompression keeps streams plain for clients that accept gzip.
	NoCompression bool
	// Logger, if not nil, is told of every request that is refused, and why: at level Error what is no fault of the
	// client's, at Info what its rights or its origin did not suffice for, at Debug the rest. It is never told of a
	// query or a header. The header X-Request-Id of a refusal is the attribute "request" of the log.
	Logger *slog.Logger
}

// Validate refuses settings that cannot work, naming the fields.
func (o Options) Validate() error {
	switch {
	case o.MaxBodyBytes < 0:
		return fmt.Errorf("protocol: Options.MaxBodyBytes is negative: %d", o.MaxBodyBytes)
	case o.MaxQueryBytes < 0:
		return fmt.Errorf("protocol: Options.MaxQueryBytes is negative: %d", o.MaxQueryBytes)
	case o.Dialect > OnlyLegacy:
		return fmt.Errorf("protocol: Options.Dialect is none of the known ones: %d", o.Dialect)
	case o.MaxLines < 0:
		return fmt.Errorf("protocol: Options.MaxLines is negative: %d", o.MaxLines)
	case o.MaxPerAddress < 0:
		return fmt.Errorf("protocol: Options.MaxPerAddress is negative: %d", o.MaxPerAddress)
	case o.MaxPerSubject < 0:
		return fmt.Errorf("protocol: Options.MaxPerSubject is negative: %d", o.MaxPerSubject)
	}
	if _, err := parsePublicURL(o.PublicURL); err != nil {
		return err
	}
	if v, ok := o.Authorizer.(interface{ Validate() error }); ok {
		return v.Validate()
	}
	return nil
}

// maxQueryBytes returns the limit of a QUERY's body under l.
func (o Options) maxQueryBytes(l hub.Limits) int64 {
	if o.MaxQueryBytes > 0 {
		return o.MaxQueryBytes
	}
	return 3*int64(l.Matchers*l.TopicBytes+longestCursor) + 64<<10
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

// Handler returns the handler of the hub's URL: it answers GET and QUERY with a stream, POST by publishing, HEAD and
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
	hub         *hub.Hub
	options     Options
	fixed       topic.Matchers // of a StreamHandler
	methods     string         // as the header Allow has them
	public      *url.URL       // of the hub; a stand-in if it is not known
	metadataURL string         // for challenges; "" if the public URL is not known
	compiler    *topic.Compiler
	urls        topic.Matcher // see namespace
	limits      hub.Limits
	stall       time.Duration
	maxBody     int64
	maxQuery    int64
	maxLines    int
	addresses   *addressCounts
	subjects    subjectCounts
	failures    failures
	guard       http.CrossOriginProtection
}

func newHandler(h *hub.Hub, o Options, fixed topic.Matchers) (http.Handler, error) {
	if h == nil {
		return nil, errors.New("protocol: no hub")
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	public, err := parsePublicURL(o.PublicURL)
	if err != nil {
		return nil, err
	}
	if o.Compiler == nil {
		if o.Compiler, err = NewCompiler(o.PublicURL); err != nil {
			return nil, err
		}
	}
	urls, err := o.Compiler.Pattern(anyURL)
	if err != nil {
		return nil, fmt.Errorf("protocol: %w", err)
	}
	methods := "GET, HEAD, OPTIONS, POST, QUERY"
	if fixed != nil {
		methods = "GET, HEAD, OPTIONS"
	}
	limits := h.Options().Limits
	made := &handler{
		hub: h, options: o, fixed: fixed, methods: methods,
		public: public, compiler: o.Compiler, urls: urls,
		limits: limits, stall: h.Options().Fanout.Stall,
		maxBody: o.maxBodyBytes(limits), maxQuery: o.maxQueryBytes(limits), maxLines: cmp.Or(o.MaxLines, 10_000),
		addresses: newAddressCounts(o, h.Options().Observer.Refused),
		subjects:  subjectCounts{max: o.MaxPerSubject, refused: h.Options().Observer.Refused},
	}
	if o.PublicURL != "" && o.Dialect != OnlyLegacy {
		made.metadataURL = metadataURL(public)
	}
	return made, nil
}

// ServeHTTP implements [http.Handler].
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var s *stream
	if r.ProtoMajor == 1 || r.Method == http.MethodPost {
		s = h.begin(w, r)
	} else {
		apart(func() { s = h.begin(w, r) })
	}
	if s != nil {
		h.follow(w, r, s)
	}
}

// begin answers r, or begins the stream that is the answer.
func (h *handler) begin(w http.ResponseWriter, r *http.Request) *stream {
	s, err := h.serve(w, r)
	if err == nil && s != nil {
		s, err = h.stream(w, r, s)
	}
	if err != nil {
		writeProblem(w, h.refuse(r, err))
		return nil
	}
	return s
}

// apart runs f in a goroutine of its own, and waits for it. What begins a stream needs 8 KB of stack, what follows it
// 4 KB: an HTTP/2 stream keeps the goroutine that it begins in, and a stack that has grown seldom shrinks.
func apart(f func()) {
	done := make(chan any)
	go func() {
		defer func() { done <- recover() }()
		f()
	}()
	if failure := <-done; failure != nil {
		panic(failure) // the server knows what to do
	}
}

// serve answers r, or returns the stream that is the answer.
func (h *handler) serve(w http.ResponseWriter, r *http.Request) (*stream, error) {
	if err := h.admit(w, r); err != nil {
		return nil, err
	}
	if at, found := h.findSubscriptions(r); found {
		return nil, h.serveSubscriptions(w, r, at)
	}
	if h.fixed == nil && r.Method != http.MethodPost {
		w.Header().Set("Accept-Query", typeForm)
	}
	switch {
	case r.Method == http.MethodGet, r.Method == http.MethodHead, r.Method == methodQuery && h.fixed == nil:
		return h.subscribe(w, r)
	case r.Method == http.MethodPost && h.fixed == nil:
		return nil, h.publish(w, r)
	case r.Method == http.MethodOptions:
		h.options204(w)
		return nil, nil
	}
	return nil, methodNotAllowed(w, r, h.methods)
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
