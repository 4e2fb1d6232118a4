package config

import (
	"io"
	"log/slog"
)

// Logging says what a server tells about itself on standard error.
type Logging struct {
	// LogLevel is the least important level that is written. At debug every subscriber's comings and goings are.
	LogLevel string `enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL" env:"TIDINGS_LOG_LEVEL" help:"What to log, this and worse: debug, info, warn or error."`
	// LogFormat is text for people or json for programs.
	LogFormat string `enum:"text,json" default:"text" placeholder:"FORMAT" env:"TIDINGS_LOG_FORMAT" help:"How to log: text or json."`
}

// Logger returns the logger that writes to w what the settings ask for.
func (l *Logging) Logger(w io.Writer) *slog.Logger {
	o := &slog.HandlerOptions{Level: l.level()}
	if l.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}

func (l *Logging) level() slog.Level {
	switch l.LogLevel {
	case "debug":
		return slog.LevelDebug
	case "warn":
		return slog.LevelWarn
	case "error":
		return slog.LevelError
	default:
		return slog.LevelInfo
	}
}
