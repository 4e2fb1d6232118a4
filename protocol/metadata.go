package protocol

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"

	"github.com/tidings-hub/tidings/auth"
)

// metadataPrefix is what stands before the hub's path in the path of its metadata.
const metadataPrefix = "/.well-known/oauth-protected-resource"

// MetadataPath returns the path at which clients expect the metadata of a hub at hubPath (RFC 9728, section 3.1).
func MetadataPath(hubPath string) string { return metadataPrefix + hubPath }

// metadataURL returns the address of the metadata of a hub.
func metadataURL(hub *url.URL) string {
	return (&url.URL{Scheme: hub.Scheme, Host: hub.Host}).String() + MetadataPath(hub.EscapedPath())
}

// Metadata describes a hub to its clients. Hubs of protocol 0.x have no such description: where there is one, clients
// know that they can speak 1.0.
type Metadata struct {
	// Resource is the hub's identifier, which tokens name as their audience.
	Resource string
	// AuthorizationServers are the issuers from which clients can get tokens by themselves.
	AuthorizationServers []string
	// Cookie is the name of the cookie in which tokens of protocol 1.0 may travel, empty if they may not.
	Cookie string
	// Subscriptions says that the hub tells of its active subscriptions.
	Subscriptions bool
}

// MetadataHandler returns the handler that answers GET with m, from pages of any origin. It belongs at
// [MetadataPath].
func MetadataHandler(m Metadata) (http.Handler, error) {
	if m.Resource == "" {
		return nil, errors.New("protocol: Metadata.Resource is empty")
	}
	body, err := json.Marshal(struct {
		Resource             string   `json:"resource"`
		AuthorizationServers []string `json:"authorization_servers,omitempty"`
		DetailTypes          []string `json:"authorization_details_types_supported"`
		BearerMethods        []string `json:"bearer_methods_supported"`
		Cookie               string   `json:"mercure_cookie,omitempty"`
		Subscriptions        bool     `json:"mercure_subscriptions,omitempty"`
	}{
		m.Resource, m.AuthorizationServers, []string{auth.DetailType}, []string{"header"}, m.Cookie, m.Subscriptions,
	})
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // without credentials: it is the same for everybody
		switch r.Method {
		case http.MethodGet, http.MethodHead:
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Cache-Control", "public, max-age=300")
			_, _ = w.Write(body) // nobody is left to tell
		default:
			writeProblem(w, methodNotAllowed(w, r, "GET, HEAD"))
		}
	}), nil
}
