package eventlog

// VerdictKind says how a stream begins.
type VerdictKind uint8

// The verdicts.
const (
	// Fresh streams begin now: there was no cursor.
	Fresh VerdictKind = iota
	// Resumed streams continue exactly behind their cursor.
	Resumed
	// Gap says that updates behind the cursor may be lost to the subscriber.
	Gap
)

// String returns the name of k as subscribers see it.
func (k VerdictKind) String() string {
	switch k {
	case Fresh:
		return "fresh"
	case Resumed:
		return "resumed"
	case Gap:
		return "gap"
	}
	return "unknown"
}

// GapReason says why updates are lost to a subscriber.
type GapReason uint8

// The reasons of gaps.
const (
	// GapNone is no gap.
	GapNone GapReason = iota
	// GapRetention: retention dropped updates behind the cursor.
	GapRetention
	// GapLineage: the cursor points into a part of history that this log does not have, because the log was
	// restored, cut, or never written down.
	GapLineage
	// GapUnknownID: no update with this id is in the log; it may have been dropped, or never been there.
	GapUnknownID
)

// GapReasons lists every reason of a gap, for those who keep one counter for each.
func GapReasons() []GapReason { return []GapReason{GapRetention, GapLineage, GapUnknownID} }

// String returns the name of r as subscribers and metrics see it.
func (r GapReason) String() string {
	switch r {
	case GapNone:
		return "none"
	case GapRetention:
		return "retention"
	case GapLineage:
		return "lineage"
	case GapUnknownID:
		return "unknown-id"
	}
	return "unknown"
}

// Verdict is what a log says to a cursor.
type Verdict struct {
	// Kind says how the stream begins.
	Kind VerdictKind
	// After is the offset that the stream begins behind. On a gap it is the place before the oldest record
	// that the log holds.
	After uint64
	// Why is set on a gap.
	Why GapReason
}

// Judge is the part of [Log.Verdict] that all logs share. It is given the log's lineage, its head, its floor as
// far as the subscriber can be concerned, and a way to look a publisher's id up.
func Judge(c Cursor, lineage Lineage, head, floor uint64, find func(id string) (uint64, bool, error)) (Verdict, error) {
	gap := func(why GapReason) Verdict { return Verdict{Kind: Gap, After: floor - 1, Why: why} }
	switch c.Kind() {
	case CursorEarliest:
		return Verdict{Kind: Resumed, After: floor - 1}, nil
	case CursorPosition:
		if !lineage.Contains(c.Position(), head) {
			return gap(GapLineage), nil
		}
		if c.Position().Offset < floor-1 {
			return gap(GapRetention), nil
		}
		return Verdict{Kind: Resumed, After: c.Position().Offset}, nil
	case CursorID:
		offset, found, err := find(c.String())
		if err != nil {
			return Verdict{}, err
		}
		if !found {
			return gap(GapUnknownID), nil
		}
		if offset < floor-1 {
			return gap(GapRetention), nil
		}
		return Verdict{Kind: Resumed, After: offset}, nil
	default:
		return Verdict{Kind: Fresh, After: head}, nil
	}
}
