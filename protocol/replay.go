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

// paramEnvelope asks for updates that say their topics.
const paramEnvelope = "envelope"

// readReplay reads what a subscriber asks for of the past, and whether it does.
func readReplay(params parameters) (replay hub.Replay, asked bool, err error) {
	for name, value := range params.all() {
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

// readSkipGap reports whether a subscriber asks to go on live where the cursor cannot be honoured.
func readSkipGap(params parameters) (bool, error) { return readFlag(params, paramGap, "skip") }

// readSignals reports whether a subscriber asks for signals.
func readSignals(params parameters) (bool, error) { return readFlag(params, "signals", "1") }

// readEnvelope reports whether a subscriber asks for envelopes.
func readEnvelope(params parameters) (bool, error) { return readFlag(params, paramEnvelope, "1") }

// readFlag reports whether there is a parameter that can have one value only.
func readFlag(params parameters, param, only string) (bool, error) {
	set := false
	for name, value := range params.all() {
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
