package logtest

import (
	"errors"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/eventlog"
)

func testClosed(t *testing.T, open Open) {
	h := begin(t, open, keepAll)
	h.append(t, named("x"))
	h.close(t)
	h.close(t)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Append": func() error { _, err := h.log.Append(ctx, Entries(update("2"))); return err },
		"Read": func() error {
			_, err := h.log.Read(ctx, eventlog.ReadRequest{To: toHead, Filter: everything})
			return err
		},
		"Find":            func() error { _, _, err := h.log.Find(ctx, "x"); return err },
		"Newest":          func() error { _, err := h.log.Newest(ctx, everything, 1); return err },
		"Newest of none":  func() error { _, err := h.log.Newest(ctx, everything, 0); return err },
		"Verdict":         func() error { _, err := h.log.Verdict(ctx, eventlog.ParseCursor("x"), everything); return err },
		"Verdict of none": func() error { _, err := h.log.Verdict(ctx, eventlog.Cursor{}, everything); return err },
		"Marks":           func() error { _, err := h.log.Marks(ctx); return err },
		"Trim":            func() error { return h.log.Trim(ctx, time.Now()) },
		"Trim far ahead":  func() error { return h.log.Trim(ctx, time.Now().Add(farAhead)) },
	} {
		t.Run(name, func(t *testing.T) {
			if err := call(); !errors.Is(err, eventlog.ErrClosed) {
				t.Errorf("the error is %v, want ErrClosed", err)
			}
		})
	}
}
