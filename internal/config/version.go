package config

// Version holds the settings of tidings version.
type Version struct {
	// JSON prints one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_VERSION_JSON" help:"Print one line of JSON."`
}
