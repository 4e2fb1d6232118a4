package protocol_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/protocol"
)

func TestStateHandler(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		s := open(t, m)
		r := s.subscribe(t, "topic=a&topic=*&signals=1")
		r.next()
		s.publish(t, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
		r.want("hi")

		url, transport := listen(t, m, protocol.StateHandler(s.hub))
		state := &server{url: url + "/debug/state", transport: transport}
		resp := state.request(t, http.MethodGet, "", "")
		body := readAll(t, resp)
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "application/json" {
			t.Fatalf("%s %s", resp.Status, body)
		}
		for _, want := range []string{`"head": 1`, `"window"`, `"exact:a"`, `"any:*"`, `"live": true`, `"position": 1`, `"signals": true`} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in %s", want, body)
			}
		}
		resp = state.request(t, http.MethodDelete, "", "")
		wantProblem(t, resp, http.StatusMethodNotAllowed, "", "DELETE")
		s.hub.Close()
		wantProblem(t, state.request(t, http.MethodGet, "", ""), http.StatusServiceUnavailable, "")
	})
}
