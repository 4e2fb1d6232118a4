// Package logtest holds the tests that every [eventlog.Log] passes:
//
//	func TestDisk(t *testing.T) { logtest.Run(t, openDisk) }
//
// They are exact about what subscribers rely on. Offsets rise strictly, but need not be dense. Everything from the
// floor to the head is read as it was appended, and nothing above the head. The floor never falls. What the
// retention rules keep is never dropped. A cursor behind which something that the reader wants was dropped is
// never called resumed.
//
// They leave room where logs may differ. A log may drop later than the rules ask for, as one does that drops whole
// segments; only when every record is older than [eventlog.Retention.MaxAge] must a Trim leave nothing, and
// growing without bound under a rule by number or size is a failure. An id that was used twice, and whose first
// use was dropped, may be unknown or stand for its second use.
package logtest
