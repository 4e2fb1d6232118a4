package sse_test

import (
	"strings"
	"time"

	"github.com/tidings-hub/tidings/sse"
)

// model interprets a whole stream by the letter of §9.2.6: decode, split into lines, process each. It
// is the yardstick of the fuzz targets, so it is written to be compared with the standard's text and
// shares no code or idea with the decoder.
func model(stream []byte, lastEventID string) outcome {
	text := strings.TrimPrefix(string(whatwgDecode(stream)), "\uFEFF")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	text = strings.ReplaceAll(text, "\r", "\n")
	lines := strings.Split(text, "\n")
	lines = lines[:len(lines)-1] // the last has no end

	out := outcome{LastEventID: lastEventID}
	var data, typ strings.Builder
	id := lastEventID
	var wait time.Duration
	for _, line := range lines {
		if line == "" {
			out.LastEventID = id
			if data.Len() > 0 {
				out.Events = append(out.Events, sse.Event{
					ID: id, Type: typ.String(), Data: strings.TrimSuffix(data.String(), "\n"), Retry: wait,
				})
			}
			data.Reset()
			typ.Reset()
			wait = 0
			continue
		}
		field, value, _ := strings.Cut(line, ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case strings.HasPrefix(line, ":"):
			out.Comments = append(out.Comments, value)
		case field == "event":
			typ.Reset()
			typ.WriteString(value)
		case field == "data":
			data.WriteString(value + "\n")
		case field == "id" && !strings.Contains(value, "\x00"):
			id = value
		case field == "retry" && value != "" && strings.Trim(value, "0123456789") == "":
			out.Retry, out.RetrySet = modelRetry(value), true
			if wait = out.Retry; wait == 0 {
				wait = sse.RetryNow
			}
		}
	}
	return out
}

// modelRetry compares decimal numbers as text, since they may have any length.
func modelRetry(digits string) time.Duration {
	const most = "2147483647"
	digits = strings.TrimLeft(digits, "0")
	if len(digits) > len(most) || len(digits) == len(most) && digits > most {
		digits = most
	}
	if digits == "" {
		return 0
	}
	d, err := time.ParseDuration(digits + "ms")
	if err != nil {
		panic(err)
	}
	return d
}

// whatwgDecode is the UTF-8 decoder of the Encoding standard (§8.1.1), state for state.
func whatwgDecode(stream []byte) []rune {
	var out []rune
	var point rune
	needed, seen := 0, 0
	lower, upper := byte(0x80), byte(0xBF)
	reset := func() { point, needed, seen, lower, upper = 0, 0, 0, 0x80, 0xBF }
	for i := 0; i < len(stream); {
		b := stream[i]
		if needed == 0 {
			i++
			switch {
			case b <= 0x7F:
				out = append(out, rune(b))
			case 0xC2 <= b && b <= 0xDF:
				needed, point = 1, rune(b&0x1F)
			case 0xE0 <= b && b <= 0xEF:
				if b == 0xE0 {
					lower = 0xA0
				}
				if b == 0xED {
					upper = 0x9F
				}
				needed, point = 2, rune(b&0xF)
			case 0xF0 <= b && b <= 0xF4:
				if b == 0xF0 {
					lower = 0x90
				}
				if b == 0xF4 {
					upper = 0x8F
				}
				needed, point = 3, rune(b&0x7)
			default:
				out = append(out, '\uFFFD')
			}
			continue
		}
		if b < lower || b > upper {
			reset()
			out = append(out, '\uFFFD')
			continue // the byte is looked at again
		}
		i++
		lower, upper = 0x80, 0xBF
		point = point<<6 | rune(b&0x3F)
		if seen++; seen == needed {
			out = append(out, point)
			reset()
		}
	}
	if needed != 0 {
		out = append(out, '\uFFFD')
	}
	return out
}
