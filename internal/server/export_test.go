package server

import "net"

// NewCeiling is what the tests see of how a ceiling is computed.
var NewCeiling = newCeiling

// ListenConfig returns how a server of these options listens.
func ListenConfig(o Options) *net.ListenConfig { return o.withDefaults().listenConfig() }
