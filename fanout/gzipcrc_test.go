package fanout

import (
	"hash/crc32"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// multiplySlowly is multiply as it is taught: b·x^i for every power in a.
func multiplySlowly(a, b uint32) uint32 {
	var product uint32
	for ; a > 0; a <<= 1 {
		if a&xToThe0 != 0 {
			product ^= b
		}
		carry := b & 1
		b >>= 1
		if carry == 1 {
			b ^= crc32.IEEE
		}
	}
	return product
}

func TestMultiply(t *testing.T) {
	factor := rapid.OneOf(rapid.Uint32(), rapid.SampledFrom([]uint32{0, 1, xToThe0, xToThe8, crc32.IEEE, math.MaxUint32}))
	rapid.Check(t, func(t *rapid.T) {
		a, b := factor.Draw(t, "a"), factor.Draw(t, "b")
		if got, want := multiply(a, b), multiplySlowly(a, b); got != want {
			t.Errorf("%08x times %08x is %08x, want %08x", a, b, got, want)
		}
	})
	for i := range 32 {
		for j := range 32 {
			a, b := uint32(1)<<i, uint32(1)<<j
			if got, want := multiply(a, b), multiplySlowly(a, b); got != want {
				t.Errorf("%08x times %08x is %08x, want %08x", a, b, got, want)
			}
		}
	}
}

func TestShiftOver(t *testing.T) {
	if got := shiftOver(0); got != xToThe0 {
		t.Errorf("over nothing: %08x, want %08x", got, uint32(xToThe0))
	}
	rapid.Check(t, func(t *rapid.T) {
		a := rapid.Uint32().Draw(t, "a")
		b := rapid.Uint32Max(math.MaxUint32-a).Draw(t, "b")
		if got, want := multiply(shiftOver(a), shiftOver(b)), shiftOver(a+b); got != want {
			t.Errorf("over %d and %d: %08x, want %08x", a, b, got, want)
		}
	})
}

func TestGzipSumOfRandomLengths(t *testing.T) {
	source := noise(100_000)
	rapid.Check(t, func(t *rapid.T) {
		var got gzipSum
		var want uint32
		var length uint32
		for range rapid.IntRange(0, 20).Draw(t, "events") {
			n := rapid.OneOf(rapid.IntRange(0, 8), rapid.IntRange(0, 50_000)).Draw(t, "length")
			event := source[rapid.IntRange(0, 50_000).Draw(t, "from"):][:n]
			got.add(deflate(event, false))
			want = crc32.Update(want, crc32.IEEETable, event)
			length += uint32(n)
		}
		if got.sum != want || got.length != length {
			t.Errorf("sum %08x of %d bytes, want %08x of %d", got.sum, got.length, want, length)
		}
	})
}

// TestGzipSumBeyond4GiB: the length starts again at 2^32, the sum goes on.
func TestGzipSumBeyond4GiB(t *testing.T) {
	event := noise(16 << 20)
	d := deflate(event, false)
	var got gzipSum
	var want uint32
	for range 256 {
		got.add(d)
		want = crc32.Update(want, crc32.IEEETable, event)
	}
	if got.length != 0 || got.sum != want {
		t.Fatalf("at 4 GiB: sum %08x, length %d, want %08x, 0", got.sum, got.length, want)
	}
	got.add(deflate(event[:100], false))
	want = crc32.Update(want, crc32.IEEETable, event[:100])
	if got.length != 100 || got.sum != want {
		t.Errorf("100 bytes later: sum %08x, length %d, want %08x, 100", got.sum, got.length, want)
	}

	// An event that is almost that long itself.
	long := &deflated{sum: got.sum, length: math.MaxUint32, shift: shiftOver(math.MaxUint32)}
	got.add(long)
	if got.length != 99 {
		t.Errorf("behind an event of 2^32-1 bytes the length is %d, want 99", got.length)
	}
}

func BenchmarkGzipSum(b *testing.B) {
	d := deflate(text(200), true)
	var sum gzipSum
	b.ReportAllocs()
	for b.Loop() {
		sum.add(d)
	}
}

func BenchmarkShiftOver(b *testing.B) {
	for b.Loop() {
		shiftOver(1 << 20)
	}
}
