package bench_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkSync is what the disk takes to write 4 KiB through: no durable update is quicker.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	page := make([]byte, 4096)
	var took spread
	for b.Loop() {
		began := time.Now()
		if _, err := f.Write(page); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
		took.add(time.Since(began))
	}
	took.report(b, 0.5, "p50")
	took.report(b, 0.99, "p99")
}
