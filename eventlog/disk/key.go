package disk

import (
	"crypto/sha256"
	"encoding/binary"
)

// The first byte of a key says what follows.
const (
	spaceMeta = 0x01
	spaceData = 0x02
	spaceKeys = 0x03
	spaceMark = 0x04
)

// The kinds of keys in a segment.
const (
	kindID     = 'i'
	kindRecord = 'r'
	kindTopic  = 't'
)

// Keys of the meta space.
var (
	keyVersion = []byte{spaceMeta, 'v'}
	keyLineage = []byte{spaceMeta, 'l'}
)

const metaClass, metaSegment = 'c', 's'

// hash names a topic or an id in an index.
type hash [16]byte

func hashOf(s string) hash {
	sum := sha256.Sum256([]byte(s))
	return hash(sum[:16])
}

// segmentID is the place of a segment: its class, and its number in it.
type segmentID struct {
	class  uint8
	number uint32
}

func (s segmentID) next() segmentID { return segmentID{s.class, s.number + 1} }

// prefix begins every key of the segment.
func (s segmentID) prefix(dst []byte) []byte {
	dst = append(dst, spaceData, s.class)
	return binary.BigEndian.AppendUint32(dst, s.number)
}

func (s segmentID) recordKey(dst []byte, offset uint64) []byte {
	dst = append(s.prefix(dst), kindRecord)
	return binary.BigEndian.AppendUint64(dst, offset)
}

func (s segmentID) topicKey(dst []byte, topic hash, offset uint64) []byte {
	dst = append(s.prefix(dst), kindTopic)
	dst = append(dst, topic[:]...)
	return binary.BigEndian.AppendUint64(dst, offset)
}

func (s segmentID) idKey(dst []byte, id hash) []byte {
	dst = append(s.prefix(dst), kindID)
	return append(dst, id[:]...)
}

// metaKey is where the segment's summary lies.
func (s segmentID) metaKey(dst []byte) []byte {
	dst = append(dst, spaceMeta, metaSegment, s.class)
	return binary.BigEndian.AppendUint32(dst, s.number)
}

// classKey is where the marks of a class lie.
func classKey(dst []byte, class uint8) []byte { return append(dst, spaceMeta, metaClass, class) }

// keyOffset returns the offset with which record and topic keys end.
func keyOffset(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

// keyNumber returns the segment number with which the key of a summary ends.
func keyNumber(key []byte) uint32 { return binary.BigEndian.Uint32(key[len(key)-4:]) }
