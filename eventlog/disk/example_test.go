package disk_test

import (
	"context"
	"fmt"
	"log"
	"math"
	"os"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/topic"
)

func ExampleOpen() {
	dir, err := os.MkdirTemp("", "log")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	l, err := disk.Open(dir, disk.Options{
		Retention: eventlog.Retention{MaxAge: 24 * time.Hour, MaxBytes: 1 << 30},
		Rules:     []disk.Rule{{Topics: topic.Matchers{topic.Exact("weather")}, NewestOnly: true}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()

	ctx := context.Background()
	for _, data := range []string{"rain", "sun"} {
		_, err := l.Append(ctx, []eventlog.Entry{{Update: eventlog.Update{Topics: []string{"weather"}, Data: data}}})
		if err != nil {
			log.Fatal(err)
		}
	}
	everything := &eventlog.Filter{Matchers: topic.Matchers{topic.Any()}}
	chunk, err := l.Read(ctx, eventlog.ReadRequest{To: math.MaxUint64, Filter: everything})
	if err != nil {
		log.Fatal(err)
	}
	for _, r := range chunk.Records {
		fmt.Println(r.Position.Offset, r.Data)
	}
	// Output: 2 sun
}
