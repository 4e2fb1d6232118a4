package main

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// sweepCounts are the numbers of subscribers that the plot is of, unless others are asked for.
const sweepCounts = "100,1000,5000,10000,15000"

// parseCounts reads a list of numbers of subscribers.
func parseCounts(list string) ([]int, error) {
	var counts []int
	for part := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of subscribers", part)
		}
		counts = append(counts, n)
	}
	return counts, nil
}

// sweepKinds are the lines of the plot.
func sweepKinds() []kind { return []kind{epoll, goroutine, base, cloop} }

// sweep returns a scenario for each number of subscribers: one update at a time to everybody, on every kind of server.
func sweep(counts []int) []*scenario {
	var scenarios []*scenario
	for _, n := range counts {
		s := &scenario{
			Name:  fmt.Sprintf("subscribers-%d", n),
			Title: fmt.Sprintf("%s subscribers of one topic, one update at a time.", thousands(strconv.Itoa(n))),
			Load: load{
				"subscribers": json.Number(strconv.Itoa(n)), "rate": json.Number("0"), "duration": "8s", "settle": "3s",
			},
		}
		for _, k := range sweepKinds() {
			s.Runs = append(s.Runs, run{Name: string(k), Server: k})
		}
		scenarios = append(scenarios, s)
	}
	return scenarios
}

// sweepPlot draws what the scenarios of a sweep came to.
func sweepPlot(r *record) plot {
	return plot{
		title: "What a subscriber costs the server",
		note: strings.Join([]string{
			r.Date.Format("2006-01-02"), r.Machine.Processor, r.Machine.System, r.Machine.Go, r.Machine.Placement,
		}, " · "),
		panels: []panel{
			sweepPanel(r.Results, "CPU per delivery (µs), one update at a time", "server_cpu_us_per_delivery", 1),
			sweepPanel(r.Results, "Resident memory per idle subscriber (KB)", "rss_bytes_per_subscriber", 1000),
		},
	}
}

func sweepPanel(results []*result, title, metric string, unit float64) panel {
	p := panel{title: title, across: "subscribers"}
	for _, k := range sweepKinds() {
		line := series{name: k.says()}
		for _, r := range results {
			for _, one := range r.Runs {
				subscribers, counted := one.Figures.median("connected")
				value, known := one.Figures.median(metric)
				if one.Server == k && counted && known && subscribers > 0 {
					line.points = append(line.points, point{subscribers, max(0, value/unit)})
				}
			}
		}
		if len(line.points) > 0 {
			p.series = append(p.series, line)
		}
	}
	return p
}
