package disk

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/cockroachdb/pebble/v2"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/topic"
)

// formatVersion is the version of the keys and values that this package writes.
const formatVersion = 1

// ErrNewerFormat says that a log was written by a newer release.
var ErrNewerFormat = errors.New("the log has a newer format")

// maxTerms bounds the lineage. What older terms said is forgotten: their cursors are answered with a gap.
const maxTerms = 1000

// maxEmptyTerms bounds the terms in a row in which nothing was appended.
const maxEmptyTerms = 16

// maxClasses is how many classes a log may have: those of its rules, and those of earlier ones that still keep
// updates.
const maxClasses = 250

// versionInfo is the value of keyVersion.
type versionInfo struct {
	Format int `json:"format"`
}

// classInfo is what is stored of a class.
type classInfo struct {
	Topics   []string `json:"topics"` // the texts of the rule's matchers; nil: all other topics
	Newest   bool     `json:"newestOnly,omitempty"`
	Rank     int      `json:"rank,omitempty"` // the rule's place among the rules
	Mark     uint64   `json:"mark"`
	Replaced uint64   `json:"replaced,omitempty"`
	Foreign  uint64   `json:"foreign,omitempty"`

	Presence eventlog.PresenceReach `json:"presence,omitzero"`

	empty bool // it holds nothing
}

// load reads what the log is, and gives each rule its class.
func load(db *pebble.DB, o Options) (*state, error) {
	s := &state{}
	if _, err := loadMeta(db, s); err != nil {
		return nil, err
	}
	infos, err := loadClasses(db)
	if err != nil {
		return nil, err
	}
	batch := db.NewBatch()
	defer batch.Close()
	if err := assignClasses(s, infos, o); err != nil {
		return nil, err
	}
	if err := s.loadSegments(db); err != nil {
		return nil, err
	}
	if rulesChanged(s, infos) {
		for i := range s.classes {
			if !s.classes[i].presence {
				s.classes[i].foreign = s.head
			}
		}
	}
	for i := range s.classes {
		if s.classes[i].unused() {
			continue
		}
		if err := saveClass(batch, &s.classes[i]); err != nil {
			return nil, err
		}
	}
	if err := setJSON(batch, keyVersion, versionInfo{Format: formatVersion}); err != nil {
		return nil, err
	}
	return s, batch.Commit(pebble.Sync)
}

// loadMeta reads the version and the lineage, and reports whether there is a log at all.
func loadMeta(db *pebble.DB, s *state) (bool, error) {
	var version versionInfo
	found, err := getJSON(db, keyVersion, &version)
	if err != nil {
		return false, err
	}
	if found && version.Format > formatVersion {
		return false, fmt.Errorf("%w: %d, and this release knows %d", ErrNewerFormat, version.Format, formatVersion)
	}
	_, err = getJSON(db, keyLineage, &s.lineage)
	return found, err
}

// assignClasses finds the class of each rule, the one for all other topics first. Classes whose rule is gone keep
// what they hold until Options.Retention drops it; then another rule may have them, with their marks.
func assignClasses(s *state, infos map[uint8]classInfo, o Options) error {
	rules := append([]Rule{{Keep: o.Retention}}, o.Rules...)
	presence, free := findPresence(infos)
	if !free {
		return errNoClass
	}
	used := map[uint8]bool{presence: true}
	ids := make([]uint8, len(rules))
	found := make([]bool, len(rules))
	for i := range rules {
		if ids[i], found[i] = findClass(infos, used, rules[i]); found[i] {
			used[ids[i]] = true
		}
	}
	for i := range rules {
		if !found[i] {
			var free bool
			if ids[i], free = freeClass(infos, used); !free {
				return errNoClass
			}
			used[ids[i]] = true
		}
		info := infos[ids[i]]
		s.classes = append(s.classes, class{
			id: ids[i], rank: i, rule: &rules[i], topics: matcherTexts(rules[i].Topics), newest: rules[i].NewestOnly,
			keep: rules[i].Keep, mark: info.Mark, replaced: info.Replaced, foreign: info.Foreign,
		})
		if i > 0 {
			s.rules = append(s.rules, rules[i].Topics)
		}
	}
	s.addPresence(presence, infos[presence])
	for id, info := range infos {
		if !used[id] {
			s.classes = append(s.classes, class{
				id: id, topics: []string{goneRule}, keep: o.Retention,
				mark: info.Mark, replaced: info.Replaced, foreign: info.Foreign,
			})
		}
	}
	return nil
}

// rulesChanged reports whether the log has had other rules, or had them in another order, than it has now: then
// whatever it holds, or has dropped, may have topics of other rules than the class it is in.
func rulesChanged(s *state, infos map[uint8]classInfo) bool {
	if len(infos) == 0 {
		return false
	}
	last := -1
	for i := range s.classes {
		c := &s.classes[i]
		if c.presence {
			continue
		}
		info, known := infos[c.id]
		if !known || info.Newest != c.newest || !slices.Equal(info.Topics, c.topics) || c.rule != nil && info.Rank < last {
			return true
		}
		if c.rule != nil {
			last = info.Rank
		}
	}
	return false
}

var errNoClass = fmt.Errorf("all %d classes of the log are in use by earlier rules that still keep updates", maxClasses)

// goneRule stands for the topics of a class whose rule is gone.
const goneRule = "(no rule)"

func (c *class) gone() bool { return slices.Equal(c.topics, []string{goneRule}) }

func findClass(infos map[uint8]classInfo, used map[uint8]bool, r Rule) (uint8, bool) {
	for id, info := range infos {
		if !used[id] && info.Newest == r.NewestOnly && slices.Equal(info.Topics, matcherTexts(r.Topics)) {
			return id, true
		}
	}
	return 0, false
}

func freeClass(infos map[uint8]classInfo, used map[uint8]bool) (uint8, bool) {
	for id := range uint8(maxClasses) {
		if info, taken := infos[id]; !used[id] && (!taken || info.empty) {
			return id, true
		}
	}
	return 0, false
}

func matcherTexts(ms topic.Matchers) []string {
	var texts []string
	for _, m := range ms {
		texts = append(texts, m.String())
	}
	return texts
}

// checkKinds returns an error if a rule's matchers are of a kind that this release does not know.
func checkKinds(texts []string) error {
	for _, text := range texts {
		kind, _, _ := strings.Cut(text, ":")
		if _, known := topic.ParseKind(kind); !known && text != goneRule && text != presenceRule {
			return fmt.Errorf("the log has a rule for %q, which is of a kind that this release does not know", text)
		}
	}
	return nil
}

func saveClass(batch *pebble.Batch, c *class) error {
	return setJSON(batch, classKey(nil, c.id), classInfo{
		Topics: c.topics, Newest: c.newest, Rank: c.rank, Mark: c.mark, Replaced: c.replaced, Foreign: c.foreign,
		Presence: c.reach,
	})
}

func loadClasses(db *pebble.DB) (map[uint8]classInfo, error) {
	infos := map[uint8]classInfo{}
	iter, err := db.NewIter(&pebble.IterOptions{LowerBound: classKey(nil, 0), UpperBound: classKey(nil, maxClasses)})
	if err != nil {
		return nil, err
	}
	defer iter.Close()
	for ok := iter.First(); ok; ok = iter.Next() {
		c := class{id: iter.Key()[len(iter.Key())-1]}
		var info classInfo
		if err := json.Unmarshal(iter.Value(), &info); err != nil {
			return nil, fmt.Errorf("key %q: %w", iter.Key(), err)
		}
		if err := checkKinds(info.Topics); err != nil {
			return nil, fmt.Errorf("key %q: %w", iter.Key(), err)
		}
		if err := loadSegments(db, &c); err != nil {
			return nil, err
		}
		info.empty = len(c.segments) == 0
		infos[c.id] = info
	}
	return infos, iter.Error()
}

// inspectState reads what the log is, with the classes that it has, whatever the rules say now: in the order of their
// rules, and those whose rule is gone last, as load has them.
func inspectState(db *pebble.DB) (*state, error) {
	s := &state{}
	found, err := loadMeta(db, s)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, errors.New("there is no log")
	}
	infos, err := loadClasses(db)
	if err != nil {
		return nil, err
	}
	for id, info := range infos {
		s.classes = append(s.classes, class{
			id: id, rank: info.Rank, topics: info.Topics, newest: info.Newest, mark: info.Mark, replaced: info.Replaced,
			foreign: math.MaxUint64, presence: isPresence(info), reach: info.Presence,
		})
	}
	slices.SortFunc(s.classes, func(a, b class) int {
		switch {
		case a.gone() && !b.gone():
			return 1
		case b.gone() && !a.gone():
			return -1
		}
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(a.id, b.id))
	})
	return s, s.loadSegments(db)
}

// loadSegments reads the summaries of all segments, and learns the head from them.
func (s *state) loadSegments(db *pebble.DB) error {
	for i := range s.classes {
		c := &s.classes[i]
		if err := loadSegments(db, c); err != nil {
			return err
		}
	}
	s.head = s.written()
	return nil
}

// written returns the highest offset that the database knows of. The head is above it while nothing has followed what a
// failure took.
func (s *state) written() uint64 {
	highest := uint64(0)
	for i := range s.classes {
		c := &s.classes[i]
		highest = max(highest, c.mark)
		if n := len(c.segments); n > 0 {
			highest = max(highest, c.segments[n-1].last)
		}
	}
	return highest
}

func loadSegments(db *pebble.DB, c *class) error {
	from := segmentID{class: c.id}.metaKey(nil)
	to := append(segmentID{class: c.id, number: ^uint32(0)}.metaKey(nil), 0)
	iter, err := db.NewIter(&pebble.IterOptions{LowerBound: from, UpperBound: to})
	if err != nil {
		return err
	}
	defer iter.Close()
	for ok := iter.First(); ok; ok = iter.Next() {
		id := segmentID{class: c.id, number: keyNumber(iter.Key())}
		s, err := decodeSegment(id, iter.Value())
		if err != nil {
			return fmt.Errorf("summary of segment %d of class %d: %w", id.number, id.class, err)
		}
		c.segments = append(c.segments, s)
	}
	return iter.Error()
}

// beginEpoch adds a term to the lineage. The last ones in which nothing was appended stay in it, but few: a subscriber
// that was told of such an epoch may have written its place with that, and many would take the place of others.
func beginEpoch(db *pebble.DB, s *state) (*state, error) {
	lineage := slices.Clone(s.lineage)
	empty := slices.IndexFunc(lineage, func(t eventlog.Term) bool { return t.First == s.head+1 })
	if empty >= 0 && len(lineage)-empty >= maxEmptyTerms {
		lineage = slices.Delete(lineage, empty, empty+1)
	}
	lineage = append(lineage, eventlog.Term{Epoch: eventlog.NewEpoch(), First: s.head + 1})
	if len(lineage) > maxTerms {
		lineage = lineage[len(lineage)-maxTerms:]
	}
	next := *s
	next.lineage = lineage
	batch := db.NewBatch()
	defer batch.Close()
	if err := setJSON(batch, keyLineage, lineage); err != nil {
		return nil, err
	}
	return &next, batch.Commit(pebble.Sync)
}

func getJSON(db *pebble.DB, key []byte, v any) (bool, error) {
	value, closer, err := db.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer closer.Close()
	if err := json.Unmarshal(value, v); err != nil {
		return false, fmt.Errorf("key %q: %w", key, err)
	}
	return true, nil
}

func setJSON(batch *pebble.Batch, key []byte, v any) error {
	value, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return batch.Set(key, value, nil)
}
