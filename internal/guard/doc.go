// Package guard holds no code of its own: its tests read the whole source tree and keep the rules
// that no compiler knows.
//
// They hold which package may import which (docs/architecture.md), that every package is documented
// in its doc.go, that files stay short, that no package keeps mutable state or an init function,
// that tests neither skip nor sleep, that go.mod, the Makefile and continuous integration name one
// Go release, that texts link to what exists, and that every test named in docs/invariants.md is
// there. Each rule is a function over given sources, and is itself tested on a source that breaks
// it.
package guard
