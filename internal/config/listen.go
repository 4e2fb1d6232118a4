package config

import (
	"net"
	"strconv"
	"time"
)

// Listen says where a server listens and how it ends.
type Listen struct {
	// Addr is where to listen. Port 0 takes any free port; the printed URL tells which.
	Addr string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" env:"TIDINGS_ADDR" help:"Where to listen; port 0 is any free one."`
	// TLSCert and TLSKey name the files of a certificate chain and its key, in PEM. With them the server speaks
	// HTTP/1.1 and HTTP/2 over TLS, without them both in clear. They are read again when they have changed.
	TLSCert string `name:"tls-cert" placeholder:"FILE" env:"TIDINGS_TLS_CERT" help:"Certificate chain in PEM: serve HTTP/1.1 and HTTP/2 over TLS. It is read again when it has changed."`
	TLSKey  string `name:"tls-key" placeholder:"FILE" env:"TIDINGS_TLS_KEY" help:"The certificate's private key in PEM; read again too."`
	// Grace is how long the streams have to end by themselves after an interrupt. Then they are cut; a subscriber
	// that comes back with its cursor loses nothing by it.
	Grace time.Duration `default:"2s" placeholder:"DURATION" env:"TIDINGS_GRACE" help:"How long streams may take to end after Ctrl-C before they are cut."`
}

func (l *Listen) validate() error {
	if err := validateAddr("--addr", l.Addr); err != nil {
		return err
	}
	if (l.TLSCert == "") != (l.TLSKey == "") {
		return refuse([]string{"--tls-cert", "--tls-key"}, "--tls-cert and --tls-key go together: give both or none")
	}
	return atLeast(time.Millisecond, setting[time.Duration]{"--grace", l.Grace})
}

// validateAddr refuses what is no address to listen on.
func validateAddr(flag, addr string) error {
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return refuse([]string{flag}, "%s is %q, it must be HOST:PORT", flag, addr)
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || strconv.FormatUint(n, 10) != port {
		return refuse([]string{flag}, "%s is %q, its port must be a number from 0 to 65535", flag, addr)
	}
	return nil
}
