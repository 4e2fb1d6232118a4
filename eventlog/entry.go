package eventlog

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// KeyWindow is the longest that a log remembers idempotency keys. One that keeps its records for a shorter time
// remembers keys for that time.
const KeyWindow = 24 * time.Hour

// Entry is an update on its way into a log.
type Entry struct {
	Update
	// Key makes appending idempotent, if it is not empty: an entry with a key that the log remembers is not
	// appended again. The key includes whatever it is scoped to.
	Key string
	// Presence says that the update is about who is subscribed. A log keeps such updates apart from all others,
	// for [PresenceRetention], whatever their topics are.
	Presence bool
	// Mark, if it has a Key, is set by the batch of the update. An entry whose mark is set already is not appended.
	Mark Mark
	// Unmark, if it is not empty, is the key of a mark that the batch of the update takes back. An entry whose mark
	// is not set is not appended. So who does not know what became of an entry with a mark may append it again.
	Unmark string
}

// Appended says what became of an [Entry].
type Appended struct {
	// Record is the update in its place. If it is Repeated, only ID and Position of it are sure to be set. It is
	// nil on a Conflict, and of an entry that was Skipped.
	Record *Record
	// Repeated entries were not appended: their key was used before, for the same update.
	Repeated bool
	// Conflict entries were not appended: their key was used before, for another update.
	Conflict bool
	// Skipped entries were not appended: their [Mark] was set, or the one that they take back was not.
	Skipped bool
}

// Digest is equal for updates that say the same.
type Digest [16]byte

// Digest returns the digest of everything that u says.
func (u *Update) Digest() Digest {
	h := sha256.New()
	text := func(s string) {
		var size [8]byte
		binary.BigEndian.PutUint64(size[:], uint64(len(s)))
		h.Write(size[:])
		h.Write([]byte(s))
	}
	for _, t := range u.Topics {
		text(t)
	}
	flags := [9]byte{}
	if u.Private {
		flags[0] = 1
	}
	binary.BigEndian.PutUint64(flags[1:], uint64(u.Retry))
	h.Write(flags[:])
	text(u.ID)
	text(u.Type)
	text(u.Data)
	return Digest(h.Sum(nil)[:16])
}
