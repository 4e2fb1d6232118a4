package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"slices"
	"strconv"
)

// figures are what was measured of one run: for each metric the values of all repetitions.
type figures map[string][]float64

// median returns the middle of a metric's values, and whether there is one.
func (f figures) median(metric string) (float64, bool) {
	values := slices.Sorted(slices.Values(f[metric]))
	if len(values) == 0 {
		return 0, false
	}
	middle := len(values) / 2
	if len(values)%2 == 0 {
		return (values[middle-1] + values[middle]) / 2, true
	}
	return values[middle], true
}

// target is something that a scenario wants.
type target struct {
	// Row is what documents say of it.
	Row string `json:"row"`
	// Want is an expression of Go: comparisons of arithmetic on numbers and figures, joined by && and ||. A figure is
	// run.metric, the median of the repetitions; highest(run.metric) and lowest(run.metric) are the ends of them.
	// max and min take any number of values.
	Want string `json:"want"`
}

// verdict is what became of a target.
type verdict struct {
	Row  string `json:"row"`
	Want string `json:"want"`
	// Got has both sides of every comparison, as in "0.55 <= 0.65".
	Got string `json:"got"`
	Met bool   `json:"met"`
}

// String is the line that is printed.
func (v verdict) String() string {
	word := "FAIL"
	if v.Met {
		word = "PASS"
	}
	return fmt.Sprintf("%s  %s: %s  (%s)", word, v.Row, v.Got, v.Want)
}

// check evaluates a target. The error is one of the expression: what was not measured is a target that is missed.
func (t target) check(runs map[string]figures) (verdict, error) {
	v := verdict{Row: t.Row, Want: t.Want}
	expr, err := parser.ParseExpr(t.Want)
	if err != nil {
		return v, fmt.Errorf("target %q: %w", t.Want, err)
	}
	e := evaluation{runs: runs}
	got, met, err := e.condition(expr)
	if err != nil {
		return v, fmt.Errorf("target %q: %w", t.Want, err)
	}
	v.Got, v.Met = got, met
	if e.missing != "" {
		v.Got, v.Met = e.missing+" was not measured", false
	}
	return v, nil
}

// evaluation walks one expression.
type evaluation struct {
	runs    map[string]figures
	missing string // the first figure that there is none of
}

// condition returns the comparisons with their values, and whether they hold.
func (e *evaluation) condition(expr ast.Expr) (got string, met bool, err error) {
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		got, met, err = e.condition(expr.X)
		return "(" + got + ")", met, err
	case *ast.BinaryExpr:
		switch expr.Op {
		case token.LAND, token.LOR:
			leftGot, left, leftErr := e.condition(expr.X)
			rightGot, right, rightErr := e.condition(expr.Y)
			if leftErr != nil {
				return "", false, leftErr
			}
			met = left && right
			if expr.Op == token.LOR {
				met = left || right
			}
			return fmt.Sprintf("%s %s %s", leftGot, expr.Op, rightGot), met, rightErr
		case token.LEQ, token.GEQ, token.LSS, token.GTR, token.EQL:
			return e.comparison(expr)
		}
	}
	return "", false, fmt.Errorf("it is no comparison")
}

func (e *evaluation) comparison(expr *ast.BinaryExpr) (got string, met bool, err error) {
	left, err := e.value(expr.X)
	if err != nil {
		return "", false, err
	}
	right, err := e.value(expr.Y)
	if err != nil {
		return "", false, err
	}
	switch expr.Op {
	case token.LEQ:
		met = left <= right
	case token.GEQ:
		met = left >= right
	case token.LSS:
		met = left < right
	case token.GTR:
		met = left > right
	case token.EQL:
		met = left == right
	}
	met = met && !math.IsInf(left, 0) && !math.IsInf(right, 0) // a division by nothing is no success
	return fmt.Sprintf("%s %s %s", brief(left), expr.Op, brief(right)), met, nil
}

// value returns what an arithmetic expression comes to.
func (e *evaluation) value(expr ast.Expr) (float64, error) {
	switch expr := expr.(type) {
	case *ast.ParenExpr:
		return e.value(expr.X)
	case *ast.BasicLit:
		number, err := strconv.ParseFloat(expr.Value, 64)
		if err != nil {
			return 0, fmt.Errorf("%s is no number", expr.Value)
		}
		return number, nil
	case *ast.SelectorExpr:
		return e.figure(expr, func(f figures, metric string) float64 {
			middle, _ := f.median(metric)
			return middle
		})
	case *ast.CallExpr:
		return e.call(expr)
	case *ast.BinaryExpr:
		left, err := e.value(expr.X)
		if err != nil {
			return 0, err
		}
		right, err := e.value(expr.Y)
		if err != nil {
			return 0, err
		}
		switch expr.Op {
		case token.ADD:
			return left + right, nil
		case token.SUB:
			return left - right, nil
		case token.MUL:
			return left * right, nil
		case token.QUO:
			return left / right, nil
		}
	}
	return 0, fmt.Errorf("only numbers, run.metric, + - * / and max, min, highest, lowest have a value")
}

func (e *evaluation) call(call *ast.CallExpr) (float64, error) {
	name, ok := call.Fun.(*ast.Ident)
	if !ok || len(call.Args) == 0 {
		return 0, fmt.Errorf("only max, min, highest and lowest can be called")
	}
	switch name.Name {
	case "highest", "lowest":
		selector, ok := call.Args[0].(*ast.SelectorExpr)
		if !ok || len(call.Args) > 1 {
			return 0, fmt.Errorf("%s takes one run.metric", name.Name)
		}
		return e.figure(selector, func(f figures, metric string) float64 {
			if name.Name == "highest" {
				return slices.Max(f[metric])
			}
			return slices.Min(f[metric])
		})
	case "max", "min":
		var values []float64
		for _, arg := range call.Args {
			value, err := e.value(arg)
			if err != nil {
				return 0, err
			}
			values = append(values, value)
		}
		if name.Name == "max" {
			return slices.Max(values), nil
		}
		return slices.Min(values), nil
	}
	return 0, fmt.Errorf("there is no function %s", name.Name)
}

// figure returns what of makes of a figure's values, and notes if there are none.
func (e *evaluation) figure(selector *ast.SelectorExpr, of func(f figures, metric string) float64) (float64, error) {
	run, ok := selector.X.(*ast.Ident)
	if !ok {
		return 0, fmt.Errorf("a figure is written run.metric")
	}
	measured, known := e.runs[run.Name]
	if !known {
		return 0, fmt.Errorf("there is no run %s", run.Name)
	}
	if len(measured[selector.Sel.Name]) == 0 {
		if e.missing == "" {
			e.missing = run.Name + "." + selector.Sel.Name
		}
		return math.NaN(), nil
	}
	return of(measured, selector.Sel.Name), nil
}

// brief writes a number with three digits, without an exponent while people can read it.
func brief(x float64) string {
	if magnitude := math.Abs(x); magnitude >= 100 && magnitude < 1e15 {
		return thousands(strconv.FormatFloat(x, 'f', 0, 64))
	}
	return strconv.FormatFloat(x, 'g', 3, 64)
}

// thousands puts commas into a whole number.
func thousands(digits string) string {
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
