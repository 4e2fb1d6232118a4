package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// result is what came of a scenario.
type result struct {
	Scenario string      `json:"scenario"`
	Title    string      `json:"title"`
	Load     string      `json:"load"`
	LoadAvg  string      `json:"load_average,omitempty"` // of the machine, before
	Runs     []runResult `json:"runs"`
	Verdicts []verdict   `json:"targets,omitempty"`
}

// runResult is what was measured of a run, in all repetitions.
type runResult struct {
	Name    string   `json:"name"`
	Server  kind     `json:"server"`
	Differs string   `json:"differs,omitempty"` // how its load and arguments differ from the scenario's
	Figures figures  `json:"figures"`
	Wrong   []string `json:"wrong,omitempty"` // what was not delivered as it should have been
	Failed  []string `json:"failed,omitempty"`
	Skipped string   `json:"skipped,omitempty"`
}

// benchReport is what is read of the JSON of tidings bench.
type benchReport struct {
	Hub map[string]any `json:"hub"`
}

// parseReport returns the figures of a report, and what is wrong with the deliveries in it.
func parseReport(text []byte) (map[string]float64, []string, error) {
	var report benchReport
	if err := json.Unmarshal(text, &report); err != nil {
		return nil, nil, fmt.Errorf("the report of tidings bench: %w", err)
	}
	delivered, said := report.Hub["ok"].(bool)
	if !said {
		return nil, nil, errors.New(`the report of tidings bench does not say "hub": {"ok"`)
	}
	numbers := map[string]float64{}
	for name, value := range report.Hub {
		if number, ok := value.(float64); ok {
			numbers[name] = number
		}
	}
	if delivered {
		return numbers, nil, nil
	}
	var wrong []string
	for _, name := range []string{"lost", "duplicated", "reordered", "gaps", "ended", "connect_failed", "publish_failed"} {
		if numbers[name] > 0 {
			wrong = append(wrong, fmt.Sprintf("%s %s", brief(numbers[name]), strings.ReplaceAll(name, "_", " ")))
		}
	}
	for _, name := range []string{"connect_error", "publish_error"} {
		if text, ok := report.Hub[name].(string); ok && text != "" {
			wrong = append(wrong, text)
		}
	}
	if len(wrong) == 0 {
		wrong = []string{"the report is not ok and does not say why"}
	}
	return numbers, wrong, nil
}

// measure runs one load on one server that is started for it, and notes what comes out.
func (p *programs) measure(ctx context.Context, r run, serve []string, l load, into *runResult) {
	s, err := p.startServer(ctx, r, serve)
	if errors.Is(err, errNoCompiler) {
		into.Skipped = err.Error()
		return
	}
	if err != nil {
		into.Failed = append(into.Failed, err.Error())
		return
	}
	defer s.stop()
	ctx, cancel := context.WithTimeout(ctx, l.longest())
	defer cancel()
	command := append(p.cpus.onClient(), p.tidings, "bench", "--json",
		"--hub="+s.url, fmt.Sprintf("--pid=%d", s.process.Process.Pid))
	command = append(command, l.args()...)
	bench := exec.CommandContext(ctx, command[0], command[1:]...)
	var out, said bytes.Buffer
	bench.Stdout, bench.Stderr = &out, &said
	bench.Env = environment()
	bench.WaitDelay = 5 * time.Second
	bytesBefore, _ := loopbackBytes(fileText("/proc/net/dev"))
	ended := bench.Run()
	bytesAfter, counted := loopbackBytes(fileText("/proc/net/dev"))
	numbers, wrong, err := parseReport(out.Bytes())
	if err != nil {
		why := firstLine(said.String())
		if why == "" {
			why = err.Error()
		}
		into.Failed = append(into.Failed, fmt.Sprintf("tidings bench (%v): %s", ended, why))
		return
	}
	for name, number := range numbers {
		into.Figures[name] = append(into.Figures[name], number)
	}
	if counted {
		into.Figures["loopback_bytes"] = append(into.Figures["loopback_bytes"], bytesAfter-bytesBefore)
	}
	into.Wrong = append(into.Wrong, wrong...)
}

// measureAll measures all runs of a scenario count times, in turn, so that a disturbance does not hit one alone.
func (p *programs) measureAll(ctx context.Context, s *scenario, count int, quick bool, progress func(string)) (*result, error) {
	res := &result{Scenario: s.Name, Title: s.Title, Load: strings.Join(s.Load.args(), " "), LoadAvg: load1()}
	for _, r := range s.Runs {
		differs := strings.Join(append(r.Load.args(), r.Serve...), " ")
		res.Runs = append(res.Runs, runResult{Name: r.Name, Server: r.Server, Differs: differs, Figures: figures{}})
	}
	for repetition := range count {
		for i, r := range s.Runs {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			progress(fmt.Sprintf("%s: %s (%d of %d)", s.Name, r.Name, repetition+1, count))
			l := s.Load.with(r.Load)
			if quick {
				l = l.quick()
			}
			p.measure(ctx, r, s.Serve, l, &res.Runs[i])
		}
	}
	if quick {
		return res, nil
	}
	return res, res.judge(s.Targets)
}

// judge holds the figures against the targets.
func (r *result) judge(targets []target) error {
	runs := map[string]figures{}
	for _, one := range r.Runs {
		runs[one.Name] = one.Figures
	}
	for _, t := range targets {
		v, err := t.check(runs)
		if err != nil {
			return err
		}
		r.Verdicts = append(r.Verdicts, v)
	}
	return nil
}

// missed returns how many targets are not met, and faults what the hub did that it must never do, with what could not
// be measured at all.
func (r *result) missed() (missed int, faults []string) {
	for _, v := range r.Verdicts {
		if !v.Met {
			missed++
		}
	}
	for _, one := range r.Runs {
		for _, failed := range one.Failed {
			faults = append(faults, fmt.Sprintf("%s: %s: %s", r.Scenario, one.Name, failed))
		}
		if one.Server.ours() && len(one.Wrong) > 0 {
			faults = append(faults, fmt.Sprintf("%s: %s: %s", r.Scenario, one.Name, strings.Join(one.Wrong, ", ")))
		}
	}
	return missed, faults
}
