package config_test

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/tidings-hub/tidings/internal/config"
)

// perCall are the commands whose settings concern one call: their variables have the command's name in them.
var perCall = map[string]bool{"publish": true, "subscribe": true, "version": true, "log": true, "token": true}

// shared are the settings that several commands have in common.
var shared = func() map[string]bool {
	names := map[string]bool{"hub": true, "timeout": true, "token-file": true, "retain": true}
	parser, err := kong.New(new(config.Auth)) // the hub's settings, by which token explain judges
	if err != nil {
		panic(err)
	}
	for _, flag := range parser.Model.Flags {
		names[flag.Name] = true
	}
	return names
}()

func TestEverySettingHasAVariableAndHelp(t *testing.T) {
	for command, settings := range map[string]any{
		"demo":        new(config.Demo),
		"serve":       new(config.Serve),
		"publish":     new(config.Publish),
		"subscribe":   new(config.Subscribe),
		"version":     new(config.Version),
		"log info":    new(config.LogInfo),
		"log check":   new(config.LogCheck),
		"log tail":    new(config.LogTail),
		"log dump":    new(config.LogDump),
		"log restore": new(config.LogRestore),
		"log purge":   new(config.LogPurge),

		"token explain": new(config.TokenExplain),
		"token mint":    new(config.TokenMint),
		"token keys":    new(config.TokenKeys),
	} {
		name, _, _ := strings.Cut(command, " ")
		parser, err := kong.New(settings)
		if err != nil {
			t.Fatal(err)
		}
		values := parser.Model.Positional
		for _, flag := range parser.Model.Flags {
			if flag.Name != "help" {
				values = append(values, flag.Value)
			}
		}
		for _, value := range values {
			t.Run(command+"/"+value.Name, func(t *testing.T) {
				want := "TIDINGS_"
				if perCall[name] && !shared[value.Name] {
					want += strings.ToUpper(name) + "_"
				}
				want += strings.ToUpper(strings.ReplaceAll(value.Name, "-", "_"))
				if envs := value.Tag.Envs; len(envs) != 1 || envs[0] != want {
					t.Errorf("variables %q, want %q", envs, want)
				}
				if !strings.HasSuffix(value.Help, ".") {
					t.Errorf("help is %q, want a sentence", value.Help)
				}
			})
		}
	}
}

func TestFlagBeatsEnvironmentBeatsDefault(t *testing.T) {
	tests := []struct {
		name string
		env  string
		args []string
		want string
	}{
		{"default", "", nil, "127.0.0.1:8080"},
		{"environment", "127.0.0.1:1", nil, "127.0.0.1:1"},
		{"flag", "", []string{"--addr", "127.0.0.1:2"}, "127.0.0.1:2"},
		{"flag and environment", "127.0.0.1:1", []string{"--addr", "127.0.0.1:2"}, "127.0.0.1:2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.env != "" {
				t.Setenv("TIDINGS_ADDR", tt.env)
			}
			if got := parsed[config.Demo](t, tt.args...).Addr; got != tt.want {
				t.Errorf("address %q, want %q", got, tt.want)
			}
		})
	}
}

func TestEnvironmentOfEveryKind(t *testing.T) {
	for name, value := range map[string]string{
		"TIDINGS_DEV":          "true",
		"TIDINGS_HEARTBEAT":    "3s",
		"TIDINGS_MAX_TOPICS":   "3",
		"TIDINGS_WINDOW_BYTES": "3MiB",
		"TIDINGS_LOG_FORMAT":   "json",
	} {
		t.Setenv(name, value)
	}
	s := parsed[config.Serve](t)
	if got := s.HubOptions(); !s.Dev || got.Fanout.Heartbeat.String() != "3s" || got.Limits.Topics != 3 ||
		s.WindowBytes != 3<<20 || s.LogFormat != "json" {
		t.Errorf("settings are %+v", s)
	}

	t.Setenv("TIDINGS_SUBSCRIBE_TOPIC", "a,b")
	if got := parsed[config.Subscribe](t).Topics; len(got) != 1 || got[0] != "a,b" {
		t.Errorf("topics are %q, want one with a comma in it", got)
	}
}

func TestWrongEnvironmentIsNamed(t *testing.T) {
	t.Setenv("TIDINGS_HEARTBEAT", "often")
	err := parse(t, new(config.Serve), "--dev")
	if err == nil || !strings.Contains(err.Error(), "TIDINGS_HEARTBEAT") || !strings.Contains(err.Error(), "often") {
		t.Errorf("error %v, want one that names the variable and its value", err)
	}
}
