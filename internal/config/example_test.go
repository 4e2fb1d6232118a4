package config_test

import (
	"fmt"

	"github.com/alecthomas/kong"

	"github.com/tidings-hub/tidings/internal/config"
)

func ExampleServe() {
	var settings config.Serve
	parser, err := kong.New(&settings)
	if err != nil {
		panic(err)
	}
	if _, err := parser.Parse([]string{"--dev", "--heartbeat=30s", "--window-bytes=64MiB"}); err != nil {
		panic(err)
	}
	o := settings.HubOptions()
	fmt.Println(settings.Addr, o.Fanout.Heartbeat, o.Fanout.WindowBytes)

	_, err = parser.Parse([]string{"--dev", "--tls-cert=cert.pem"})
	fmt.Println(err)
	// Output:
	// 127.0.0.1:8080 30s 67108864
	// --tls-cert and --tls-key go together: give both or none
}
