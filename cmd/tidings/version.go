package main

import (
	"encoding/json"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/web"
)

// versionCommand is tidings version.
type versionCommand struct {
	config.Version
}

// Help is shown by tidings version --help.
func (*versionCommand) Help() string {
	return `Prints the version, the Go release that the binary was built with, and the revision of its source. Such as are unknown are left out.

Examples:

    tidings version
    tidings version --json
    tidings version --assets`
}

// buildVersion says what a binary is.
type buildVersion struct {
	Version  string `json:"version"`
	Go       string `json:"go"`
	Revision string `json:"revision,omitempty"`
	// Modified tells that the source was not exactly that of the revision.
	Modified bool `json:"modified,omitempty"`
}

// Run prints what the binary says about itself.
func (c *versionCommand) Run(std *streams) error {
	if c.Assets {
		return printAssets(std.out, c.JSON)
	}
	var v buildVersion
	if info, ok := debug.ReadBuildInfo(); ok {
		v = versionOf(info)
	}
	if c.JSON {
		return json.NewEncoder(std.out).Encode(v)
	}
	_, err := fmt.Fprintln(std.out, v)
	return err
}

// printAssets prints the scripts that the hub serves, with what a page says of them to be sure that it gets them.
func printAssets(out io.Writer, asJSON bool) error {
	if asJSON {
		type script struct {
			Path      string `json:"path"`
			Integrity string `json:"integrity"`
		}
		var scripts []script
		for _, a := range web.Assets() {
			scripts = append(scripts, script{"/" + a.Name + "?v=" + a.Version, a.Integrity})
		}
		return json.NewEncoder(out).Encode(scripts)
	}
	for _, a := range web.Assets() {
		if _, err := fmt.Fprintf(out, "/%s?v=%s %s\n", a.Name, a.Version, a.Integrity); err != nil {
			return err
		}
	}
	return nil
}

// versionOf picks from info what a person wants to know.
func versionOf(info *debug.BuildInfo) buildVersion {
	v := buildVersion{Version: info.Main.Version, Go: info.GoVersion}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value
		case "vcs.modified":
			v.Modified = s.Value == "true"
		}
	}
	return v
}

func (v buildVersion) String() string {
	text := "tidings"
	if v.Version != "" {
		text += " " + v.Version
	}
	text += " (" + v.Go
	if v.Revision != "" {
		text += ", revision " + v.Revision
	}
	if v.Modified {
		text += ", modified"
	}
	return text + ")"
}
