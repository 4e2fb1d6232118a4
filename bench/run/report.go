package main

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// record is what is kept of an invocation.
type record struct {
	Date    time.Time `json:"date"`
	Machine machine   `json:"machine"`
	Count   int       `json:"count"`
	Quick   bool      `json:"quick,omitempty"`
	Results []*result `json:"results"`
	Plot    string    `json:"-"` // the file of the picture beside it, if there is one
}

// column is a metric as tables show it.
type column struct {
	metric string
	head   string
	unit   float64 // what one of it is in the metric's unit
	alone  bool    // it says nothing of a server beside another
}

// columns are those of every table. One that is empty or 0 for all is left out.
func columns() []column {
	return []column{
		{"deliveries_per_s", "deliveries/s", 1, false},
		{"server_cpu_us_per_delivery", "µs CPU per delivery", 1, false},
		{"latency_p50_ms", "p50 ms", 1, false},
		{"latency_p99_ms", "p99 ms", 1, false},
		{"rss_bytes_per_subscriber", "KB per subscriber", 1000, false},
		{"rss_loaded_bytes_per_subscriber", "after the load", 1000, false},
		{"connects_per_s", "connects/s", 1, false},
		{"server_cpu_percent", "CPU, % of one", 1, true},
		{"client_cpu_percent", "load's CPU", 1, true},
	}
}

// baseline returns the place of the run that others are compared to: the base, or else the first.
func (r *result) baseline() int {
	return max(0, slices.IndexFunc(r.Runs, func(one runResult) bool { return one.Server == base || one.Server == baseTLS }))
}

// table writes what was measured as a table of Markdown, which people can read on a terminal too.
func (r *result) table(w io.Writer) {
	shown := columns()
	shown = slices.DeleteFunc(shown, func(c column) bool {
		return !slices.ContainsFunc(r.Runs, func(one runResult) bool {
			middle, _ := one.Figures.median(c.metric)
			return middle != 0
		})
	})
	rows := [][]string{{"run"}}
	for _, c := range shown {
		rows[0] = append(rows[0], c.head)
	}
	baseline := r.baseline()
	for i, one := range r.Runs {
		name := one.Server.says()
		if one.Name != strings.ReplaceAll(string(one.Server), "-", "_") {
			name = one.Name + ": " + name
		}
		row := []string{name}
		for _, c := range shown {
			text := cell(one.Figures, c)
			if i != baseline && !c.alone {
				text += times(one.Figures, r.Runs[baseline].Figures, c)
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	writeTable(w, rows)
	for _, one := range r.Runs {
		if one.Differs != "" {
			fmt.Fprintf(w, "\n%s: `%s`.", one.Name, one.Differs)
		}
	}
	for _, one := range r.Runs {
		if one.Skipped != "" {
			fmt.Fprintf(w, "\n%s was left out: %s.", one.Name, one.Skipped)
		}
		if len(one.Wrong) > 0 {
			fmt.Fprintf(w, "\n%s did not deliver everything once and in order: %s.", one.Name, strings.Join(one.Wrong, "; "))
		}
		for _, failed := range one.Failed {
			fmt.Fprintf(w, "\n%s could not be measured: %s.", one.Name, failed)
		}
	}
	fmt.Fprintln(w)
}

// cell writes a figure.
func cell(of figures, c column) string {
	value, known := of.median(c.metric)
	if !known {
		return ""
	}
	return brief(value / c.unit)
}

// times writes what a figure is of the baseline's, if that can be said.
func times(of, baseline figures, c column) string {
	value, _ := of.median(c.metric)
	other, _ := baseline.median(c.metric)
	if value <= 0 || other <= 0 {
		return ""
	}
	return fmt.Sprintf(" (%s×)", brief(value/other))
}

// writeTable aligns cells; the first row is the head.
func writeTable(w io.Writer, rows [][]string) {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], len([]rune(text)))
		}
	}
	for i, row := range rows {
		for j, text := range row {
			fmt.Fprintf(w, "| %-*s ", widths[j], text)
		}
		fmt.Fprintln(w, "|")
		if i == 0 {
			for _, width := range widths {
				fmt.Fprintf(w, "|%s", strings.Repeat("-", width+2))
			}
			fmt.Fprintln(w, "|")
		}
	}
}

// section writes all of a scenario: what was done, what came out and whether that is enough.
func (r *result) section(w io.Writer) {
	fmt.Fprintf(w, "## %s\n\n%s\n\n`tidings bench %s`", r.Scenario, r.Title, r.Load)
	if r.LoadAvg != "" {
		fmt.Fprintf(w, "; load average before: %s", r.LoadAvg)
	}
	fmt.Fprint(w, "\n\n")
	r.table(w)
	if len(r.Verdicts) > 0 {
		fmt.Fprintln(w)
		for _, v := range r.Verdicts {
			fmt.Fprintf(w, "- %v\n", v)
		}
	}
	fmt.Fprintln(w)
}

// markdown writes a record for people.
func (r *record) markdown(w io.Writer) {
	fmt.Fprintf(w, "# Fan-out, %s\n\n", r.Date.Format("2006-01-02 15:04"))
	m := r.Machine
	writeTable(w, [][]string{
		{"", ""},
		{"processor", m.Processor},
		{"CPUs", fmt.Sprint(m.CPUs)},
		{"memory", fmt.Sprintf("%d GiB", m.MemoryGiB)},
		{"system", m.System},
		{"Go", m.Go},
		{"revision", m.Revision},
		{"descriptors", fmt.Sprint(m.Descriptors)},
		{"placement", m.Placement},
		{"repetitions", fmt.Sprintf("%d, medians", r.Count)},
	})
	fmt.Fprint(w, "\nFigures in brackets are multiples of the baseline's in the same run: net/http, or the first line where"+
		" that is not measured.\n1 KB is 1,000 bytes of the server's resident memory above the empty server's.\n\n")
	if r.Quick {
		fmt.Fprint(w, "This was a quick run: everything is cut down, and no figure means anything.\n\n")
	}
	if r.Plot != "" {
		fmt.Fprintf(w, "![CPU per delivery and memory per subscriber](%s)\n\n", r.Plot)
	}
	for _, one := range r.Results {
		one.section(w)
	}
}

// json writes a record for programs.
func (r *record) json(w io.Writer) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", " ")
	return encoder.Encode(r)
}
