package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may lie in one another.
const maxDepth = 32

// object is a JSON object. Its names are looked up exactly: encoding/json would take ISS for iss when it fills a
// struct, and the last of two equal names, so that two programs could read two different things in one token.
type object map[string]json.RawMessage

// parseObject returns the members of the JSON object that text is, and refuses whatever else text may be: anything
// behind the object, names that occur twice at any depth, text that is not UTF-8, and objects that lie too deep.
func parseObject(text []byte) (object, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("it is not UTF-8")
	}
	if err := checkJSON(text); err != nil {
		return nil, err
	}
	return parseChecked(text)
}

// parseChecked does the same for a part of what parseObject has checked.
func parseChecked(text []byte) (object, error) {
	if text = bytes.TrimLeft(text, " \t\r\n"); len(text) == 0 || text[0] != '{' {
		return nil, errors.New("it is not an object")
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, err
	}
	return o, nil
}

// checkJSON walks through one JSON value.
func checkJSON(text []byte) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var open []map[string]bool // the names of each open object so far; nil for an array
	wantName := false
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return io.ErrUnexpectedEOF
		}
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			if len(open) == maxDepth {
				return fmt.Errorf("it is more than %d deep", maxDepth)
			}
			var names map[string]bool
			if t == json.Delim('{') {
				names = map[string]bool{}
			}
			open = append(open, names)
		case json.Delim('}'), json.Delim(']'):
			open = open[:len(open)-1]
		default:
			if wantName {
				name := t.(string) // the decoder has seen to that
				names := open[len(open)-1]
				if names[name] {
					return fmt.Errorf("the name %s occurs twice", quote(name))
				}
				names[name] = true
				wantName = false
				continue
			}
		}
		if len(open) == 0 {
			break
		}
		wantName = open[len(open)-1] != nil
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind it")
	}
	return nil
}

// has reports whether there is a member of this name, whatever its value.
func (o object) has(name string) bool {
	_, ok := o[name]
	return ok
}

// text returns the string of this name, "" if there is none.
func (o object) text(name string) (string, error) {
	raw, ok := o[name]
	if !ok {
		return "", nil
	}
	s, err := asText(raw)
	if err != nil {
		return "", fmt.Errorf("%s %w", name, err)
	}
	return s, nil
}

// textOrList returns the strings of this name, which is one string or an array of them; nil if there is none.
func (o object) textOrList(name string) ([]string, error) {
	raw, ok := o[name]
	if !ok {
		return nil, nil
	}
	if s, err := asText(raw); err == nil {
		return []string{s}, nil
	}
	list, err := asList(raw)
	if err != nil {
		return nil, fmt.Errorf("%s is neither a string nor an array of strings", name)
	}
	texts := make([]string, len(list))
	for i, raw := range list {
		if texts[i], err = asText(raw); err != nil {
			return nil, fmt.Errorf("%s is neither a string nor an array of strings", name)
		}
	}
	return texts, nil
}

// lastSecond is the end of the year 9999: what is beyond is not a date that anyone means.
const lastSecond = 253402300799

// date returns the NumericDate (RFC 7519, section 2) of this name, the zero time if there is none. Parts of a second
// are cut off.
func (o object) date(name string) (time.Time, error) {
	raw, ok := o[name]
	if !ok {
		return time.Time{}, nil
	}
	seconds, err := asNumber(raw)
	if err != nil {
		return time.Time{}, fmt.Errorf("%s %w", name, err)
	}
	if seconds < 0 || seconds > lastSecond {
		return time.Time{}, fmt.Errorf("%s is %s, which is no date", name, quote(string(raw)))
	}
	return time.Unix(int64(math.Floor(seconds)), 0).UTC(), nil
}

var (
	errNotText   = errors.New("is not a string")
	errNotList   = errors.New("is not an array")
	errNotNumber = errors.New("is not a number")
)

// The functions below tell JSON's types apart by the first byte, because json.Unmarshal takes null for anything.

func asText(raw json.RawMessage) (string, error) {
	var s string
	if len(raw) == 0 || raw[0] != '"' || json.Unmarshal(raw, &s) != nil {
		return "", errNotText
	}
	return s, nil
}

func asList(raw json.RawMessage) ([]json.RawMessage, error) {
	var list []json.RawMessage
	if len(raw) == 0 || raw[0] != '[' || json.Unmarshal(raw, &list) != nil {
		return nil, errNotList
	}
	return list, nil
}

func asNumber(raw json.RawMessage) (float64, error) {
	var n float64
	if len(raw) == 0 || raw[0] != '-' && (raw[0] < '0' || raw[0] > '9') || json.Unmarshal(raw, &n) != nil {
		return 0, errNotNumber
	}
	return n, nil
}
