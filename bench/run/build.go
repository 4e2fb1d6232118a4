package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// moduleFolder returns the folder of the module that the working directory is in.
func moduleFolder(ctx context.Context) (string, error) {
	file := firstLine(outputOf(ctx, ".", "go", "env", "GOMOD"))
	if file == "" || file == os.DevNull {
		return "", errors.New("this is measured from inside its source tree")
	}
	return filepath.Dir(file), nil
}

// build makes what is measured, in folder.
func build(ctx context.Context, module, folder string) (*programs, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &programs{
		self:        self,
		folder:      folder,
		tidings:     filepath.Join(folder, "tidings"),
		cloop:       filepath.Join(folder, "cloop"),
		certificate: filepath.Join(folder, "cert.pem"),
		key:         filepath.Join(folder, "key.pem"),
		cpus:        placeHere(),
	}
	// The tree may belong to another user, which git, and so the stamp, refuses by default.
	if err := runIn(ctx, module, "go", "build", "-buildvcs=false", "-o", p.tidings, "./cmd/tidings"); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath("gcc"); err != nil {
		p.cloop = ""
	} else if err := runIn(ctx, module, "gcc", "-O2", "-Wall", "-pthread", "-o", p.cloop, "bench/cloop/cloop.c"); err != nil {
		return nil, err
	}
	return p, writeCertificate(p.certificate, p.key)
}

func runIn(ctx context.Context, folder, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = folder
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	if err := command.Run(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, args[0], err, said.Bytes())
	}
	return nil
}

// environment returns the variables of the environment but those that are settings of tidings.
func environment() []string {
	return slices.DeleteFunc(os.Environ(), func(variable string) bool { return strings.HasPrefix(variable, "TIDINGS_") })
}

// writeCertificate makes a certificate of this address for a day, which nobody but the load takes.
func writeCertificate(certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(24 * time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		KeyUsage:     x509.KeyUsageDigitalSignature,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}), 0o600),
		os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
}
