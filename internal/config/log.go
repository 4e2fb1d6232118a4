package config

import (
	"cmp"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
)

// Memory is the value of --data for a log that is forgotten when the hub ends. A directory of this name can be
// given as ./memory.
const Memory = "memory"

// Log says where updates are kept, and for how long.
type Log struct {
	// Data is the directory of the log, which is made if it is not there, or [Memory].
	Data string `default:"./tidings-data" placeholder:"DIR" env:"TIDINGS_DATA" help:"Directory that updates are kept in, or 'memory' to forget them when the hub ends."`
	// Sync says when updates are written through to the disk, and so what a crash or a power cut can lose.
	Sync string `enum:"always,interval,never" default:"always" placeholder:"POLICY" env:"TIDINGS_SYNC" help:"When to write through to the disk. 'always': before a publisher is answered; nothing that was answered is lost. 'interval': every --sync-interval; a power cut loses answered updates of the last interval and the time a write takes, and a crash of the hub may lose the last few. 'never': when the system likes; a power cut loses answered updates of half a minute or more, and a crash of the hub may lose the last few."`
	// SyncInterval is how often Sync=interval writes through.
	SyncInterval time.Duration `default:"100ms" placeholder:"DURATION" env:"TIDINGS_SYNC_INTERVAL" help:"How often --sync=interval writes through."`
	// DiskReserve is how much of the file system stays free. Below it publishing is refused with 507.
	DiskReserve Bytes `default:"256MiB" placeholder:"BYTES" env:"TIDINGS_DISK_RESERVE" help:"Refuse updates (507) while the file system has less free space; 0 to go on until it is full."`
	// CacheBytes bounds the memory for parts of the log that were read from the disk.
	CacheBytes Bytes `default:"32MiB" placeholder:"BYTES" env:"TIDINGS_CACHE_BYTES" help:"How much of what was read from the disk to hold in memory."`
	// OpenFiles bounds how many descriptors the log holds at rest.
	OpenFiles int `name:"log-files" default:"74" placeholder:"N" env:"TIDINGS_LOG_FILES" help:"How many files the log holds open at rest; a log of many gigabytes is read a little faster with more."`
	// RetainAge, RetainBytes and RetainCount are the rules by which the oldest updates are dropped; each may be 0
	// for none, but not all of them. RetainBytes is nil for the default of the log's kind.
	RetainAge   time.Duration `default:"24h" placeholder:"DURATION" env:"TIDINGS_RETAIN_AGE" help:"Drop updates that are older; 0 for no such rule."`
	RetainBytes *Bytes        `placeholder:"BYTES" env:"TIDINGS_RETAIN_BYTES" help:"Drop the oldest updates while all together are larger, 1GiB unless told otherwise, in memory 64MiB; 0 for no such rule."`
	RetainCount int           `default:"0" placeholder:"N" env:"TIDINGS_RETAIN_COUNT" help:"Drop the oldest updates while there are more; 0 for no such rule."`
	// Retain are rules for topics of their own. The first that is for a topic counts.
	Retain []RetainRule `name:"retain" sep:"none" placeholder:"RULE" env:"TIDINGS_RETAIN" help:"Keep the updates of some topics for another time, as in 'age=5m:topic=chat/1', 'newest:template=prices/{item}' or 'age=1h:pattern=https://example.com/chats/*'; may be repeated."`
	// TrimInterval is how often the rules are applied while nothing is published.
	TrimInterval time.Duration `default:"10s" placeholder:"DURATION" env:"TIDINGS_TRIM_INTERVAL" help:"How often the rules are applied while nothing is published."`
	// GapReplay is how many of the newest updates a subscriber is sent whose cursor cannot be honoured.
	GapReplay int `default:"1000" placeholder:"N" env:"TIDINGS_GAP_REPLAY" help:"How many of the newest updates to send to a subscriber whose cursor cannot be honoured."`
	// BackupDir is where backups of the running hub are put; empty for no such call.
	BackupDir string `placeholder:"DIR" env:"TIDINGS_BACKUP_DIR" help:"Directory for the backups that POST /backup?name=NAME at --operator-addr, or with --dev POST /debug/backup?name=NAME, makes of the running hub; without it there is no such call."`
}

// InMemory reports whether the log is forgotten when the hub ends.
func (l *Log) InMemory() bool { return l.Data == Memory }

// Retention returns the rules for topics that have none of their own.
func (l *Log) Retention() eventlog.Retention {
	r := eventlog.Retention{MaxAge: l.RetainAge, MaxRecords: l.RetainCount}
	switch {
	case l.RetainBytes != nil:
		r.MaxBytes = int64(*l.RetainBytes)
	case l.InMemory():
		r.MaxBytes = eventlog.DefaultMemoryRetention().MaxBytes
	default:
		r.MaxBytes = disk.DefaultRetention().MaxBytes
	}
	return r
}

// DiskOptions returns what the settings say to a log in a directory.
func (l *Log) DiskOptions() disk.Options {
	policy, _ := disk.ParseSync(l.Sync) // one of the enumerated
	o := disk.Options{
		Sync:         policy,
		SyncInterval: l.SyncInterval,
		Retention:    l.Retention(),
		Rules:        DiskRules(l.Retain),
		Reserve:      int64(l.DiskReserve),
		CacheBytes:   int64(l.CacheBytes),
		OpenFiles:    l.OpenFiles,
	}
	if o.Reserve == 0 {
		o.Reserve = -1 // the log's zero stands for its default
	}
	return o
}

func (l *Log) validate() error {
	if l.Data == "" {
		return refuse([]string{"--data"}, "--data is empty, it must be a directory or 'memory'")
	}
	if err := cmp.Or(
		atLeast(0, setting[time.Duration]{"--retain-age", l.RetainAge}),
		atLeast(0, setting[int]{"--retain-count", l.RetainCount}, setting[int]{"--gap-replay", l.GapReplay}),
		atLeast(
			time.Millisecond,
			setting[time.Duration]{"--sync-interval", l.SyncInterval},
			setting[time.Duration]{"--trim-interval", l.TrimInterval},
		),
		atLeast(1<<20, setting[Bytes]{"--cache-bytes", l.CacheBytes}),
		atLeast(74, setting[int]{"--log-files", l.OpenFiles}),
		validateRules(l.Retain),
	); err != nil {
		return err
	}
	if l.Retention() == (eventlog.Retention{}) {
		return refuse([]string{"--retain-age", "--retain-bytes", "--retain-count"},
			"--retain-age, --retain-bytes and --retain-count are all 0: a log needs one of them")
	}
	if !l.InMemory() {
		return nil
	}
	if len(l.Retain) > 0 {
		return refuse([]string{"--retain", "--data"}, "--retain needs --data to be a directory: a log in memory has no rules for topics")
	}
	if l.BackupDir != "" {
		return refuse([]string{"--backup-dir", "--data"}, "--backup-dir needs --data to be a directory: a log in memory has no backups")
	}
	return nil
}
