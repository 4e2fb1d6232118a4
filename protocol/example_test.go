package protocol_test

import (
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/sse"
	"github.com/tidings-hub/tidings/topic"
)

// A hub inside of another program: a few lines make it a part of any net/http server. Here everybody may publish;
// a program of consequence passes an [protocol.Authorizer] of its own.
func ExampleHandler() {
	h, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle(protocol.DefaultPath, handler)
	server := httptest.NewServer(mux)
	defer server.Close()
	defer h.Close() // first: it ends the streams, for which the server waits

	hubURL := server.URL + protocol.DefaultPath
	stream, err := http.Get(hubURL + "?topic=weather")
	if err != nil {
		log.Fatal(err)
	}
	defer stream.Body.Close()
	published, err := http.PostForm(hubURL, url.Values{"topic": {"weather"}, "type": {"forecast"}, "data": {"sunny"}})
	if err != nil {
		log.Fatal(err)
	}
	defer published.Body.Close()

	for event, err := range sse.Read(stream.Body, sse.Options{}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(event.Type, event.Data)
		break
	}
	// Output: forecast sunny
}

// Many updates in one request: each line is one, and has a line in the answer.
func ExampleHandler_lines() {
	h, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: protocol.AllowAll()})
	if err != nil {
		log.Fatal(err)
	}
	lines := `{"topic": "orders/1", "id": "order-1", "data": {"state": "paid"}, "key": "7b1e"}
{"topic": "orders/1", "id": "order-1", "data": {"state": "paid"}, "key": "7b1e"}
{"topic": "orders/2", "private": "yes"}`
	r := httptest.NewRequest(http.MethodPost, protocol.DefaultPath, strings.NewReader(lines))
	r.Header.Set("Content-Type", "application/x-ndjson")
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Print(w.Body)
	// Output:
	// {"id":"order-1"}
	// {"id":"order-1","replayed":true}
	// {"line":3,"status":400,"detail":"member \"private\" cannot be a JSON string","field":"private"}
}

// A stream of fixed topics under a path of its own, for people who point a browser or curl at it.
func ExampleStreamHandler() {
	h, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	news, err := protocol.StreamHandler(h, protocol.Options{}, topic.Matchers{topic.Exact("news")})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/news", news)

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodHead, "/news", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	// Output: 200 text/event-stream
}

// Signed tokens say who may do what. What makes the matchers of tokens makes those of subscribers too, so that equal
// patterns are one.
func ExampleTokens() {
	const hubURL = "https://hub.example/.well-known/mercure"
	compiler, err := protocol.NewCompiler(hubURL)
	if err != nil {
		log.Fatal(err)
	}
	key := []byte("32 bytes or more, the application knows them too")
	verifier, err := auth.New(auth.Options{
		Issuers:  []auth.Issuer{{ID: "https://app.example", Keys: []auth.Key{{Secret: key}}}},
		Resource: hubURL,
		Matcher:  protocol.TokenMatcher(compiler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()
	h, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	handler, err := protocol.Handler(h, protocol.Options{
		Authorizer: protocol.Tokens{Verifier: verifier, Anonymous: true},
		PublicURL:  hubURL,
		Compiler:   compiler,
	})
	if err != nil {
		log.Fatal(err)
	}

	signer, err := auth.NewSigner(auth.SigningKey{Secret: key})
	if err != nil {
		log.Fatal(err)
	}
	token, err := signer.Sign(auth.Claims{
		Issuer: "https://app.example", Audience: []string{hubURL}, Expires: time.Now().Add(time.Minute),
		Details: []auth.ClaimDetail{{
			Actions: []string{"publish"}, Topics: []auth.ClaimTopic{{Match: "/orders/:id", MatchType: auth.KindURLPattern}},
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	for _, topic := range []string{"/orders/7", "/users/7"} {
		r := httptest.NewRequest(http.MethodPost, hubURL, strings.NewReader("id=event-1&topic="+topic))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(topic, w.Code)
	}
	// Output:
	// /orders/7 200
	// /users/7 403
}

// A program that knows its users by itself grants without tokens. Rights that come from a cookie say so, so that pages
// of others cannot publish with it.
func ExampleAuthorizerFunc() {
	users := map[string]string{"s3ss10n": "ada"} // by session
	authorizer := protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
		session, err := r.Cookie("session")
		if err != nil {
			return protocol.Access{}, nil // a guest: public updates only
		}
		user, ok := users[session.Value]
		if !ok {
			return protocol.Access{}, errors.New("no such session")
		}
		own := topic.Matchers{topic.Exact("/users/" + user)}
		return protocol.Access{
			Grant:    topic.Grant{Publish: own, Subscribe: own},
			Expires:  time.Now().Add(time.Hour), // then the stream ends, and its client comes back
			Scope:    user,
			ByCookie: true,
		}, nil
	})
	h, err := hub.New(hub.Options{})
	if err != nil {
		log.Fatal(err)
	}
	defer h.Close()
	handler, err := protocol.Handler(h, protocol.Options{Authorizer: authorizer})
	if err != nil {
		log.Fatal(err)
	}
	for _, origin := range []string{"https://example.com", "https://evil.example", ""} {
		r := httptest.NewRequest(http.MethodPost, "https://example.com"+protocol.DefaultPath, strings.NewReader("topic=/users/ada"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Cookie", "session=s3ss10n")
		if origin != "" {
			r.Header.Set("Origin", origin)
		}
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Println(origin, w.Code)
	}
	// Output:
	// https://example.com 200
	// https://evil.example 403
	//  403
}
