package config_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/internal/config"
)

func TestLoggerLevels(t *testing.T) {
	levels := []string{"debug", "info", "warn", "error"}
	for i, level := range levels {
		t.Run(level, func(t *testing.T) {
			var out bytes.Buffer
			logger := parsed[config.Demo](t, "--log-level", level).Logger(&out)
			logger.Debug("debug")
			logger.Info("info")
			logger.Warn("warn")
			logger.Error("error")
			for j, message := range levels {
				if got, want := strings.Contains(out.String(), "msg="+message), j >= i; got != want {
					t.Errorf("message of level %s is written: %t, want %t", message, got, want)
				}
			}
		})
	}
}

func TestLoggerFormats(t *testing.T) {
	var out bytes.Buffer
	parsed[config.Demo](t, "--log-format", "json").Logger(&out).Info("hello", "n", 1)
	var line struct {
		Msg string
		N   int
	}
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line.Msg != "hello" || line.N != 1 {
		t.Errorf("wrote %q (%v), want a line of JSON", out.String(), err)
	}
	if err := parse(t, new(config.Demo), "--log-format", "xml"); err == nil {
		t.Error("--log-format xml was accepted")
	}
}
