package config

// Demo holds the settings of tidings demo.
type Demo struct {
	Listen  `group:"Listening:"`
	Logging `group:"Logging:"`
}

// Validate refuses settings that do not go together.
func (d *Demo) Validate() error { return d.Listen.validate() }
