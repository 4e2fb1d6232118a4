package fanout_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/fanout"
	"github.com/tidings-hub/tidings/sse"
)

func recordOf(offset uint64, u eventlog.Update) *eventlog.Record {
	return &eventlog.Record{Update: u, Position: eventlog.Position{Epoch: "abc", Offset: offset}}
}

func TestFrameForms(t *testing.T) {
	tests := []struct {
		name   string
		update eventlog.Update
		want   string
	}{
		{"unnamed, without an id", eventlog.Update{Data: "x"}, "id: #abc.7\ndata: x\n\n"},
		{"everything", eventlog.Update{ID: "own", Type: "note", Data: "x", Retry: 2 * time.Second}, "id: own\nevent: note\nretry: 2000\ndata: x\n\n"},
		{"no data", eventlog.Update{}, "id: #abc.7\ndata:\n\n"},
		{"several lines", eventlog.Update{Data: "a\r\nb\rc\nd"}, "id: #abc.7\ndata: a\ndata: b\ndata: c\ndata: d\n\n"},
		{"many lines, more than the buffer foresees", eventlog.Update{Data: strings.Repeat("\n", 1000)}, "id: #abc.7\n" + strings.Repeat("data:\n", 1001) + "\n"},
		{"a length of one hexadecimal digit more", eventlog.Update{Data: strings.Repeat("x", 70_000)}, "id: #abc.7\ndata: " + strings.Repeat("x", 70_000) + "\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := recordOf(7, tt.update)
			f, err := fanout.NewFrame(r)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes(fanout.FormEvent)); got != tt.want {
				t.Errorf("the event is %.200q, want %.200q", got, tt.want)
			}
			chunk := fmt.Sprintf("%x\r\n%s\r\n", len(tt.want), tt.want)
			if got := string(f.Bytes(fanout.FormChunk)); got != chunk {
				t.Errorf("the chunk is %.200q, want %.200q", got, chunk)
			}
			if f.Offset() != 7 || f.Record() != r {
				t.Errorf("offset %d, record %p; want 7, %p", f.Offset(), f.Record(), r)
			}
		})
	}
}

func TestNewFrameRefusesWhatCannotBeWritten(t *testing.T) {
	_, err := fanout.NewFrame(recordOf(7, eventlog.Update{Type: "a\nb"}))
	if _, ok := errors.AsType[*sse.FieldError](err); !ok || !strings.Contains(err.Error(), "offset 7") {
		t.Errorf("the error is %v, want a *sse.FieldError that names the offset", err)
	}
}

func TestNewBatch(t *testing.T) {
	b, err := fanout.NewBatch([]*eventlog.Record{
		recordOf(3, eventlog.Update{Data: "a"}), recordOf(8, eventlog.Update{Data: "b"}),
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.Head != 8 || len(b.Frames) != 2 || b.Frames[0].Offset() != 3 || b.Frames[1].Offset() != 8 {
		t.Errorf("batch of 3 and 8: head %d, %d frames", b.Head, len(b.Frames))
	}
	if _, err := fanout.NewBatch([]*eventlog.Record{recordOf(3, eventlog.Update{}), recordOf(4, eventlog.Update{ID: "\r"})}); err == nil {
		t.Error("a batch with a record that cannot be written is no error")
	}
}

func TestNewSignal(t *testing.T) {
	tests := []struct {
		name string
		id   string
		data any
		want string
	}{
		{"with a cursor", "#abc.7", struct{}{}, "id: #abc.7\nevent: tidings.test\ndata: {}\n\n"},
		{"without a cursor", "", map[string]int{"n": 1}, "event: tidings.test\ndata: {\"n\":1}\n\n"},
		{"what stands in the data stays on its line", "", "a\nb", "event: tidings.test\ndata: \"a\\nb\"\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := fanout.NewSignal("tidings.test", tt.id, tt.data)
			if err != nil {
				t.Fatal(err)
			}
			if got := string(f.Bytes(fanout.FormEvent)); got != tt.want {
				t.Errorf("the signal is %q, want %q", got, tt.want)
			}
			if f.Offset() != 0 || f.Record() != nil {
				t.Errorf("a signal has offset %d and record %v", f.Offset(), f.Record())
			}
		})
	}
	if _, err := fanout.NewSignal("tidings.test", "", make(chan int)); err == nil {
		t.Error("data that is no JSON is no error")
	}
	if _, err := fanout.NewSignal("tidings.\n", "", 1); err == nil {
		t.Error("a type of two lines is no error")
	}
}

func TestNewGap(t *testing.T) {
	f, err := fanout.NewGap("#old.3", eventlog.Position{Epoch: "abc", Offset: 7}, eventlog.GapLineage)
	if err != nil {
		t.Fatal(err)
	}
	want := "event: tidings.gap\ndata: {\"from\":\"#old.3\",\"to\":\"#abc.7\",\"why\":\"lineage\"}\n\n"
	if got := string(f.Bytes(fanout.FormEvent)); got != want {
		t.Errorf("the gap is %q, want %q", got, want)
	}
}
