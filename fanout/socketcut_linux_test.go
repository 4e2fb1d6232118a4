package fanout_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

// cuts are the places at which sockets were full.
type cuts struct {
	byte     map[int]bool // of the stream
	inBuffer map[int]bool // of the buffer that was cut
	inFirst  int          // in the first buffer of a call
	inLater  int          // in a further one
	atBorder int          // between two
	nothing  int          // nothing was taken
}

// see notes that of bufs, the first of which is at the stream's byte at, so many bytes were taken.
func (c *cuts) see(bufs [][]byte, at, taken int) {
	c.byte[at+taken] = true
	for i, b := range bufs {
		if taken < len(b) {
			switch {
			case taken == 0 && i == 0:
				c.nothing++
			case taken == 0:
				c.atBorder++
			case i == 0:
				c.inFirst++
			default:
				c.inLater++
			}
			c.inBuffer[taken] = true
			return
		}
		taken -= len(b)
	}
}

// TestSocketSinkCutAnywhere: whatever the sizes of writes, of reads, of segments and of what the kernel keeps, the
// peer gets every byte once and in order, though the socket is full again and again at all kinds of places.
func TestSocketSinkCutAnywhere(t *testing.T) {
	const rounds = 60
	for _, network := range []string{"tcp", "unix"} {
		t.Run(network, func(t *testing.T) {
			seen := &cuts{byte: map[int]bool{}, inBuffer: map[int]bool{}}
			for seed := range rounds {
				random := rand.New(rand.NewPCG(uint64(seed), 4))
				c := shape{network: network, send: pick(random, 1, 5000, 20_000, 100_000)}
				if network == "tcp" {
					c.segment = pick(random, 88, 536, 1460, 9000)
					c.receive = pick(random, 1, 4000, 30_000)
				}
				t.Run(fmt.Sprint(seed), func(t *testing.T) { cutAnywhere(t, c, random, seen) })
			}
			t.Logf("full at %d different bytes of the stream, %d of a buffer: %d times in the first buffer, %d in a later one, %d between two, %d before all",
				len(seen.byte), len(seen.inBuffer), seen.inFirst, seen.inLater, seen.atBorder, seen.nothing)
			if len(seen.byte) < 100 || seen.inFirst == 0 || seen.inLater == 0 || seen.atBorder == 0 {
				t.Error("that is too little")
			}
		})
	}
}

func pick(random *rand.Rand, of ...int) int { return of[random.IntN(len(of))] }

// cutAnywhere offers buffers of random sizes to a socket of which random parts are read.
func cutAnywhere(t *testing.T, c shape, random *rand.Rand, seen *cuts) {
	form := fanout.FormEvent
	ending := ""
	if random.IntN(2) == 0 {
		form, ending = fanout.FormChunk, "0\r\n\r\n"
	}
	w := newWire(t, c, form, fanout.SocketOptions{Stall: time.Minute, NotSentBytes: pick(random, 0, 1, 2000, 50_000)})
	all := content(20_000 + random.IntN(200_000))
	bufs := splitRandomly(all, random)
	got := make(chan []byte, 1)
	readSizes := pick(random, 1, 7, 100, 5000, 100_000)
	go func() { got <- readRandomly(w.peer, readSizes, uint64(random.IntN(1000))) }()

	refused, at := 0, 0
	for {
		n := offer(t, w, bufs)
		if at+n < len(all) {
			seen.see(bufs, at, n)
		}
		for left := n; left > 0 || len(bufs) > 0 && len(bufs[0]) == 0; {
			k := min(left, len(bufs[0]))
			left, bufs[0] = left-k, bufs[0][k:]
			if len(bufs[0]) > 0 {
				break
			}
			bufs = bufs[1:]
		}
		at += n
		if at == len(all) {
			break
		}
		refused++
		w.notes.await(t, "draining", func(drained int, _ []fanout.EndReason) bool { return drained == refused })
	}
	w.End()
	read, want := within(t, "reading", got), append(all, ending...)
	if !bytes.Equal(read, want) {
		same := 0
		for same < min(len(read), len(want)) && read[same] == want[same] {
			same++
		}
		t.Errorf("of %d bytes that were taken the peer got the first %d, then %.100q", len(want), same, read[same:])
	}
	if drained, gone := w.notes.get(); drained != refused || len(gone) > 0 {
		t.Errorf("drained %d times of %d, gone %v", drained, refused, gone)
	}
}

// splitRandomly cuts b into buffers of random sizes, some of which are empty.
func splitRandomly(b []byte, random *rand.Rand) [][]byte {
	var bufs [][]byte
	most := pick(random, 3, 50, 1000, 30_000)
	for len(b) > 0 {
		n := min(random.IntN(most), len(b))
		bufs = append(bufs, b[:n])
		b = b[n:]
	}
	return bufs
}

// readRandomly reads to the end, at most so many bytes at once.
func readRandomly(r net.Conn, most int, seed uint64) []byte {
	random := rand.New(rand.NewPCG(seed, 5))
	var got []byte
	room := make([]byte, most)
	for {
		n, err := r.Read(room[:1+random.IntN(most)])
		got = append(got, room[:n]...)
		if err == io.EOF {
			return got
		}
		if err != nil {
			return append(got, " and then: "+err.Error()...)
		}
	}
}
