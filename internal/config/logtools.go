package config

// LogDir is the directory of a log that no hub has open.
type LogDir struct {
	// Dir is the directory.
	Dir string `arg:"" name:"dir" placeholder:"DIR" env:"TIDINGS_LOG_DIR" help:"Directory of the log; no hub may have it open."`
}

// LogInfo holds the settings of tidings log info.
type LogInfo struct {
	LogDir
	// JSON prints one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_LOG_JSON" help:"Print as one line of JSON."`
}

// LogCheck holds the settings of tidings log check.
type LogCheck struct{ LogDir }

// LogTail holds the settings of tidings log tail.
type LogTail struct {
	LogDir
	// Count is how many of the newest updates to print.
	Count int `short:"n" default:"10" placeholder:"N" env:"TIDINGS_LOG_COUNT" help:"How many of the newest updates to print."`
	// JSON prints every update as one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_LOG_JSON" help:"Print each update as one line of JSON."`
}

// Validate refuses settings that cannot be.
func (t *LogTail) Validate() error { return atLeast(1, setting[int]{"--count", t.Count}) }

// LogDump holds the settings of tidings log dump.
type LogDump struct{ LogDir }

// LogRestore holds the settings of tidings log restore.
type LogRestore struct {
	// Dir is the directory of the log to be.
	Dir string `arg:"" name:"dir" placeholder:"DIR" env:"TIDINGS_LOG_DIR" help:"Directory for the log; it must be empty or not be there."`
	// Retain are the rules that the hub will have.
	Retain []RetainRule `name:"retain" sep:"none" placeholder:"RULE" env:"TIDINGS_RETAIN" help:"The same rules for topics as those of the hub that is to use the log; may be repeated."`
}

// Validate refuses settings that do not go together.
func (r *LogRestore) Validate() error { return validateRules(r.Retain) }

// LogPurge holds the settings of tidings log purge.
type LogPurge struct {
	LogDir
	// Topics and IDs select the updates that are erased.
	Topics []string `name:"topic" sep:"none" placeholder:"TOPIC" env:"TIDINGS_LOG_TOPIC" help:"Erase the updates of this topic; may be repeated."`
	IDs    []string `name:"id" sep:"none" placeholder:"ID" env:"TIDINGS_LOG_ID" help:"Erase the update that subscribers see under this id; may be repeated."`
}

// Validate refuses settings that select nothing.
func (p *LogPurge) Validate() error {
	if len(p.Topics)+len(p.IDs) == 0 {
		return refuse([]string{"--topic", "--id"}, "give --topic or --id: what is to be erased?")
	}
	return nil
}
