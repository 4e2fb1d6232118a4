package protocol_test

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"

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
