package hub_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/hub"
)

// TestStateJSON: the names are part of the debug page's interface.
func TestStateJSON(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, eventlog.Retention{MaxRecords: 2}, hub.Options{
			Fanout: fanout.Options{Shards: 1, WindowBytes: 5000},
		})
		r.publish(update("1"), update("2"), update("3"))
		sub, reader := r.subscribe(hub.Request{Matchers: matchers("a", "*"), Cursor: eventlog.ParseCursor("earliest")})
		synctest.Wait()
		state, err := r.hub.State(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got, err := json.MarshalIndent(state, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{
  "log": {
    "head": 3,
    "floor": 2,
    "lineage": [
      {
        "epoch": "%s",
        "first": 1
      }
    ]
  },
  "fanout": {
    "window": {
      "floor": 0,
      "head": 3,
      "frames": 3,
      "bytes": %d,
      "maxBytes": 5000
    },
    "replay": {
      "reading": 0,
      "waiting": 0,
      "maxBehind": 1000
    },
    "shards": [
      {
        "head": 3,
        "topics": 1,
        "subscribers": [
          {
            "id": "%s",
            "matchers": [
              "exact:a",
              "any:*"
            ],
            "position": 3,
            "live": true,
            "blocked": false,
            "reading": false,
            "waiting": false,
            "paced": false,
            "signals": false,
            "pending": 0,
            "pendingBytes": 0,
            "takenBytes": %d
          }
        ]
      }
    ]
  }
}`, r.log.Lineage().Current(), state.Fanout.Window.Bytes, sub.ID, len(reader.complete()))
		if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(string(got), "\n")); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
	})
}
