package main

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
)

// capabilities is what the judge may ask for.
func capabilities() []string {
	return []string{
		"bom", "comments", "event-type-listeners", "headers", "last-event-id", "post", "read-timeout", "report",
		"restart", "server-directed-shutdown-request",
	}
}

// service opens streams for a judge.
type service struct {
	ctx     context.Context // ends all streams
	stop    func()          // ends the process
	running sync.WaitGroup

	mu      sync.Mutex
	streams map[string]*stream
	opened  int
}

func newService(ctx context.Context, stop func()) *service {
	return &service{ctx: ctx, stop: stop, streams: map[string]*stream{}}
}

func (s *service) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"name": "tidings client", "capabilities": capabilities()})
	})
	mux.HandleFunc("DELETE /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNoContent)
		s.stop()
	})
	mux.HandleFunc("POST /{$}", s.open)
	mux.HandleFunc("POST /streams/{id}", s.command)
	mux.HandleFunc("DELETE /streams/{id}", s.close)
	return mux
}

// open opens a stream, and does not wait for what comes on it.
func (s *service) open(w http.ResponseWriter, r *http.Request) {
	var p params
	if err := json.NewDecoder(r.Body).Decode(&p); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	opened, err := newStream(s.ctx, p)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.opened++
	id := strconv.Itoa(s.opened)
	s.streams[id] = opened
	s.mu.Unlock()
	s.running.Go(opened.run)
	w.Header().Set("Location", "/streams/"+id)
	w.WriteHeader(http.StatusCreated)
}

// command does what the judge wants of a stream.
func (s *service) command(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	opened := s.streams[r.PathValue("id")]
	s.mu.Unlock()
	if opened == nil {
		http.NotFound(w, r)
		return
	}
	var c struct {
		Command string `json:"command"`
	}
	err := json.NewDecoder(r.Body).Decode(&c)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	case c.Command == "restart":
		opened.restart()
	case c.Command == "listen": // to all types, always
	default:
		http.Error(w, "no such command", http.StatusBadRequest)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// close closes a stream. No callback comes behind the answer.
func (s *service) close(w http.ResponseWriter, r *http.Request) {
	id := r.PathValue("id")
	s.mu.Lock()
	opened := s.streams[id]
	delete(s.streams, id)
	s.mu.Unlock()
	if opened == nil {
		http.NotFound(w, r)
		return
	}
	opened.close()
	w.WriteHeader(http.StatusNoContent)
}
