package protocol

import (
	"encoding/json"
	"net/http"

	"github.com/tidings-hub/tidings/hub"
)

// StateHandler returns a handler that answers GET with the hub's [hub.State] as JSON. It shows what everybody
// subscribes to and is for development: mount it where only developers come, usually at /debug/state.
func StateHandler(h *hub.Hub) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		const methods = "GET, HEAD"
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeProblem(w, methodNotAllowed(w, r, methods))
			return
		}
		state, err := h.State(r.Context())
		if err != nil {
			writeProblem(w, shuttingDown())
			return
		}
		body, _ := json.MarshalIndent(state, "", "  ") // strings, numbers and lists cannot fail
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		_, _ = w.Write(append(body, '\n')) // nobody is left to tell
	})
}
