package protocol

import (
	"errors"
	"math"
	"strconv"

	"github.com/tidings-hub/tidings/hub"
)

// The parameters that say what a stream begins with.
const (
	paramReplay = "replay"
	paramGap    = "gap"
)

// readReplay reads what a query asks for of the past, and whether it does.
func readReplay(query string) (replay hub.Replay, asked bool, err error) {
	for name, value := range formPairs(query) {
		if name != paramReplay {
			continue
		}
		this, err := parseReplay(value)
		if err != nil {
			return hub.Replay{}, false, err
		}
		if asked && this != replay {
			return hub.Replay{}, false, badField(name, "parameter %q is given with different values", name)
		}
		replay, asked = this, true
	}
	return replay, asked, nil
}

func parseReplay(value string) (hub.Replay, error) {
	if value == "latest" {
		return hub.Replay{Latest: true}, nil
	}
	n, err := strconv.ParseUint(value, 10, 31)
	if errors.Is(err, strconv.ErrRange) {
		n, err = math.MaxInt32, nil // the hub says that it is too many
	}
	if err != nil || n == 0 {
		return hub.Replay{}, badField(paramReplay, "parameter %q is latest, or how many updates to send, at least 1, not %s",
			paramReplay, quote(value))
	}
	return hub.Replay{Newest: int(n)}, nil
}

// readSkipGap reports whether a query asks to go on live where the cursor cannot be honoured.
func readSkipGap(query string) (bool, error) { return readFlag(query, paramGap, "skip") }

// readSignals reports whether a query asks for signals.
func readSignals(query string) (bool, error) { return readFlag(query, "signals", "1") }

// readFlag reports whether a query has a parameter that can have one value only.
func readFlag(query, param, only string) (bool, error) {
	set := false
	for name, value := range formPairs(query) {
		if name != param {
			continue
		}
		if value != only {
			return false, badField(name, "parameter %q can only be %s, not %s", name, only, quote(value))
		}
		set = true
	}
	return set, nil
}
