package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidings-hub/tidings/client"
)

// maxEvent is above the largest that the judge sends.
const maxEvent = 32 << 20

// params are what the judge wants of a stream.
type params struct {
	StreamURL      string            `json:"streamUrl"`
	CallbackURL    string            `json:"callbackUrl"`
	Tag            string            `json:"tag"`
	InitialDelayMS *int64            `json:"initialDelayMs"`
	ReadTimeoutMS  int64             `json:"readTimeoutMs"`
	LastEventID    string            `json:"lastEventId"`
	Headers        map[string]string `json:"headers"`
	Method         string            `json:"method"`
	Body           string            `json:"body"`
}

// options returns the options that p stands for.
func (p *params) options() client.Options {
	o := client.Options{
		Method:      p.Method,
		Header:      http.Header{},
		LastEventID: p.LastEventID,
		IdleTimeout: time.Duration(p.ReadTimeoutMS) * time.Millisecond,
		MaxLine:     maxEvent,
		MaxEvent:    maxEvent,
	}
	for name, value := range p.Headers {
		o.Header.Set(name, value)
	}
	if p.Body != "" {
		o.Body = []byte(p.Body)
	}
	if p.InitialDelayMS != nil {
		// The least that it can be: a wait of 0 is the default's.
		o.Backoff = max(time.Duration(*p.InitialDelayMS)*time.Millisecond, time.Millisecond)
		o.MaxBackoff = max(o.Backoff, time.Second)
	}
	return o
}

// message is a callback's body.
type message struct {
	Kind    string        `json:"kind"`
	Event   *messageEvent `json:"event,omitempty"`
	Comment *string       `json:"comment,omitempty"`
	Error   string        `json:"error,omitempty"`
}

type messageEvent struct {
	Type string `json:"type"`
	Data string `json:"data"`
	ID   string `json:"id"`
}

// stream is one that the judge has asked for.
type stream struct {
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan struct{}
	source   *client.Source
	callback string
	sent     int // callbacks; of run alone

	mu    sync.Mutex
	again context.CancelFunc // ends the present loop
}

// newStream returns a stream that ends with ctx. Its run must be called.
func newStream(ctx context.Context, p params) (*stream, error) {
	if u, err := url.Parse(p.CallbackURL); err != nil || u.Host == "" {
		return nil, fmt.Errorf("callbackUrl %q is no URL", p.CallbackURL)
	}
	s := &stream{done: make(chan struct{}), callback: strings.TrimSuffix(p.CallbackURL, "/"), again: func() {}}
	o := p.options()
	o.OnComment = func(text string) { s.report(message{Kind: "comment", Comment: &text}) }
	o.OnState = func(state client.State) {
		if state.Phase == client.Waiting && !errors.Is(state.Err, client.ErrEnded) {
			s.report(message{Kind: "error", Error: state.Err.Error()})
		}
	}
	var err error
	if s.source, err = client.New(p.StreamURL, o); err != nil {
		return nil, err
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	return s, nil
}

// run reports what comes until the stream is over: one loop for each restart.
func (s *stream) run() {
	defer close(s.done)
	defer s.cancel()
	for s.loop() {
	}
}

// loop reads until the stream is over, or is to begin anew, which it reports.
func (s *stream) loop() bool {
	ctx, cancel := context.WithCancel(s.ctx)
	defer cancel()
	s.mu.Lock()
	s.again = cancel
	s.mu.Unlock()
	for event, err := range s.source.Events(ctx) {
		if err != nil {
			if ctx.Err() == nil {
				s.report(message{Kind: "error", Error: err.Error()})
			}
			break
		}
		s.report(message{Kind: "event", Event: &messageEvent{Type: event.Name(), Data: event.Data, ID: event.ID}})
	}
	return ctx.Err() != nil && s.ctx.Err() == nil
}

// restart lets the client come back as if the connection had broken.
func (s *stream) restart() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.again()
}

// close ends the stream, and returns when nothing more is reported.
func (s *stream) close() {
	s.cancel()
	<-s.done
}

// report tells the judge, and waits until it has heard.
func (s *stream) report(m message) {
	s.sent++
	body, _ := json.Marshal(m) // strings cannot fail
	r, err := http.NewRequestWithContext(s.ctx, http.MethodPost, s.callback+"/"+strconv.Itoa(s.sent), bytes.NewReader(body))
	if err != nil {
		return // newStream has looked at the URL
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return // the judge finds that it is missing
	}
	resp.Body.Close()
}
