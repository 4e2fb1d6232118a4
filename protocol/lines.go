package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net/http"
	"unicode/utf8"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
)

// publishLines publishes an update for each line of the body, as one batch, and answers with a line for each.
func (h *handler) publishLines(w http.ResponseWriter, r *http.Request, access *Access) error {
	if len(r.Header.Values(headerKey)) > 0 {
		return badField(headerKey, "%s is for one update: of several, each line has a \"key\" of its own", headerKey)
	}
	lines, updates, err := h.readLines(http.MaxBytesReader(w, r.Body, h.maxBody), h.namespace(r), access.Scope)
	if err != nil {
		return err
	}
	if err := access.check(); err != nil {
		return err
	}
	outcomes := h.hub.PublishAll(r.Context(), updates, access.Grant)
	next := 0
	for i := range lines {
		if lines[i].Status != 0 {
			continue
		}
		outcome := outcomes[next]
		next++
		if outcome.Err != nil && !ownFault(outcome.Err) {
			return outcome.Err // it is that of the batch
		}
		if outcome.Err != nil {
			lines[i].refuse(explain(r, outcome.Err))
			continue
		}
		lines[i] = lineResult{ID: outcome.ID, Replayed: outcome.Repeated}
	}
	h.tellLines(r, lines)
	header := w.Header()
	header.Set("Content-Type", typeLines)
	header.Set("X-Content-Type-Options", "nosniff") // the body is what the publisher chose
	writeLines(w, lines)
	return nil
}

// ownFault reports whether err is that of one update, and not that of the batch that it is in.
func ownFault(err error) bool {
	if _, ok := errors.AsType[*hub.InvalidError](err); ok {
		return true
	}
	if limit, ok := errors.AsType[*hub.LimitError](err); ok {
		return limit.Limit != limitQueue
	}
	return errors.Is(err, hub.ErrForbidden) || errors.Is(err, hub.ErrKeyReused)
}

// lineResult is the answer to a line: an id, or why there is none.
type lineResult struct {
	ID       string `json:"id,omitempty"`
	Replayed bool   `json:"replayed,omitempty"`

	Line   int    `json:"line,omitempty"` // counted from 1, empty ones too
	Status int    `json:"status,omitempty"`
	Detail string `json:"detail,omitempty"`
	Field  string `json:"field,omitempty"`
	Limit  string `json:"limit,omitempty"`
	Max    int64  `json:"max,omitempty"`

	reason hub.RefuseReason // of a line that is refused
	told   bool             // the hub's observer knows
}

func (l *lineResult) refuse(p *problem) {
	l.reason, _, l.told = reasonOf(p)
	l.Status, l.Detail, l.Field, l.Limit, l.Max = p.Status, p.Detail, p.Field, p.Limit, p.Max
	if l.Field == headerKey {
		l.Field = "key"
	}
}

// tellLines tells the hub's observer of the lines that are refused, as far as it does not know, and the log how many they
// are, and why the first of them is.
func (h *handler) tellLines(r *http.Request, lines []lineResult) {
	var first *lineResult
	refused := 0
	for i := range lines {
		l := &lines[i]
		if l.Status == 0 {
			continue
		}
		if refused++; first == nil {
			first = l
		}
		if !l.told {
			h.tellRefused(l.reason)
		}
	}
	if first == nil || h.options.Logger == nil {
		return
	}
	h.options.Logger.Log(r.Context(), slog.LevelDebug, "lines refused", "method", r.Method, "path", r.URL.Path,
		"client", h.addresses.of(r).String(), "lines", len(lines), "refused", refused,
		"first", first.Line, "status", first.Status, "reason", first.reason.String(), "error", first.Detail)
}

func writeLines(w io.Writer, lines []lineResult) {
	out := bufio.NewWriter(w)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for i := range lines {
		if encoder.Encode(&lines[i]) != nil {
			return // nobody is left to tell
		}
	}
	_ = out.Flush() // the updates are durable, whether or not their publisher hears of it
}

// readLines reads a body to its end. The lines that have no status yet are those of updates, in order.
func (h *handler) readLines(body io.Reader, own *namespace, scope string) (lines []lineResult, updates []hub.Submission, err error) {
	const begin = 4 << 10
	scanner := bufio.NewScanner(body)
	scanner.Buffer(make([]byte, 0, begin), int(min(h.maxBody, math.MaxInt/2))+begin) // a line may be as long as the body
	for number := 1; scanner.Scan(); number++ {
		text := scanner.Bytes()
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if len(lines) == h.maxLines {
			return nil, nil, &problem{
				Status: http.StatusRequestEntityTooLarge, Limit: "MaxLines", Max: int64(h.maxLines),
				Detail: fmt.Sprintf("the body has more lines than MaxLines, %d", h.maxLines),
			}
		}
		line := lineResult{Line: number}
		update, err := parseLine(text, scope)
		if err == nil {
			err = h.checkTopics(update.Topics, own)
		}
		if p, ok := errors.AsType[*problem](err); ok {
			line.refuse(p)
		} else {
			updates = append(updates, update)
		}
		lines = append(lines, line)
	}
	if err := scanner.Err(); err != nil {
		return nil, nil, explainBody(err, limitBody)
	}
	return lines, updates, nil
}

// line is an update as JSON. Members of other names are ignored.
type line struct {
	Topic   *string         `json:"topic"`
	Topics  []string        `json:"topics"`
	Data    lineData        `json:"data"`
	Private bool            `json:"private"`
	ID      string          `json:"id"`
	Type    string          `json:"type"`
	Retry   json.RawMessage `json:"retry"`
	Key     *string         `json:"key"`
}

// lineData is the text of a JSON string, and of any other value its JSON without blanks.
type lineData string

// UnmarshalJSON implements [json.Unmarshaler].
func (d *lineData) UnmarshalJSON(text []byte) error {
	if text[0] == '"' {
		return json.Unmarshal(text, (*string)(d))
	}
	var compact bytes.Buffer
	err := json.Compact(&compact, text)
	*d = lineData(compact.String())
	return err
}

// parseLine reads an update. Its texts are for the hub to check. The error is a problem.
func parseLine(text []byte, scope string) (s hub.Submission, err error) {
	var l line
	if !utf8.Valid(text) { // which the decoder would mend
		return s, badField("", "the line is not valid UTF-8")
	}
	if err := checkSurrogates(text); err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &l); err != nil {
		return s, explainJSON(err)
	}
	s.Update = eventlog.Update{Topics: l.Topics, Private: l.Private, ID: l.ID, Type: l.Type, Data: string(l.Data)}
	if l.Topic != nil {
		if len(l.Topics) > 0 {
			return s, badField("topics", `members "topic" and "topics" cannot be mixed: use "topics" for several`)
		}
		s.Topics = []string{*l.Topic}
	}
	if len(l.Retry) > 0 && string(l.Retry) != "null" {
		if s.Retry, err = parseRetry(string(l.Retry)); err != nil {
			return s, err
		}
	}
	if l.Key != nil {
		s.Key, err = scopedKey("key", *l.Key, scope)
	}
	return s, err
}

// explainJSON returns the problem of a line that is not the JSON of an update.
func explainJSON(err error) *problem {
	if e, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if e.Field == "" {
			return badField("", "the line is a JSON %s, not an object", e.Value)
		}
		return badField(e.Field, "member %s cannot be a JSON %s", quote(e.Field), e.Value)
	}
	return badField("", "the line is not JSON: %s", clip(err.Error()))
}
