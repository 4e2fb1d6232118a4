package load

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestValidate(t *testing.T) {
	const url = "http://127.0.0.1/"
	tests := []struct {
		name string
		o    Options
		want string // empty if it is valid
	}{
		{"defaults", Options{URL: url}, ""},
		{"no URL", Options{}, "URL"},
		{"other scheme", Options{URL: "ftp://a"}, "URL"},
		{"publishing elsewhere", Options{URL: url, PublishURL: "x"}, "PublishURL"},
		{"negative", Options{URL: url, Drain: -time.Second}, "negative"},
		{"small", Options{URL: url, Size: 63}, "Size"},
		{"too many matchers", Options{URL: url, Matchers: 2}, "Matchers"},
		{"too many publishers", Options{URL: url, Publishers: 1<<16 + 1}, "Publishers"},
		{"too many stuck", Options{URL: url, Subscribers: 10, SlowPercent: 50, Stuck: 6}, "Stuck"},
		{"all stuck or slow", Options{URL: url, Subscribers: 10, SlowPercent: 50, Stuck: 5}, ""},
		{"payload", Options{URL: url, Payload: "x"}, "Payload"},
		{"missed and idle", Options{URL: url, Missed: 1, Idle: true}, "Missed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.o.Validate()
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
				t.Errorf("error %v, want %q", err, tt.want)
			}
		})
	}
	if _, err := Run(t.Context(), Options{}); err == nil {
		t.Error("Run takes what Validate refuses")
	}
}

// Who is to receive what agrees with what is asked for.
func TestPlan(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		topics := rapid.IntRange(1, 20).Draw(t, "topics")
		o := Options{
			Subscribers: rapid.IntRange(1, 50).Draw(t, "subscribers"), Topics: topics,
			Matchers: rapid.IntRange(1, topics).Draw(t, "matchers"), Publishers: 1,
		}
		o.Stuck = rapid.IntRange(0, o.Subscribers).Draw(t, "stuck")
		o.SlowPercent = rapid.Float64Range(0, 100*float64(o.Subscribers-o.Stuck)/float64(o.Subscribers)).Draw(t, "slow")
		p := newPlan(&o)
		count := map[habit]int{}
		readers := make([]int64, topics)
		for i, h := range p.habits {
			count[h]++
			slots := map[int]bool{}
			for j := range o.Matchers {
				topic := p.topic(i, j)
				if slot, ok := p.slot(i, uint32(topic)); !ok || slot != j {
					t.Fatalf("subscriber %d has topic %d in slot %d, found %d, %v", i, topic, j, slot, ok)
				}
				slots[topic] = true
				if h == quick {
					readers[topic]++
				}
			}
			for topic := range topics {
				if _, ok := p.slot(i, uint32(topic)); ok != slots[topic] {
					t.Fatalf("subscriber %d has topic %d: %v, asked for: %v", i, topic, ok, slots[topic])
				}
			}
			if _, ok := p.slot(i, uint32(topics)); ok {
				t.Fatalf("subscriber %d has a topic that is not there", i)
			}
		}
		if count[stuck] != o.Stuck || count[slow] != o.slow() || count[quick] != p.quick {
			t.Fatalf("habits %v of %+v", count, o)
		}
		for topic, n := range readers {
			if p.readers[topic] != n {
				t.Fatalf("topic %d is expected %d times, want %d", topic, p.readers[topic], n)
			}
		}
	})
}

func TestConnections(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		want int
	}{
		{"HTTP/1.1", Options{Subscribers: 201, Publishers: 3}, 204},
		{"HTTP/2", Options{Subscribers: 201, Publishers: 3, HTTP2: true}, 6},
		{"HTTP/2, a stream each", Options{Subscribers: 201, Publishers: 3, HTTP2: true, Streams: 1}, 204},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := tt.o.WithDefaults()
			if got := o.connections(); got != tt.want {
				t.Errorf("%d connections, want %d", got, tt.want)
			}
		})
	}
}

func TestDue(t *testing.T) {
	tests := []struct {
		name string
		o    Options
		want int64
	}{
		{"rate", Options{Rate: 10, Burst: 1, Duration: 2 * time.Second}, 20},
		{"fraction", Options{Rate: 0.4, Burst: 1, Duration: 2 * time.Second}, 1},
		{"bursts", Options{Rate: 10, Burst: 30, Duration: 4 * time.Second}, 60},
		{"fewer", Options{Rate: 10, Burst: 1, Duration: 2 * time.Second, Count: 7}, 7},
		{"closed", Options{Burst: 1, Duration: 2 * time.Second, Count: 7}, 0},
		{"idle", Options{Rate: 10, Burst: 1, Duration: 2 * time.Second, Idle: true}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.o.due(); got != tt.want {
				t.Errorf("%d are due, want %d", got, tt.want)
			}
		})
	}
}
