package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// scenario is one file of bench/scenarios.
type scenario struct {
	// Name is that of the file.
	Name string `json:"-"`
	// Title says what happens, in a line.
	Title string `json:"title"`
	// Serve are arguments of every tidings serve of the scenario. {cert} and {key} stand for the files of a
	// certificate that is made for the occasion.
	Serve []string `json:"serve,omitempty"`
	// Load are flags of tidings bench and their values, for every server.
	Load load `json:"load"`
	// Runs are measured one after the other, in each repetition.
	Runs []run `json:"runs"`
	// Targets are judged when all runs have been measured.
	Targets []target `json:"targets,omitempty"`
}

// run is one load on one server.
type run struct {
	// Name is what targets call it, an identifier; that of the server unless told otherwise, with _ for -.
	Name string `json:"name,omitempty"`
	// Server is one of the kinds.
	Server kind `json:"server"`
	// Serve are more arguments of this server.
	Serve []string `json:"serve,omitempty"`
	// Load adds to the scenario's, and changes it.
	Load load `json:"load,omitempty"`
}

// load are flags of tidings bench without their dashes. Values are numbers, strings and booleans.
type load map[string]any

// with returns the load with what other says put over it.
func (l load) with(other load) load {
	all := load{}
	maps.Copy(all, l)
	maps.Copy(all, other)
	return all
}

// args returns the flags in the order of their names.
func (l load) args() []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(l)) {
		args = append(args, fmt.Sprintf("--%s=%v", name, l[name]))
	}
	return args
}

// quick returns the load cut down to what takes a second or two anywhere. What is to be shown by it is that
// everything arrives.
func (l load) quick() load {
	small := l.with(load{"duration": "500ms", "settle": "100ms"})
	for name, most := range map[string]float64{
		"subscribers": 200, "missed": 50, "stuck": 20, "topics": 20, "burst": 50, "rate": 50, "streams": 20,
	} {
		if number, ok := small[name].(json.Number); ok {
			if value, err := number.Float64(); err == nil && value > most {
				small[name] = most
			}
		}
	}
	return small
}

// longest is how long the load may take at most before something hangs.
func (l load) longest() time.Duration {
	longest := 2 * time.Minute
	for _, name := range []string{"duration", "settle", "drain"} {
		if text, ok := l[name].(string); ok {
			if d, err := time.ParseDuration(text); err == nil {
				longest += 2 * d
			}
		}
	}
	return longest
}

// parseScenario reads a file and refuses what cannot be meant.
func parseScenario(name string, text []byte) (*scenario, error) {
	s := &scenario{Name: name}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	decoder.UseNumber()
	if err := decoder.Decode(s); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	for i := range s.Runs {
		if s.Runs[i].Name == "" {
			s.Runs[i].Name = strings.ReplaceAll(string(s.Runs[i].Server), "-", "_")
		}
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("scenario %s: %w", name, err)
	}
	return s, nil
}

// validate returns everything that is wrong with a scenario.
func (s *scenario) validate() error {
	var errs []error
	if s.Title == "" {
		errs = append(errs, errors.New("no title"))
	}
	if len(s.Runs) == 0 {
		errs = append(errs, errors.New("no runs"))
	}
	empty := map[string]figures{}
	for _, r := range s.Runs {
		if !slices.Contains(kinds(), r.Server) {
			errs = append(errs, fmt.Errorf("run %s: server %q is none of %q", r.Name, r.Server, kinds()))
		}
		if !token.IsIdentifier(r.Name) {
			errs = append(errs, fmt.Errorf("run %q: its name is no identifier, so no target can say it", r.Name))
		}
		if _, twice := empty[r.Name]; twice {
			errs = append(errs, fmt.Errorf("run %s: there are two of this name", r.Name))
		}
		empty[r.Name] = figures{}
		for name, value := range s.Load.with(r.Load) {
			switch value.(type) {
			case json.Number, string, bool:
			default:
				errs = append(errs, fmt.Errorf("run %s: load %s: a value is a number, a string, true or false", r.Name, name))
			}
		}
	}
	for _, t := range s.Targets {
		if t.Row == "" {
			errs = append(errs, fmt.Errorf("target %q: it does not say what row of the targets it is", t.Want))
		}
		if _, err := t.check(empty); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// readScenarios returns the scenarios of a folder in the order of their names, all or those that are named.
func readScenarios(folder fs.FS, names []string) ([]*scenario, error) {
	files, err := fs.Glob(folder, "*.json")
	if err != nil {
		return nil, err
	}
	var scenarios []*scenario
	var known []string
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".json")
		known = append(known, name)
		if len(names) > 0 && !slices.Contains(names, name) {
			continue
		}
		text, err := fs.ReadFile(folder, file)
		if err != nil {
			return nil, err
		}
		s, err := parseScenario(name, text)
		if err != nil {
			return nil, err
		}
		scenarios = append(scenarios, s)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("there is no scenario %q; there are: %s", name, strings.Join(known, ", "))
		}
	}
	return scenarios, nil
}
