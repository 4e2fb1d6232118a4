package disk

import (
	"slices"

	"github.com/tidings-hub/tidings/eventlog"
)

// presenceRule stands for the topics of the class of presence updates. It has every one of them, whatever its topics,
// and nothing else.
const presenceRule = "(presence)"

func isPresence(info classInfo) bool { return slices.Equal(info.Topics, []string{presenceRule}) }

// findPresence returns the class of presence updates: the one that there is, or one that no rule ever had. A rule's marks
// speak of updates that its subscribers may have lost, and would be forgotten with it.
func findPresence(infos map[uint8]classInfo) (uint8, bool) {
	for id, info := range infos {
		if isPresence(info) {
			return id, true
		}
	}
	for id := uint8(maxClasses - 1); id > 0; id-- {
		if _, taken := infos[id]; !taken {
			return id, true
		}
	}
	return 0, false
}

// addPresence adds the class of presence updates behind those of the rules. One that was never used is not written down.
func (s *state) addPresence(id uint8, info classInfo) {
	keep := eventlog.PresenceRetention()
	s.presence = len(s.classes)
	s.classes = append(s.classes, class{
		id: id, rank: len(s.classes), rule: &Rule{Keep: keep}, topics: []string{presenceRule}, keep: keep,
		mark: info.Mark, presence: true, reach: info.Presence,
	})
}

// unused reports whether c is the class of presence updates in a log that has never had one.
func (c *class) unused() bool { return c.presence && !c.reach.Any }
