package demo

import (
	"sync"
	"time"
)

// changed is the data of a ping: which item to fetch again, and nothing of what is new about it.
type changed struct {
	Item int `json:"item"`
}

// item is a parcel on its way.
type item struct {
	ID      int       `json:"id"`
	Name    string    `json:"name"`
	To      string    `json:"to"`
	Step    int       `json:"step"`  // how far it is on its way, from 0
	Steps   int       `json:"steps"` // how many there are
	Status  string    `json:"status"`
	Version int       `json:"version"` // counts its changes, from 1
	Changed time.Time `json:"changed,omitzero"`
}

// items are the parcels, kept in memory. Their ids begin at 1.
type items struct {
	mu      sync.Mutex
	all     []item
	changes int
}

// way is what a parcel goes through. When it has arrived, another one takes its number.
func way() []string {
	return []string{"accepted", "sorted", "on the road", "at the depot", "out for delivery", "delivered"}
}

func newItems() *items {
	parcels := []struct{ name, to string }{
		{"Tea, two tins", "Porto"},
		{"Cello strings", "Ghent"},
		{"Field guide", "Turku"},
		{"Left-hand gloves", "Graz"},
		{"Star chart", "Cork"},
		{"Sourdough, asleep", "Lyon"},
		{"Model railway", "Basel"},
		{"Spare umbrella", "Bergen"},
		{"Seeds, assorted", "Seville"},
		{"Letterpress type", "Leipzig"},
		{"Bicycle bell", "Utrecht"},
		{"Map of the coast", "Split"},
	}
	steps := way()
	all := make([]item, len(parcels))
	for i, p := range parcels {
		step := (i * 2) % (len(steps) - 1)
		all[i] = item{ID: i + 1, Name: p.name, To: p.to, Step: step, Steps: len(steps), Status: steps[step], Version: 1}
	}
	return &items{all: all}
}

// change moves the next item on its way and returns its id. All items have their turn, in an order that looks
// like none.
func (s *items) change(at time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	const stride = 7 // has no divisor in common with the number of items
	s.changes++
	steps := way()
	it := &s.all[(s.changes*stride-1)%len(s.all)]
	it.Step = (it.Step + 1) % len(steps)
	it.Status = steps[it.Step]
	it.Version++
	it.Changed = at.UTC()
	return it.ID
}

// list returns a copy of all items.
func (s *items) list() []item {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]item(nil), s.all...)
}

// find returns a copy of the item with that id.
func (s *items) find(id int) (item, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id < 1 || id > len(s.all) {
		return item{}, false
	}
	return s.all[id-1], true
}
