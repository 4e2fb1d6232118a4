package main

import (
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strings"
)

// plot is a picture of one or two panels beside each other that share a legend.
type plot struct {
	title, note string
	panels      []panel
}

// panel is one pair of axes: horizontal a logarithmic one, vertical a linear one that begins at 0.
type panel struct {
	title  string
	across string // what is on the horizontal axis
	series []series
}

// series is one line. Series of the same name look the same in all panels.
type series struct {
	name   string
	points []point
}

type point struct{ x, y float64 }

// Sizes in pixels.
const (
	panelWidth   = 460.0
	panelHeight  = 300.0
	marginLeft   = 56.0
	marginRight  = 24.0
	marginTop    = 104.0
	marginBottom = 76.0
	letterWidth  = 8.0 // about
)

// looks are how the lines are drawn, in their order: a colour on light and on dark ground that people who see fewer
// colours tell apart too, and a mark of its own, centred on 0,0.
func looks() []struct{ light, dark, mark string } {
	return []struct{ light, dark, mark string }{
		{"#0b63b8", "#6cb4ff", `<circle r="4"/>`},
		{"#b35900", "#ffb061", `<rect x="-3.7" y="-3.7" width="7.4" height="7.4"/>`},
		{"#8a2f7f", "#f09ae3", `<path d="M0 -5 4.8 3.6 -4.8 3.6z"/>`},
		{"#3d6b21", "#9ad576", `<path d="M0 -5 5 0 0 5 -5 0z"/>`},
		{"#5c5c5c", "#c0c0c0", `<path d="M-4 -4 4 4M4 -4 -4 4" class="open"/>`},
	}
}

// writeTo writes the picture as an SVG that is drawn for light ground, and for dark where the viewer prefers it.
func (p plot) writeTo(w io.Writer) error {
	names := p.names()
	if len(names) > len(looks()) {
		return fmt.Errorf("plot: %d lines, at most %d can be told apart", len(names), len(looks()))
	}
	width := float64(len(p.panels)) * (marginLeft + panelWidth + marginRight)
	height := marginTop + panelHeight + marginBottom
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" width="%g" height="%g" role="img" aria-labelledby="title note">`,
		width, height, width, height)
	fmt.Fprintf(&b, "\n<title id=\"title\">%s</title>\n<desc id=\"note\">%s</desc>\n", escape(p.title), escape(p.note))
	b.WriteString(p.style(names))
	fmt.Fprintf(&b, "<rect class=\"ground\" width=\"%g\" height=\"%g\"/>\n", width, height)
	fmt.Fprintf(&b, "<text class=\"title\" x=\"16\" y=\"28\">%s</text>\n", escape(p.title))
	fmt.Fprintf(&b, "<text class=\"note\" x=\"16\" y=\"%g\">%s</text>\n", height-14, escape(p.note))
	left := 16.0
	for i, name := range names {
		fmt.Fprintf(&b, "<g class=\"s%d\" transform=\"translate(%g 52)\"><path class=\"line\" d=\"M0 0H28\"/>"+
			"<g transform=\"translate(14 0)\">%s</g></g><text x=\"%g\" y=\"56\">%s</text>\n",
			i, left, looks()[i].mark, left+34, escape(name))
		left += 34 + 24 + letterWidth*float64(len(name))
	}
	for i, panel := range p.panels {
		fmt.Fprintf(&b, "<g transform=\"translate(%g %g)\">\n", float64(i)*(marginLeft+panelWidth+marginRight)+marginLeft, marginTop)
		panel.draw(&b, names)
		b.WriteString("</g>\n")
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// names returns what the lines are called, each once.
func (p plot) names() []string {
	var names []string
	known := map[string]bool{}
	for _, panel := range p.panels {
		for _, s := range panel.series {
			if !known[s.name] {
				known[s.name] = true
				names = append(names, s.name)
			}
		}
	}
	return names
}

func (p plot) style(names []string) string {
	var light, dark strings.Builder
	for i := range names {
		fmt.Fprintf(&light, ".s%d{stroke:%s;fill:%s}", i, looks()[i].light, looks()[i].light)
		fmt.Fprintf(&dark, ".s%d{stroke:%s;fill:%s}", i, looks()[i].dark, looks()[i].dark)
	}
	return "<style>" +
		"text{font:13px system-ui,'DejaVu Sans',sans-serif;fill:#222}.title{font-size:17px;font-weight:600}.head{font-weight:600}" +
		".note,.tick{font-size:12px;fill:#555}.ground{fill:#fff}.grid{stroke:#ddd}.axis{stroke:#777}" +
		".line{fill:none;stroke-width:2;stroke-linejoin:round}.open{fill:none;stroke-width:2}" +
		light.String() +
		"@media(prefers-color-scheme:dark){text{fill:#eee}.note,.tick{fill:#aaa}.ground{fill:#16181c}.grid{stroke:#33373d}.axis{stroke:#888}" +
		dark.String() + "}</style>\n"
}

// draw draws the panel with the left upper corner of its axes at 0,0.
func (p panel) draw(b *strings.Builder, names []string) {
	var xs []float64
	highest := 0.0
	for _, s := range p.series {
		for _, at := range s.points {
			xs = append(xs, at.x)
			highest = max(highest, at.y)
		}
	}
	fmt.Fprintf(b, "<text class=\"head\" x=\"%g\" y=\"-14\">%s</text>\n", 16-marginLeft, escape(p.title))
	across, down := newLogAxis(xs), newLinearAxis(highest)
	for _, tick := range down.ticks {
		y := panelHeight - down.place(tick)*panelHeight
		fmt.Fprintf(b, "<path class=\"grid\" d=\"M0 %.1fH%g\"/><text class=\"tick\" x=\"-8\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
			y, panelWidth, y+4, escape(down.label(tick)))
	}
	for _, tick := range across.ticks {
		x := across.place(tick) * panelWidth
		fmt.Fprintf(b, "<path class=\"axis\" d=\"M%.1f %gv5\"/><text class=\"tick\" x=\"%.1f\" y=\"%g\" text-anchor=\"middle\">%s</text>\n",
			x, panelHeight, x, panelHeight+20, escape(across.label(tick)))
	}
	fmt.Fprintf(b, "<path class=\"axis\" d=\"M0 %gH%g\"/><text class=\"note\" x=\"%g\" y=\"%g\" text-anchor=\"middle\">%s</text>\n",
		panelHeight, panelWidth, panelWidth/2, panelHeight+40, escape(p.across))
	for _, s := range p.series {
		look := 0
		for i, name := range names {
			if name == s.name {
				look = i
			}
		}
		var line, marks strings.Builder
		for i, at := range s.points {
			x, y := across.place(at.x)*panelWidth, panelHeight-down.place(at.y)*panelHeight
			step := "L"
			if i == 0 {
				step = "M"
			}
			fmt.Fprintf(&line, "%s%.1f %.1f", step, x, y)
			fmt.Fprintf(&marks, "<g transform=\"translate(%.1f %.1f)\"><title>%s: %s at %s</title>%s</g>",
				x, y, escape(s.name), brief(at.y), brief(at.x), looks()[look].mark)
		}
		fmt.Fprintf(b, "<g class=\"s%d\"><path class=\"line\" d=\"%s\"/>%s</g>\n", look, line.String(), marks.String())
	}
}

// axis says where values lie between 0 and 1, and which of them are written.
type axis struct {
	ticks []float64
	place func(value float64) float64
	label func(value float64) string
}

// newLinearAxis returns an axis from 0 to a round number that is highest or more, with four to eight ticks.
func newLinearAxis(highest float64) axis {
	if highest <= 0 {
		highest = 1
	}
	step := math.Pow(10, math.Floor(math.Log10(highest)))
	for _, part := range []float64{0.2, 0.5, 1, 2} {
		if steps := highest / (step * part); steps <= 7 {
			step *= part
			break
		}
	}
	count := int(math.Ceil(highest/step - 1e-9))
	a := axis{
		place: func(value float64) float64 { return value / (step * float64(count)) },
		label: func(value float64) string { return fmt.Sprintf("%.3g", value) },
	}
	for i := range count + 1 {
		a.ticks = append(a.ticks, float64(i)*step)
	}
	return a
}

// newLogAxis returns an axis from the lowest of the values to the highest, with a tick for each, unless two
// would lie upon each other.
func newLogAxis(values []float64) axis {
	lowest, highest := math.Inf(1), math.Inf(-1)
	for _, value := range values {
		lowest, highest = min(lowest, value), max(highest, value)
	}
	a := axis{
		place: func(value float64) float64 {
			if !(lowest < highest) {
				return 0.5
			}
			return 0.03 + 0.94*math.Log(value/lowest)/math.Log(highest/lowest)
		},
		label: func(value float64) string {
			if value >= 1000 {
				return fmt.Sprintf("%gk", math.Round(value/100)/10)
			}
			return fmt.Sprintf("%.0f", value)
		},
	}
	for _, value := range values {
		free := true
		for _, tick := range a.ticks {
			free = free && math.Abs(a.place(tick)-a.place(value)) > 0.05
		}
		if free {
			a.ticks = append(a.ticks, value)
		}
	}
	return a
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}
