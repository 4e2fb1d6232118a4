package disk

import (
	"testing"

	"github.com/cockroachdb/pebble/v2/vfs"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/logtest"
)

// TestContract runs the suite that every log passes, on real files.
func TestContract(t *testing.T) {
	logtest.Run(t, func(t *testing.T, r eventlog.Retention) eventlog.Log {
		l, err := Open(t.TempDir(), Options{Retention: r})
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
}

// TestContractInMemory runs it once more on a file system in memory, where the random runs are quick.
func TestContractInMemory(t *testing.T) {
	logtest.Run(t, func(t *testing.T, r eventlog.Retention) eventlog.Log {
		l, err := Open("log", Options{Retention: r, fs: vfs.NewMem()})
		if err != nil {
			t.Fatal(err)
		}
		return l
	})
}
