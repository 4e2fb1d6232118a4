package eventlog

import "github.com/tidings-hub/tidings/internal/topicindex"

// byTopic has the records of a log in memory by their topics, of both lanes.
type byTopic = topicindex.Index[indexed]

// indexed is a record as the index sees it.
type indexed struct{ *Record }

// Offset implements [topicindex.Entry].
func (r indexed) Offset() uint64 { return r.Position.Offset }

// taken copies into dst what m gives next, as long as it lies up to to, and returns how much that was.
func taken(dst []*Record, m *topicindex.Merge[indexed], to uint64) (n int) {
	for n < len(dst) {
		r, ok := m.Next()
		if !ok || r.Offset() > to {
			break
		}
		dst[n] = r.Record
		n++
	}
	return n
}
