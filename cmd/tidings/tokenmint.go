package main

import (
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/internal/config"
)

// tokenMintCommand is tidings token mint.
type tokenMintCommand struct {
	config.TokenMint
}

// Help is shown by tidings token mint --help.
func (*tokenMintCommand) Help() string {
	return `Prints a token, signed with a secret or a private key. A secret is better given as $TIDINGS_JWT_SECRET: everybody on a machine sees the arguments of its programs.

Examples:

    tidings token mint --private-key tidings-private.pem --issuer https://app.example \
        --resource https://hub.example/.well-known/mercure --publish https://app.example/news
    tidings token mint --issuer https://app.example --subject user-17 --expires-in 10m \
        --resource https://hub.example/.well-known/mercure \
        --subscribe-pattern 'https://app.example/users/17/*'
    tidings token mint --legacy --publish '*' --subscribe 'https://app.example/users/{id}'
    tidings token mint --legacy --publish '*' --expires-in 0`
}

// Run prints a token.
func (c *tokenMintCommand) Run(std *streams) error {
	key := auth.SigningKey{Algorithm: c.Algorithm, KeyID: c.KeyID}
	if c.PrivateKey != "" {
		text, err := os.ReadFile(c.PrivateKey)
		if err != nil {
			return err
		}
		key.PEM = text
	} else {
		key.Secret = []byte(c.JWTSecret)
	}
	signer, err := auth.NewSigner(key)
	if err != nil {
		return err
	}
	token, err := signer.Sign(c.Claims(rand.Text(), time.Now()))
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(std.out, token)
	return err
}
