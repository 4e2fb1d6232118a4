package protocol_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/protocol"
)

func TestLink(t *testing.T) {
	const hubURL = "https://hub.example/.well-known/mercure"
	tests := []struct {
		name    string
		url     string
		options protocol.LinkOptions
		want    []string
		problem string
	}{
		{"plain", hubURL, protocol.LinkOptions{}, []string{`<` + hubURL + `>; rel="mercure"`}, ""},
		{"relative", "/hub", protocol.LinkOptions{}, []string{`</hub>; rel="mercure"`}, ""},
		{
			"everything", hubURL,
			protocol.LinkOptions{Self: "/books/1", LastEventID: "#e.7", ContentType: "application/json", Type: "change"},
			[]string{
				`<` + hubURL + `>; rel="mercure"; last-event-id="#e.7"; content-type="application/json"; type="change"`,
				`</books/1>; rel="self"`,
			},
			"",
		},
		{
			"quotes", hubURL,
			protocol.LinkOptions{LastEventID: `id-["ü\"]`},
			[]string{`<` + hubURL + `>; rel="mercure"; last-event-id="id-[\"ü\\\"]"`},
			"",
		},
		{"no URL", "", protocol.LinkOptions{}, nil, "hub's URL"},
		{"URL with an end", "https://hub.example/>; rel=x", protocol.LinkOptions{}, nil, "hub's URL"},
		{"line end in the URL", "https://hub.example/\r\nX: y", protocol.LinkOptions{}, nil, "hub's URL"},
		{"line end in the id", hubURL, protocol.LinkOptions{LastEventID: "a\nb"}, nil, "LastEventID"},
		{"NUL in the type", hubURL, protocol.LinkOptions{Type: "a\x00"}, nil, "Type"},
		{"broken UTF-8", hubURL, protocol.LinkOptions{ContentType: "\xff"}, nil, "ContentType"},
		{"blank in the topic", hubURL, protocol.LinkOptions{Self: "a b"}, nil, "Self"},
		{"line end in the topic", hubURL, protocol.LinkOptions{Self: "a\rb"}, nil, "Self"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := protocol.Link(tt.url, tt.options)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
			if (err != nil) != (tt.problem != "") || err != nil && !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A publisher's own server says where updates of what it serves come from.
func ExampleLink() {
	links, err := protocol.Link("https://hub.example/.well-known/mercure", protocol.LinkOptions{Self: "/books/1", LastEventID: "#e.7"})
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	for _, link := range links {
		w.Header().Add("Link", link)
	}
	for _, link := range w.Header().Values("Link") {
		fmt.Println(link)
	}
	// Output:
	// <https://hub.example/.well-known/mercure>; rel="mercure"; last-event-id="#e.7"
	// </books/1>; rel="self"
}

func TestMetadata(t *testing.T) {
	tests := []struct {
		name     string
		metadata protocol.Metadata
		want     map[string]any
	}{
		{"least", protocol.Metadata{Resource: publicURL}, map[string]any{
			"resource":                              publicURL,
			"authorization_details_types_supported": []any{"https://mercure.rocks/authorization-detail"},
			"bearer_methods_supported":              []any{"header"},
		}},
		{
			"all",
			protocol.Metadata{Resource: publicURL, AuthorizationServers: []string{issuer}, Cookie: "c", Subscriptions: true},
			map[string]any{
				"resource":                              publicURL,
				"authorization_servers":                 []any{issuer},
				"authorization_details_types_supported": []any{"https://mercure.rocks/authorization-detail"},
				"bearer_methods_supported":              []any{"header"},
				"mercure_cookie":                        "c",
				"mercure_subscriptions":                 true,
			},
		},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				handler, err := protocol.MetadataHandler(tt.metadata)
				if err != nil {
					t.Fatal(err)
				}
				mux := http.NewServeMux()
				mux.Handle(protocol.MetadataPath(protocol.DefaultPath), handler)
				address, transport := listen(t, m, mux)
				s := &server{url: address + "/.well-known/oauth-protected-resource/.well-known/mercure", transport: transport}
				resp := s.request(t, http.MethodGet, "", "", "Origin", "https://anybody.example")
				var got map[string]any
				if err := json.Unmarshal([]byte(readAll(t, resp)), &got); err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("metadata (-want +got):\n%s", diff)
				}
				wantHeaders(t, resp, map[string]string{
					"Content-Type": "application/json", "Access-Control-Allow-Origin": "*", "Access-Control-Allow-Credentials": "",
				})
				wantProblem(t, s.request(t, http.MethodPost, "", ""), 405, "", "POST")
			})
		}
	})
	if _, err := protocol.MetadataHandler(protocol.Metadata{}); err == nil || !strings.Contains(err.Error(), "Resource") {
		t.Errorf("without a resource: %v", err)
	}
}
