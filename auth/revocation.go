package auth

import (
	"cmp"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Revocation ends tokens before their time. What it is about is one of ID, Subject and Token.
type Revocation struct {
	// ID revokes the token with this claim jti, or all of them if several have it.
	ID string `json:"jti,omitempty"`
	// Subject revokes every token with this claim sub.
	Subject string `json:"sub,omitempty"`
	// Token revokes one token by its [Hash], in hexadecimal.
	Token string `json:"token,omitempty"`

	// Issuer limits an ID or Subject to the tokens of one issuer; empty for those of all. Names are an issuer's own: two
	// may use one subject for two people.
	Issuer string `json:"iss,omitempty"`
	// IssuedBefore leaves out tokens that say that they were issued at this time or later, so that the subject can be
	// given new ones; zero for all.
	IssuedBefore time.Time `json:"issuedBefore,omitzero"`
	// Until is when it may be forgotten, because no token that it is about can still be good; zero for never.
	Until time.Time `json:"until,omitzero"`
}

// Covers reports whether r is about t, whatever the time.
func (r *Revocation) Covers(t *Token) bool {
	switch {
	case r.Token != "":
		return r.Token == hex.EncodeToString(t.Hash[:])
	case r.Issuer != "" && r.Issuer != t.Issuer,
		r.ID != "" && r.ID != t.ID,
		r.Subject != "" && r.Subject != t.Subject,
		r.ID == "" && r.Subject == "":
		return false
	}
	return r.IssuedBefore.IsZero() || t.IssuedAt.Before(r.IssuedBefore) // zero too, where a token does not say
}

// Validate refuses a revocation that is about nothing, or about more than one thing.
func (r *Revocation) Validate() error {
	about := 0
	for _, s := range []string{r.ID, r.Subject, r.Token} {
		if s != "" {
			about++
		}
	}
	if about != 1 {
		return fmt.Errorf("auth: a revocation has %d of jti, sub and token, it must have one", about)
	}
	if r.Token == "" {
		return nil
	}
	if b, err := hex.DecodeString(r.Token); err != nil || len(b) != len(Token{}.Hash) || hex.EncodeToString(b) != r.Token {
		return fmt.Errorf("auth: %s is not a hash of a token: %d hexadecimal digits in lower case", quote(r.Token), 2*len(Token{}.Hash))
	}
	if r.Issuer != "" || !r.IssuedBefore.IsZero() {
		return errors.New("auth: a revocation of one token has neither iss nor issuedBefore")
	}
	return nil
}

// ErrRevocationsFull is returned when there are as many revocations as there may be. None is forgotten to make room.
var ErrRevocationsFull = errors.New("auth: there is no room for another revocation")

// revocationKey is what a revocation is about; two with the same key are one.
type revocationKey struct{ id, subject, token, issuer string }

func (r *Revocation) key() revocationKey { return revocationKey{r.ID, r.Subject, r.Token, r.Issuer} }

// Revocations is a set of revocations. It is safe for concurrent use; its method [Revocations.Revoked] is made for
// [Options] and [AskerOptions].
type Revocations struct {
	most int
	now  func() time.Time

	// file keeps them in order to survive a restart; nil where they need not. One change is under way at a time, which
	// change sees to, so that nobody who asks about a token waits for a disk.
	file   *revocationFile
	change sync.Mutex

	mu  sync.RWMutex
	set map[revocationKey]Revocation
}

// DefaultMaxRevocations is how many revocations a set holds unless told otherwise.
const DefaultMaxRevocations = 10_000

// NewRevocations returns an empty set of at most limit revocations, [DefaultMaxRevocations] if limit is 0, which is
// forgotten when the process ends. now is its clock, [time.Now] if it is nil.
func NewRevocations(limit int, now func() time.Time) *Revocations {
	if now == nil {
		now = time.Now
	}
	return &Revocations{most: cmp.Or(limit, DefaultMaxRevocations), now: now, set: map[revocationKey]Revocation{}}
}

// Revoked reports whether a revocation of s covers t.
func (s *Revocations) Revoked(t *Token) bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.set) == 0 {
		return false
	}
	for _, key := range [...]revocationKey{
		{token: hex.EncodeToString(t.Hash[:])},
		{id: t.ID, issuer: t.Issuer},
		{id: t.ID},
		{subject: t.Subject, issuer: t.Issuer},
		{subject: t.Subject},
	} {
		if r, ok := s.set[key]; ok && r.Covers(t) {
			return true
		}
	}
	return false
}

// Add adds revocations, all of them or none. One that is about the same as an earlier one widens it: it counts until
// the later Until, and for tokens up to the later IssuedBefore. If the set has a file, they are in it, and written
// through to the disk, when Add returns; with an error, they are neither there nor in force.
func (s *Revocations) Add(revocations ...Revocation) error {
	for i := range revocations {
		if err := revocations[i].Validate(); err != nil {
			return err
		}
	}
	return s.apply(func(set map[revocationKey]Revocation) error {
		for _, r := range revocations {
			key := r.key()
			if old, ok := set[key]; ok {
				r.Until = later(old.Until, r.Until)
				r.IssuedBefore = later(old.IssuedBefore, r.IssuedBefore)
			}
			set[key] = r
		}
		if len(set) > s.most {
			return fmt.Errorf("%w: there are %d", ErrRevocationsFull, s.most)
		}
		return nil
	})
}

// later returns the later of two times, of which zero is the latest.
func later(a, b time.Time) time.Time {
	if a.IsZero() || b.IsZero() {
		return time.Time{}
	}
	if a.After(b) {
		return a
	}
	return b
}

// Remove takes back the revocation that is about the same as r, and reports whether there was one.
func (s *Revocations) Remove(r Revocation) (bool, error) {
	there := false
	err := s.apply(func(set map[revocationKey]Revocation) error {
		_, there = set[r.key()]
		delete(set, r.key())
		return nil
	})
	return there && err == nil, err
}

// apply changes a copy of the set, without what may be forgotten, writes it down, and then puts it in force.
func (s *Revocations) apply(change func(map[revocationKey]Revocation) error) error {
	s.change.Lock()
	defer s.change.Unlock()
	now := s.now()
	next := make(map[revocationKey]Revocation, len(s.set)+1)
	for key, r := range s.set { // only written under s.change
		if r.Until.IsZero() || now.Before(r.Until) {
			next[key] = r
		}
	}
	if err := change(next); err != nil {
		return err
	}
	if s.file != nil {
		if err := s.file.write(sorted(next)); err != nil {
			return fmt.Errorf("auth: revocations cannot be kept: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.set = next
	return nil
}

// All returns the revocations that are in force, in a fixed order.
func (s *Revocations) All() []Revocation {
	now := s.now()
	s.mu.RLock()
	defer s.mu.RUnlock()
	return slices.DeleteFunc(sorted(s.set), func(r Revocation) bool { return !r.Until.IsZero() && !now.Before(r.Until) })
}

func sorted(set map[revocationKey]Revocation) []Revocation {
	list := make([]Revocation, 0, len(set))
	for _, r := range set {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Revocation) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Token, b.Token), cmp.Compare(a.Issuer, b.Issuer))
	})
	return list
}
