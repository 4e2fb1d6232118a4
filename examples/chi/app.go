package chi

import (
	"context"
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

// user is who the application knows by a session.
type user struct{ name string }

type userKey struct{}

// sessions is the application's middleware. A real one would look the cookie up in its store.
func sessions(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if cookie, err := r.Cookie("session"); err == nil {
			r = r.WithContext(context.WithValue(r.Context(), userKey{}, &user{name: cookie.Value}))
		}
		next.ServeHTTP(w, r)
	})
}

// errNoSession is logged, and not told to the client.
var errNoSession = errors.New("the request has no session")

// grant says what the user of a request may do: publish to topics below the own name, and receive what is private there.
func grant(r *http.Request) (protocol.Access, error) {
	u, ok := r.Context().Value(userKey{}).(*user)
	if !ok {
		return protocol.Access{}, errNoSession
	}
	own, err := topic.CompileTemplate("https://app.example/users/" + u.name + "/{thing}")
	if err != nil {
		return protocol.Access{}, err
	}
	return protocol.Access{
		Grant:    topic.Grant{Publish: topic.Matchers{own}, Subscribe: topic.Matchers{own}},
		Scope:    u.name,
		ByCookie: true, // browsers send it from any page: publishing takes an Origin that is ours
	}, nil
}

// NewApp returns an application with a hub in it.
func NewApp(h *hub.Hub) (http.Handler, error) {
	events, err := protocol.Handler(h, protocol.Options{
		Authorizer: protocol.AuthorizerFunc(grant),
		// The middleware here neither logs nor times what a stream writes, so the stream may have its socket to itself.
		TakeOver: true,
	})
	if err != nil {
		return nil, err
	}
	router := chi.NewRouter()
	router.Use(middleware.RequestID, sessions)
	router.Get("/", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("the application")) })
	router.Handle(protocol.DefaultPath, events)
	return router, nil
}
