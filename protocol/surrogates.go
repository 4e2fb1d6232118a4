package protocol

import (
	"encoding/json"
	"strconv"
	"unicode/utf16"
)

// checkSurrogates refuses a line one of whose texts has half of a surrogate pair as an escape: that is no character, and
// the decoder would put another one in its place. What is JSON itself within the line is handed on as it is written.
func checkSurrogates(text []byte) error {
	if !loneSurrogate(text) {
		return nil
	}
	var members struct {
		Topic  json.RawMessage `json:"topic"`
		Topics json.RawMessage `json:"topics"`
		Data   json.RawMessage `json:"data"`
		ID     json.RawMessage `json:"id"`
		Type   json.RawMessage `json:"type"`
		Key    json.RawMessage `json:"key"`
	}
	if err := json.Unmarshal(text, &members); err != nil {
		return explainJSON(err)
	}
	if len(members.Data) > 0 && members.Data[0] != '"' {
		members.Data = nil
	}
	for _, m := range []struct {
		name string
		text json.RawMessage
	}{
		{"topic", members.Topic},
		{"topics", members.Topics},
		{"data", members.Data},
		{"id", members.ID},
		{"type", members.Type},
		{"key", members.Key},
	} {
		if loneSurrogate(m.text) {
			return badField(m.name, "member %s has half of a surrogate pair, which is no character", quote(m.name))
		}
	}
	return nil
}

// loneSurrogate reports whether JSON has an escape of half of a surrogate pair without the other half.
func loneSurrogate(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		high, ok := escaped(text[i:])
		if !ok || !utf16.IsSurrogate(high) {
			i++ // over what is escaped, which may be a backslash
			continue
		}
		low, _ := escaped(text[i+escapeLen:])
		if utf16.DecodeRune(high, low) == '\uFFFD' {
			return true
		}
		i += 2*escapeLen - 1
	}
	return false
}

// escapeLen is the length of \uXXXX.
const escapeLen = 6

// escaped returns the UTF-16 unit of the escape that text begins with, and false if it begins with no such escape.
func escaped(text []byte) (rune, bool) {
	if len(text) < escapeLen || text[0] != '\\' || text[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(text[2:escapeLen]), 16, 16)
	return rune(unit), err == nil
}
