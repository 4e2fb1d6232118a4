package load

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

// Baseline is the hub that others are compared with: what one writes on a quiet afternoon with net/http. Each
// subscriber has a goroutine and a channel, and each event is written and flushed by itself. It keeps nothing, checks
// nothing and knows exact topics only. When a channel is full, publishing waits, for everybody.
//
// GET subscribes to the topics in the query (topic or match), POST publishes a form or JSON lines, at any path.
type Baseline struct {
	mu     sync.RWMutex
	topics map[string]map[*baseSubscriber]struct{}
	ids    int
}

// baseSubscriber is one stream.
type baseSubscriber struct {
	events chan []byte
	gone   chan struct{} // closed when it is
}

// baseQueue is how many events wait for one subscriber.
const baseQueue = 64

// NewBaseline returns a hub without subscribers.
func NewBaseline() *Baseline {
	return &Baseline{topics: map[string]map[*baseSubscriber]struct{}{}}
}

// ServeHTTP implements [http.Handler].
func (b *Baseline) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.Method {
	case http.MethodGet:
		b.subscribe(w, r)
	case http.MethodPost:
		b.publish(w, r)
	default:
		http.Error(w, "GET or POST", http.StatusMethodNotAllowed)
	}
}

func (b *Baseline) subscribe(w http.ResponseWriter, r *http.Request) {
	flusher := http.NewResponseController(w)
	query := r.URL.Query()
	s := &baseSubscriber{events: make(chan []byte, baseQueue), gone: make(chan struct{})}
	topics := append(query["topic"], query["match"]...)
	b.add(s, topics)
	defer b.remove(s, topics)
	defer close(s.gone) // before remove, which waits for those who are publishing to it
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	if _, err := io.WriteString(w, ":\n"); err != nil {
		return
	}
	if flusher.Flush() != nil {
		return
	}
	for {
		select {
		case event := <-s.events:
			if _, err := w.Write(event); err != nil {
				return
			}
			if flusher.Flush() != nil {
				return
			}
		case <-r.Context().Done():
			return
		}
	}
}

func (b *Baseline) add(s *baseSubscriber, topics []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range topics {
		if b.topics[t] == nil {
			b.topics[t] = map[*baseSubscriber]struct{}{}
		}
		b.topics[t][s] = struct{}{}
	}
}

func (b *Baseline) remove(s *baseSubscriber, topics []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range topics {
		delete(b.topics[t], s)
		if len(b.topics[t]) == 0 {
			delete(b.topics, t)
		}
	}
}

func (b *Baseline) publish(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Content-Type") != typeLines {
		if r.FormValue("topic") == "" {
			http.Error(w, "no topic", http.StatusBadRequest)
			return
		}
		_, _ = io.WriteString(w, b.send(r.FormValue("topic"), r.FormValue("data")))
		return
	}
	var answer strings.Builder
	lines := bufio.NewScanner(r.Body)
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var update struct{ Topic, Data string }
		if err := json.Unmarshal(lines.Bytes(), &update); err != nil || update.Topic == "" {
			http.Error(w, "a line is no update", http.StatusBadRequest)
			return
		}
		fmt.Fprintf(&answer, "{\"id\":%q}\n", b.send(update.Topic, update.Data))
	}
	if err := lines.Err(); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", typeLines)
	_, _ = io.WriteString(w, answer.String())
}

// send hands an update to everybody and returns its id.
func (b *Baseline) send(topic, data string) string {
	b.mu.Lock()
	b.ids++
	id := fmt.Sprintf("#baseline22.%d", b.ids)
	b.mu.Unlock()
	event := []byte("id: " + id + "\ndata: " + strings.ReplaceAll(data, "\n", "\ndata: ") + "\n\n")
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.topics[topic] {
		select {
		case s.events <- event:
		case <-s.gone:
		}
	}
	return id
}
