package logtest

import (
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
)

// Open returns a new, empty log that keeps to r. The suite closes it; what else there is to clean up, such as its
// folder, is left to t.Cleanup. It is called many times in one test.
type Open func(t *testing.T, r eventlog.Retention) eventlog.Log

// Run runs all tests of a log's contract.
func Run(t *testing.T, open func(t *testing.T, r eventlog.Retention) eventlog.Log) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, Open)
	}{
		{"Empty", testEmpty},
		{"Append", testAppend},
		{"AppendKeepsFields", testAppendKeepsFields},
		{"Epochs", testEpochs},
		{"ReadBounds", testReadBounds},
		{"ReadMaxBytes", testReadMaxBytes},
		{"ReadMaxScan", testReadMaxScan},
		{"ReadPrivate", testReadPrivate},
		{"ReadTrimmed", testReadTrimmed},
		{"ReadWhileAppending", testReadWhileAppending},
		{"Find", testFind},
		{"FindTrimmed", testFindTrimmed},
		{"Newest", testNewest},
		{"NewestTrimmed", testNewestTrimmed},
		{"Latest", testLatest},
		{"Keys", testKeys},
		{"KeysTrimmed", testKeysTrimmed},
		{"Marks", testMarks},
		{"MarksTrimmed", testMarksTrimmed},
		{"Presence", testPresence},
		{"PresenceFlood", testPresenceFlood},
		{"Verdict", testVerdict},
		{"VerdictTrimmed", testVerdictTrimmed},
		{"TrimByAge", testTrimByAge},
		{"TrimEverything", testTrimEverything},
		{"TrimByNumberAndSize", testTrimByNumberAndSize},
		{"Closed", testClosed},
		{"Model", testModel},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open) })
	}
}
