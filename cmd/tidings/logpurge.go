package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/eventlog/disk"
	"github.com/tidings-hub/tidings/internal/config"
	"github.com/tidings-hub/tidings/topic"
)

// logPurgeCommand is tidings log purge.
type logPurgeCommand struct {
	config.LogPurge
}

// Help is shown by tidings log purge --help.
func (*logPurgeCommand) Help() string {
	return `Erases updates for good, without asking: those of a topic, also if they have others too, and those that subscribers see under an id. It rewrites the files, so that nothing of them is left there; backups and dumps keep what they have. Subscribers that come back with an older cursor are told of a gap.

Examples:

    tidings log purge ./tidings-data --topic https://example.com/people/7
    tidings log purge ./tidings-data --id '#kq3v7fa2mp.1042'`
}

// Run erases the updates and says how many there were.
func (c *logPurgeCommand) Run(ctx context.Context, std *streams) error {
	log, err := openAsItIs(c.Dir)
	if err != nil {
		return err
	}
	n, err := log.Purge(ctx, c.selects)
	if err := errors.Join(err, log.Close()); err != nil {
		return ended(ctx, err)
	}
	if n == 0 {
		_, err = fmt.Fprintln(std.out, "erased nothing: no update is selected")
		return err
	}
	updates := "updates"
	if n == 1 {
		updates = "update"
	}
	_, err = fmt.Fprintf(std.out, "erased %d %s; subscribers with an older cursor will be told of a gap\n", n, updates)
	return err
}

func (c *logPurgeCommand) selects(r *eventlog.Record) bool {
	id := eventlog.TrimID(r.EventID())
	return slices.ContainsFunc(c.Topics, func(t string) bool { return slices.Contains(r.Topics, t) }) ||
		slices.ContainsFunc(c.IDs, func(s string) bool {
			return eventlog.TrimID(s) == id || s == r.Position.String()
		})
}

// openAsItIs opens the log in dir with the rules that it has, so that it keeps them.
func openAsItIs(dir string) (*disk.Log, error) {
	var o disk.Options
	err := inspect(dir, func(x *disk.Inspection) error {
		info, err := x.Info()
		for _, class := range info.Classes {
			rule, ok, err := ruleOf(class)
			if err != nil {
				return err
			}
			if ok {
				o.Rules = append(o.Rules, rule)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	log, err := disk.Open(dir, o)
	if err != nil {
		return nil, logError(err)
	}
	return log, nil
}

// ruleOf returns the rule of a class, as far as it decides which updates belong to it. It reports false for the
// class of all other topics, and for one whose rule is gone.
func ruleOf(class disk.ClassInfo) (disk.Rule, bool, error) {
	rule := disk.Rule{NewestOnly: class.Newest}
	compiler, err := topic.NewCompiler(nil)
	if err != nil {
		return rule, false, err
	}
	for _, text := range class.Topics {
		if !strings.Contains(text, ":") {
			return rule, false, nil
		}
		m, err := compiler.Parse(text)
		if err != nil {
			return rule, false, err
		}
		rule.Topics = append(rule.Topics, m)
	}
	return rule, len(rule.Topics) > 0, nil
}
