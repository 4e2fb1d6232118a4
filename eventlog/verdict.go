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
	// Compacted streams continue behind their cursor, without values that newer ones have replaced meanwhile,
	// in a log that keeps only the newest of some topics.
	Compacted
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
	case Compacted:
		return "compacted"
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
	// GapLimit: there is more than a subscriber is sent at once; it is a limit of the hub.
	GapLimit
)

// GapReasons lists every reason of a gap, for those who keep one counter for each.
func GapReasons() []GapReason { return []GapReason{GapRetention, GapLineage, GapUnknownID, GapLimit} }

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
	case GapLimit:
		return "limit"
	}
	return "unknown"
}

// Verdict is what a log says to a cursor.
type Verdict struct {
	// Kind says how the stream begins.
	Kind VerdictKind
	// After is the offset that the stream begins behind. For the cursor "earliest" it is the place before the oldest
	// record that the log holds, and so it is on a gap, unless it is known that the subscriber has had what follows: up
	// to its cursor, or to the end of the term of its cursor.
	After uint64
	// Told is the offset up to which the subscriber knows, or does not mind, that records are lost, where that
	// is above After: see [ReadRequest].
	Told uint64
	// Why is set on a gap.
	Why GapReason
}

// Extent is what [Judge] has to know of a log, as far as the subscriber can be concerned.
type Extent struct {
	Lineage Lineage
	// Head is the highest durable offset.
	Head uint64
	// Oldest is the lowest offset at which a record lies, Head+1 if there is none.
	Oldest uint64
	// Floor is the lowest offset from which on nothing was dropped. A log that keeps some records longer than
	// others may hold older ones.
	Floor uint64
}

// Judge is the part of [Log.Verdict] that all logs share. find looks a publisher's id up.
func Judge(c Cursor, x Extent, find func(id string) (uint64, bool, error)) (Verdict, error) {
	all := Verdict{Kind: Resumed, After: x.Oldest - 1, Told: x.Floor - 1}
	gap := func(why GapReason, had uint64) Verdict {
		v := all
		v.Kind, v.Why, v.After = Gap, why, max(v.After, had)
		return v
	}
	switch c.Kind() {
	case CursorEarliest:
		return all, nil
	case CursorPosition:
		if !x.Lineage.Contains(c.Position(), x.Head) {
			return gap(GapLineage, x.Lineage.shared(c.Position())), nil
		}
		if c.Position().Offset < x.Floor-1 {
			return gap(GapRetention, c.Position().Offset), nil
		}
		return Verdict{Kind: Resumed, After: c.Position().Offset}, nil
	case CursorID:
		offset, found, err := find(c.String())
		if err != nil {
			return Verdict{}, err
		}
		if !found {
			return gap(GapUnknownID, 0), nil
		}
		if offset < x.Floor-1 {
			return gap(GapRetention, offset), nil
		}
		return Verdict{Kind: Resumed, After: offset}, nil
	default:
		return Verdict{Kind: Fresh, After: x.Head}, nil
	}
}
