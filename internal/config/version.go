package config

// Version holds the settings of tidings version.
type Version struct {
	// JSON prints one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_VERSION_JSON" help:"Print one line of JSON."`
	// Assets prints the scripts that the hub serves to pages, with their integrity.
	Assets bool `env:"TIDINGS_VERSION_ASSETS" help:"Print the scripts that the hub serves to pages, each with its version and integrity (SRI)."`
}
