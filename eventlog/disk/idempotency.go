package disk

import (
	"encoding/binary"
	"errors"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
)

// Idempotency keys lie in a space of their own, by the time of their use: forgetting them is one range delete.
//
//	'k' bucket hash(key)  →  digest, time, offset, publisher's own id
//
// A bucket is some hours of the clock, whatever the window is: that may change from one opening to the next.
const (
	keyBucket   = 3 * time.Hour
	digestBytes = len(eventlog.Digest{})
)

// keyWindow is how long keys are remembered.
func (o *Options) keyWindow() time.Duration {
	if age := o.Retention.MaxAge; age > 0 {
		return min(age, eventlog.KeyWindow)
	}
	return eventlog.KeyWindow
}

// keyBucketAt is never 0, whatever a clock that was not set yet says.
func keyBucketAt(at time.Time) uint64 { return max(uint64(max(at.UnixNano(), 0))/uint64(keyBucket), 1) }

func keyOfKey(dst []byte, bucket uint64, key hash) []byte {
	return append(keyBucketPrefix(dst, bucket), key[:]...)
}

func keyBucketPrefix(dst []byte, bucket uint64) []byte {
	return binary.BigEndian.AppendUint64(append(dst, spaceKeys), bucket)
}

// keyUse is what is remembered of a key.
type keyUse struct {
	digest eventlog.Digest
	record *eventlog.Record // its ID, Position and Time
}

func (u keyUse) append(dst []byte) []byte {
	dst = append(dst, u.digest[:]...)
	dst = binary.AppendVarint(dst, u.record.Time.UnixNano())
	dst = binary.AppendUvarint(dst, u.record.Position.Offset)
	return append(dst, u.record.ID...)
}

func decodeKeyUse(b []byte, lineage eventlog.Lineage) (keyUse, error) {
	if len(b) < digestBytes {
		return keyUse{}, errRecord
	}
	d := decoder{rest: string(b[digestBytes:])}
	u := keyUse{digest: eventlog.Digest(b[:digestBytes])}
	at := time.Unix(0, d.varint())
	u.record = &eventlog.Record{Position: lineage.At(d.uvarint()), Time: at}
	u.record.ID = d.rest
	if d.failed {
		return keyUse{}, errRecord
	}
	return u, nil
}

// repeated says what becomes of an entry whose key was used before.
func (b *batch) repeated(e *eventlog.Entry) (eventlog.Appended, bool, error) {
	if e.Key == "" {
		return eventlog.Appended{}, false, nil
	}
	use, found, err := b.findKey(hashOf(e.Key))
	switch {
	case err != nil || !found:
		return eventlog.Appended{}, false, err
	case use.digest != e.Digest():
		return eventlog.Appended{Conflict: true}, true, nil
	}
	return eventlog.Appended{Record: use.record, Repeated: true}, true, nil
}

func (b *batch) findKey(key hash) (keyUse, bool, error) {
	if use, ok := b.keys[key]; ok {
		return use, true, nil
	}
	window := b.options.keyWindow()
	oldest := keyBucketAt(b.now.Add(-window))
	for bucket := keyBucketAt(b.now) + 1; bucket >= oldest; bucket-- { // one ahead: the clock may have been set back
		b.key = keyOfKey(b.key[:0], bucket, key)
		value, closer, err := b.db.Get(b.key)
		if errors.Is(err, pebble.ErrNotFound) {
			continue
		}
		if err != nil {
			return keyUse{}, false, err
		}
		defer closer.Close()
		use, err := decodeKeyUse(value, b.state.lineage)
		return use, err == nil && b.now.Sub(use.record.Time) <= window, err
	}
	return keyUse{}, false, nil
}

// remember notes that an entry was appended under its key.
func (b *batch) remember(e *eventlog.Entry, r *eventlog.Record) error {
	if e.Key == "" {
		return nil
	}
	use := keyUse{digest: e.Digest(), record: r}
	b.keys[hashOf(e.Key)] = use
	b.key = keyOfKey(b.key[:0], keyBucketAt(b.now), hashOf(e.Key))
	return b.pebble.Set(b.key, use.append(nil), nil)
}

// forget drops the buckets of keys that are older than the window.
func (l *Log) forget(e *engine, now time.Time) error {
	oldest := keyBucketAt(now.Add(-l.options.keyWindow()))
	if oldest == l.forgotten {
		return nil
	}
	batch := e.db.NewBatch()
	from, to := keyBucketPrefix(nil, 0), keyBucketPrefix(nil, oldest)
	if err := batch.DeleteRange(from, to, nil); err != nil {
		return err
	}
	l.forgotten = oldest
	return e.commit(batch, pebble.NoSync)
}
