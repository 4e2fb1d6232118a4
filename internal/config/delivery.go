package config

import (
	"cmp"
	"time"

	"github.com/tidings-hub/tidings/fanout"
)

// Delivery tunes how updates reach subscribers. The defaults suit a machine of any size.
type Delivery struct {
	// Fanout says what writes streams over HTTP/1.x in clear: the shards themselves, to sockets that are theirs under
	// epoll, or a goroutine each. Over TLS and HTTP/2 it is always goroutines.
	Fanout string `default:"auto" enum:"auto,epoll,goroutine" env:"TIDINGS_FANOUT" help:"What writes streams over HTTP/1.x in clear: epoll, goroutine, or auto for epoll where the system has it."`
	// NoCompress keeps streams plain also for clients that accept gzip.
	NoCompress bool `env:"TIDINGS_NO_COMPRESS" help:"Do not compress streams for clients that accept gzip."`
	// Heartbeat is how long a stream may be quiet before something is sent to show that it is alive.
	Heartbeat time.Duration `default:"15s" placeholder:"DURATION" env:"TIDINGS_HEARTBEAT" help:"How long a stream may be quiet before a heartbeat is sent."`
	// Stall is how long a connection may take no byte. Slow ones are never ended as long as they take one.
	Stall time.Duration `default:"60s" placeholder:"DURATION" env:"TIDINGS_STALL" help:"How long a connection may take no byte before it is ended."`
	// WindowBytes bounds the newest updates that are held ready for everyone who comes back or falls behind.
	WindowBytes Bytes `default:"16MiB" placeholder:"BYTES" env:"TIDINGS_WINDOW_BYTES" help:"How much of the newest updates to hold ready for all who come back."`
	// MailboxBytes bounds what waits for one shard. Beyond it the shard's subscribers fall behind.
	MailboxBytes Bytes `default:"0" placeholder:"BYTES" env:"TIDINGS_MAILBOX_BYTES" help:"How much may wait for one shard; 0 for half of --window-bytes."`
	// PendingBytes bounds what waits for one subscriber. Beyond it the subscriber falls behind.
	PendingBytes Bytes `default:"64KiB" placeholder:"BYTES" env:"TIDINGS_PENDING_BYTES" help:"How much may wait for one subscriber before it falls behind."`
	// ChunkBytes bounds what a subscriber that is behind is handed at once.
	ChunkBytes Bytes `default:"256KiB" placeholder:"BYTES" env:"TIDINGS_CHUNK_BYTES" help:"How much a subscriber that is behind is handed at once."`
	// KeptBytes bounds the last chunks that were read from the log, kept for others who come to the same place.
	KeptBytes Bytes `default:"8MiB" placeholder:"BYTES" env:"TIDINGS_KEPT_BYTES" help:"How much of what was read from the log to keep for others who need the same."`
	// BufferLimit bounds the updates that are held in all: by the window, among what is kept, and for slow readers.
	BufferLimit Bytes `default:"0" placeholder:"BYTES" env:"TIDINGS_BUFFER_LIMIT" help:"How much of the updates to hold in memory in all, slow readers' included, before the worst of these are ended; 0 for 256MiB above --window-bytes and --kept-bytes."`
	// ReturnSpread is over how long a time those whose streams are ended are asked to spread their return.
	ReturnSpread time.Duration `default:"4s" placeholder:"DURATION" env:"TIDINGS_RETURN_SPREAD" help:"Over how long a time subscribers are asked to come back when their streams are ended."`
	// ExpiryWarning is how long before a stream ends with its token the subscriber is told.
	ExpiryWarning time.Duration `default:"30s" placeholder:"DURATION" env:"TIDINGS_EXPIRY_WARNING" help:"How long before a stream ends with its token tidings.expiring is sent."`
	// Shards is the number of loops that deliver.
	Shards int `default:"0" placeholder:"N" env:"TIDINGS_SHARDS" help:"Number of loops that deliver; 0 for one for each CPU."`
	// Readers is the number of goroutines that read the log for subscribers that are behind.
	Readers int `default:"4" placeholder:"N" env:"TIDINGS_READERS" help:"Number of readers of the log for subscribers that are behind."`
	// MaxBehind is how many subscribers are served from the log at once. The others wait in line.
	MaxBehind int `default:"1000" placeholder:"N" env:"TIDINGS_MAX_BEHIND" help:"How many subscribers are served from the log at once; the others wait."`
	// ReplayRate bounds the bytes per second that one subscriber is sent from the log.
	ReplayRate Bytes `default:"0" placeholder:"BYTES" env:"TIDINGS_REPLAY_RATE" help:"How much of the log one subscriber is sent in a second; 0 for as much as it takes."`
}

// TakeOver reports whether streams are to be written to their sockets directly.
func (d *Delivery) TakeOver() bool { return d.Fanout != "goroutine" && fanout.SocketsSupported }

func (d *Delivery) options() fanout.Options {
	return fanout.Options{
		Shards:       d.Shards,
		Heartbeat:    d.Heartbeat,
		Stall:        d.Stall,
		WindowBytes:  int(d.WindowBytes),
		MailboxBytes: int(d.MailboxBytes),
		PendingBytes: int(d.PendingBytes),
		ChunkBytes:   int(d.ChunkBytes),
		KeptBytes:    int(d.KeptBytes),
		BufferLimit:  int(d.BufferLimit),
		ReturnSpread: d.ReturnSpread,

		ExpiryWarning: d.ExpiryWarning,
		Readers:       d.Readers,
		MaxBehind:     d.MaxBehind,
		ReplayRate:    int(d.ReplayRate),
	}
}

func (d *Delivery) validate() error {
	if d.Fanout == "epoll" && !fanout.SocketsSupported {
		return refuse([]string{"--fanout"}, "--fanout=epoll needs Linux")
	}
	if err := cmp.Or(
		atLeast(
			time.Millisecond,
			setting[time.Duration]{"--heartbeat", d.Heartbeat},
			setting[time.Duration]{"--stall", d.Stall},
			setting[time.Duration]{"--return-spread", d.ReturnSpread},
			setting[time.Duration]{"--expiry-warning", d.ExpiryWarning},
		),
		atLeast(
			0,
			setting[Bytes]{"--mailbox-bytes", d.MailboxBytes},
			setting[Bytes]{"--replay-rate", d.ReplayRate},
		),
		atLeast(
			1,
			setting[Bytes]{"--window-bytes", d.WindowBytes},
			setting[Bytes]{"--pending-bytes", d.PendingBytes},
			setting[Bytes]{"--chunk-bytes", d.ChunkBytes},
			setting[Bytes]{"--kept-bytes", d.KeptBytes},
		),
		atLeast(0, setting[int]{"--shards", d.Shards}),
		atLeast(1, setting[int]{"--readers", d.Readers}, setting[int]{"--max-behind", d.MaxBehind}),
	); err != nil {
		return err
	}
	if d.MailboxBytes > d.WindowBytes {
		return refuse([]string{"--mailbox-bytes", "--window-bytes"},
			"--mailbox-bytes (%v) is above --window-bytes (%v): what a mailbox drops must still be in the window",
			d.MailboxBytes, d.WindowBytes)
	}
	if least := d.WindowBytes + d.KeptBytes; d.BufferLimit != 0 && d.BufferLimit <= least {
		return refuse([]string{"--buffer-limit", "--window-bytes", "--kept-bytes"},
			"--buffer-limit (%v) must be above --window-bytes and --kept-bytes together (%v): nothing would be left for slow readers",
			d.BufferLimit, least)
	}
	return nil
}
