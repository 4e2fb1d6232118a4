package auth_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidings-hub/tidings/auth"
)

func TestRevocationCovers(t *testing.T) {
	token := &auth.Token{Issuer: issuer, Subject: "user", ID: "1", IssuedAt: now, Hash: auth.Hash("a.b.c")}
	tests := []struct {
		name       string
		revocation auth.Revocation
		want       bool
	}{
		{"id", auth.Revocation{ID: "1"}, true},
		{"another id", auth.Revocation{ID: "2"}, false},
		{"subject", auth.Revocation{Subject: "user"}, true},
		{"another subject", auth.Revocation{Subject: "User"}, false},
		{"the subject's name as an id", auth.Revocation{ID: "user"}, false},
		{"subject of the issuer", auth.Revocation{Subject: "user", Issuer: issuer}, true},
		{"subject of another issuer", auth.Revocation{Subject: "user", Issuer: "x"}, false},
		{"hash", auth.Revocation{Token: hexOf(token.Hash)}, true},
		{"another hash", auth.Revocation{Token: hexOf(auth.Hash("a.c"))}, false},
		{"issued before", auth.Revocation{Subject: "user", IssuedBefore: now.Add(time.Second)}, true},
		{"issued at that time", auth.Revocation{Subject: "user", IssuedBefore: now}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := tt.revocation.Validate(); err != nil {
				t.Fatal(err)
			}
			if got := tt.revocation.Covers(token); got != tt.want {
				t.Errorf("Covers() = %v, want %v", got, tt.want)
			}
			set := auth.NewRevocations(0, nil)
			if set.Revoked(token) {
				t.Error("revoked by the empty set")
			}
			if err := set.Add(tt.revocation); err != nil {
				t.Fatal(err)
			}
			if got := set.Revoked(token); got != tt.want {
				t.Errorf("Revoked() = %v, want %v", got, tt.want)
			}
		})
	}
	silent := &auth.Token{Subject: "user"}
	if r := (auth.Revocation{Subject: "user", IssuedBefore: now}); !r.Covers(silent) {
		t.Error("a token that does not say when it was issued is not covered")
	}
	if set := auth.NewRevocations(0, nil); set.Add(auth.Revocation{ID: "x"}) != nil || set.Revoked(&auth.Token{}) {
		t.Error("a token without an id is revoked by the id of another")
	}
}

func TestRevocationsRefuse(t *testing.T) {
	hash := hexOf(auth.Hash("a"))
	for name, r := range map[string]auth.Revocation{
		"nothing":           {},
		"issuer alone":      {Issuer: issuer},
		"two things":        {ID: "1", Subject: "user"},
		"short hash":        {Token: hash[2:]},
		"hash in capitals":  {Token: strings.ToUpper(hash)},
		"no hash":           {Token: strings.Repeat("g", 64)},
		"hash of an issuer": {Token: hash, Issuer: issuer},
		"hash and time":     {Token: hash, IssuedBefore: now},
	} {
		t.Run(name, func(t *testing.T) {
			set := auth.NewRevocations(0, nil)
			if err := set.Add(auth.Revocation{ID: "good"}, r); err == nil {
				t.Error("accepted")
			}
			if all := set.All(); len(all) > 0 {
				t.Errorf("there are %+v, want all or none", all)
			}
		})
	}
}

// TestRevocationsAreForgotten holds that a set is bounded, and forgets what cannot matter any more, and nothing else.
func TestRevocationsAreForgotten(t *testing.T) {
	clock := now
	set := auth.NewRevocations(3, func() time.Time { return clock })
	add := func(id string, until time.Time) error { return set.Add(auth.Revocation{ID: id, Until: until}) }
	for i, until := range []time.Time{now.Add(time.Hour), now.Add(2 * time.Hour), {}} {
		if err := add(strconv.Itoa(i), until); err != nil {
			t.Fatal(err)
		}
	}
	if err := add("more", time.Time{}); !errors.Is(err, auth.ErrRevocationsFull) {
		t.Errorf("error %v, want that it is full", err)
	}
	if err := add("0", now); err != nil { // is about the same, and does not shorten it
		t.Error(err)
	}
	clock = now.Add(59 * time.Minute)
	if got := len(set.All()); got != 3 || !set.Revoked(&auth.Token{ID: "0"}) {
		t.Errorf("%d revocations, want all three", got)
	}
	clock = now.Add(time.Hour)
	if got := len(set.All()); got != 2 {
		t.Errorf("%d revocations after one has ended", got)
	}
	if err := add("more", time.Time{}); err != nil {
		t.Error(err)
	}
	if set.Revoked(&auth.Token{ID: "0"}) || !set.Revoked(&auth.Token{ID: "2"}) || !set.Revoked(&auth.Token{ID: "more"}) {
		t.Errorf("in force are %+v", set.All())
	}
	there, err := set.Remove(auth.Revocation{ID: "2"})
	if !there || err != nil || set.Revoked(&auth.Token{ID: "2"}) {
		t.Errorf("Remove() = %v, %v", there, err)
	}
	if there, err := set.Remove(auth.Revocation{ID: "2"}); there || err != nil {
		t.Errorf("removing again: %v, %v", there, err)
	}
}

// TestRevocationsSurvive holds that what was added is there after a restart.
func TestRevocationsSurvive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "revocations")
	open := func() *auth.Revocations {
		t.Helper()
		set, err := auth.OpenRevocations(path, 3, func() time.Time { return now })
		if err != nil {
			t.Fatal(err)
		}
		return set
	}
	list := []auth.Revocation{
		{Token: hexOf(auth.Hash("a")), Until: now.Add(time.Hour)},
		{ID: "line\nbreak"},
		{Subject: "user", Issuer: issuer, IssuedBefore: now.Add(time.Nanosecond), Until: now.Add(time.Minute)},
	}
	set := open()
	for _, r := range list {
		if err := set.Add(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := set.Add(auth.Revocation{ID: "too many"}); !errors.Is(err, auth.ErrRevocationsFull) {
		t.Errorf("error %v", err)
	}
	if diff := cmp.Diff(list, open().All()); diff != "" {
		t.Errorf("after a restart (-want +got):\n%s", diff)
	}
	if _, err := open().Remove(list[1]); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]auth.Revocation{list[0], list[2]}, open().All()); diff != "" {
		t.Errorf("after another (-want +got):\n%s", diff)
	}
	names, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(names) != 1 {
		t.Errorf("the directory has %v, %v", names, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
}

// What cannot be written down is not in force, and said to have failed.
func TestRevocationsThatCannotBeKept(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dir")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	set, err := auth.OpenRevocations(filepath.Join(dir, "revocations"), 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := set.Add(auth.Revocation{ID: "1"}); err == nil || set.Revoked(&auth.Token{ID: "1"}) {
		t.Errorf("error %v, in force %+v", err, set.All())
	}
	if _, err := auth.OpenRevocations(filepath.Join(dir, "revocations"), 0, nil); err == nil {
		t.Error("opened in a directory that is not there")
	}
}

// A damaged file is not taken for an empty one.
func TestRevocationsDamaged(t *testing.T) {
	good := auth.NewRevocations(0, nil)
	if err := good.Add(auth.Revocation{ID: "1"}, auth.Revocation{Subject: "user"}); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := good.Snapshot(&text); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"cut":           {text.String()[:text.Len()-3], "line 2"},
		"unknown":       {`{"jti":"1","scope":"all"}`, "line 1"},
		"about nothing": {"{}", "must have one"},
		"endless line":  {`{"jti":"` + strings.Repeat("x", 2<<20) + `"}`, "too long"},
	} {
		t.Run(name, func(t *testing.T) {
			path := file(t, []byte(tt.text))
			_, err := auth.OpenRevocations(path, 0, nil)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("error %v, want one with %q and the file's name", err, tt.want)
			}
		})
	}
	again := auth.NewRevocations(0, nil)
	if err := again.Load(&text); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(good.All(), again.All()); diff != "" {
		t.Errorf("after Snapshot and Load (-want +got):\n%s", diff)
	}
}
