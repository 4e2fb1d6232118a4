package load

import "bytes"

// A sink is told of the events that a scanner finds.
type sink interface {
	event(s stamp) // one of a load's own
	other()        // any other
}

// lineHead is how much of a line must be seen to know it: the field's name and the stamp.
const lineHead = len("data: ") + stampSize

// scanner finds the events in a stream that comes in pieces, cut anywhere. It keeps no more of it than the head of
// one line. Lines end with LF or CRLF; a CR alone, which no server is known to use, is not taken for an end.
type scanner struct {
	begun [lineHead + 1]byte // the head of a line that was cut
	have  uint8              // how much of begun is used
	skip  bool               // what comes next is the rest of a line that is known
	data  eventKind          // of the event that is being read
	stamp stamp
}

// eventKind says what the data of an event is.
type eventKind uint8

const (
	noData eventKind = iota
	otherData
	ownData
)

// feed reads the next piece.
func (s *scanner) feed(b []byte, to sink) {
	for len(b) > 0 {
		switch {
		case s.skip:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				return
			}
			s.skip = false
			b = b[i+1:]
		case s.have > 0 || len(b) < lineHead:
			b = s.gather(b, to)
		case b[0] == '\n':
			s.end(to)
			b = b[1:]
		case b[0] == '\r' && b[1] == '\n':
			s.end(to)
			b = b[2:]
		default:
			i := bytes.IndexByte(b, '\n')
			if i < 0 {
				s.line(b[:lineHead])
				s.skip = true
				return
			}
			s.line(b[:min(i, lineHead)])
			b = b[i+1:]
		}
	}
}

// gather collects the head of a line that came in several pieces, or so near to the end of one that it could. It
// returns what it does not need.
func (s *scanner) gather(b []byte, to sink) []byte {
	had := int(s.have)
	n := copy(s.begun[had:], b)
	if i := bytes.IndexByte(s.begun[had:had+n], '\n'); i >= 0 {
		line := bytes.TrimSuffix(s.begun[:had+i], []byte("\r"))
		s.have = 0
		if len(line) == 0 {
			s.end(to)
		} else {
			s.line(line)
		}
		return b[i+1:]
	}
	s.have += uint8(n)
	if int(s.have) == len(s.begun) {
		s.line(s.begun[:])
		s.have, s.skip = 0, true
	}
	return b[n:]
}

// line reads the head of a line that is not empty.
func (s *scanner) line(head []byte) {
	if s.data != noData || head[0] != 'd' || len(head) < 4 || string(head[:4]) != "data" {
		return // of several lines of data the first one says it all
	}
	value := head[4:]
	switch {
	case len(value) == 0 || value[0] == '\r':
		s.data = otherData // a field without a value
		return
	case value[0] != ':':
		return
	}
	value = value[1:]
	if len(value) > 0 && value[0] == ' ' {
		value = value[1:]
	}
	s.data = otherData
	if at, ok := parseStamp(value); ok {
		s.stamp, s.data = at, ownData
	}
}

// end is the empty line behind an event.
func (s *scanner) end(to sink) {
	switch s.data {
	case ownData:
		to.event(s.stamp)
	case otherData:
		to.other()
	}
	s.data = noData
}
