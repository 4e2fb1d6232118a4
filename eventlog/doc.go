// Package eventlog is the hub's memory: the one ordered sequence of its updates, from which a subscriber that
// comes back gets what it missed, or learns that some of it is lost.
//
// [Log] is the contract that every log keeps; package logtest holds the tests of it. [NewMemory] makes the log
// that lives in the process.
//
// Words: an offset is a position in the log, strictly rising, beginning at 1, not necessarily dense. The head is
// the highest offset that is durable; nothing above it is ever shown. An [Epoch] is one term of the log's
// writer; the [Lineage] lists all epochs whose updates the log holds, so that a cursor into a part of the log
// that was lost (by a restored backup, a power cut, a restart of a log in memory) is recognised as such. A
// [Cursor] is what a subscriber comes back with, a [Verdict] what the log says to it.
package eventlog
