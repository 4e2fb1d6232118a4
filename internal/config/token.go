package config

import (
	"encoding/json"
	"time"

	"github.com/tidings-hub/tidings/auth"
)

// TokenExplain holds the settings of tidings token explain: those of the hub that is asked about, and a token.
type TokenExplain struct {
	// Token is the token; empty to read it from standard input.
	Token string `arg:"" optional:"" name:"token" placeholder:"TOKEN" env:"TIDINGS_TOKEN_TOKEN" help:"The token. Without it, it is read from standard input."`
	// JSON prints one line of JSON.
	JSON bool `name:"json" env:"TIDINGS_TOKEN_JSON" help:"Print as one line of JSON."`

	Auth `group:"The hub's settings:"`
}

// Validate refuses settings by which no token could be good.
func (e *TokenExplain) Validate() error {
	if !e.HasTokens() {
		return refuse([]string{"--issuer", "--trust", "--legacy-key", "--legacy-key-file"},
			"give the settings of a hub that takes tokens: --issuer with its key, --trust, --legacy-key or --legacy-key-file")
	}
	return e.validate()
}

// TokenMint holds the settings of tidings token mint.
type TokenMint struct {
	// Legacy makes a token of protocol 0.x.
	Legacy bool `env:"TIDINGS_TOKEN_LEGACY" help:"Make a token of protocol 0.x: topics are selectors, and no other claim is needed."`
	// JWTSecret or PrivateKey is what the token is signed with.
	JWTSecret  string `name:"jwt-secret" placeholder:"SECRET" env:"TIDINGS_JWT_SECRET" help:"Secret to sign with; the hub's --jwt-secret or --legacy-key."`
	PrivateKey string `placeholder:"FILE" env:"TIDINGS_TOKEN_PRIVATE_KEY" help:"Private key in PEM to sign with, as 'tidings token keys' makes it."`
	// Algorithm is how to sign; empty for what is usual for the key.
	Algorithm string `placeholder:"NAME" env:"TIDINGS_TOKEN_ALGORITHM" help:"How to sign; unless told otherwise HS256, EdDSA, RS256 or that of the EC key's curve."`
	// KeyID names the key among the issuer's.
	KeyID string `name:"kid" placeholder:"ID" env:"TIDINGS_TOKEN_KID" help:"Name of the key (kid), for issuers with several."`

	Issuer    string        `placeholder:"ISSUER" env:"TIDINGS_ISSUER" help:"Who makes the token (iss)."`
	Resource  string        `placeholder:"URL" env:"TIDINGS_RESOURCE" help:"The hub that it is for (aud)."`
	Subject   string        `placeholder:"NAME" env:"TIDINGS_TOKEN_SUBJECT" help:"Whom it is about (sub)."`
	ClientID  string        `name:"client-id" placeholder:"ID" env:"TIDINGS_TOKEN_CLIENT_ID" help:"The program that it is for (client_id)."`
	ID        string        `name:"id" placeholder:"ID" env:"TIDINGS_TOKEN_ID" help:"Its own id (jti); random unless told otherwise."`
	ExpiresIn time.Duration `default:"1h" placeholder:"DURATION" env:"TIDINGS_TOKEN_EXPIRES_IN" help:"How long it is good; 0 for ever, in protocol 0.x only."`

	// Publish and Subscribe are topics, PublishPattern and SubscribePattern URL Patterns.
	Publish          []string `sep:"none" placeholder:"TOPIC" env:"TIDINGS_TOKEN_PUBLISH" help:"Topic that may be published to, * for all; may be repeated."`
	Subscribe        []string `sep:"none" placeholder:"TOPIC" env:"TIDINGS_TOKEN_SUBSCRIBE" help:"Topic whose private updates may be received, * for all; may be repeated."`
	PublishPattern   []string `sep:"none" placeholder:"PATTERN" env:"TIDINGS_TOKEN_PUBLISH_PATTERN" help:"URL Pattern of topics that may be published to; may be repeated."`
	SubscribePattern []string `sep:"none" placeholder:"PATTERN" env:"TIDINGS_TOKEN_SUBSCRIBE_PATTERN" help:"URL Pattern of topics whose private updates may be received; may be repeated."`
	// Payload is what other subscribers are shown about this one.
	Payload string `placeholder:"JSON" env:"TIDINGS_TOKEN_PAYLOAD" help:"What others are shown about the subscriber, an object."`
}

// Validate refuses settings of which no hub would take the token.
func (m *TokenMint) Validate() error {
	switch {
	case (m.JWTSecret == "") == (m.PrivateKey == ""):
		return refuse([]string{"--jwt-secret", "--private-key"}, "give either --jwt-secret or --private-key: what is the token to be signed with?")
	case m.ExpiresIn < 0 || m.ExpiresIn > 0 && m.ExpiresIn < time.Second:
		return refuse([]string{"--expires-in"}, "--expires-in is %v, it must be at least 1s", m.ExpiresIn)
	case m.Payload != "" && !json.Valid([]byte(m.Payload)):
		return refuse([]string{"--payload"}, "--payload is not JSON")
	case m.Legacy && len(m.PublishPattern)+len(m.SubscribePattern) > 0:
		return refuse([]string{"--legacy", "--publish-pattern", "--subscribe-pattern"},
			"--publish-pattern and --subscribe-pattern do not go with --legacy: give a URI template as --publish or --subscribe")
	case m.Legacy:
		return nil
	case m.Issuer == "" || m.Resource == "":
		return refuse([]string{"--issuer", "--resource"}, "a token needs --issuer and --resource, unless it is a --legacy one")
	case m.ExpiresIn == 0:
		return refuse([]string{"--expires-in"}, "--expires-in is 0, and only a --legacy token may be good for ever")
	case m.Payload != "" && len(m.Subscribe)+len(m.SubscribePattern) == 0:
		return refuse([]string{"--payload"}, "--payload needs --subscribe or --subscribe-pattern: it is about a subscriber")
	case m.Payload != "" && m.Payload[0] != '{':
		return refuse([]string{"--payload"}, "--payload is not an object")
	}
	return nil
}

// Claims returns what the token says, with an id, at a time.
func (m *TokenMint) Claims(id string, now time.Time) auth.Claims {
	c := auth.Claims{
		Dialect: auth.Modern, Issuer: m.Issuer, Subject: m.Subject, ClientID: m.ClientID, ID: m.ID, IssuedAt: now,
	}
	if c.ID == "" {
		c.ID = id
	}
	if m.Resource != "" {
		c.Audience = []string{m.Resource}
	}
	if m.ExpiresIn > 0 {
		c.Expires = now.Add(m.ExpiresIn)
	}
	if m.Legacy {
		c.Dialect, c.Publish, c.Subscribe = auth.Legacy, m.Publish, m.Subscribe
		if m.Payload != "" {
			c.Payload = json.RawMessage(m.Payload)
		}
		return c
	}
	if topics := claimTopics(m.Publish, m.PublishPattern); len(topics) > 0 {
		c.Details = append(c.Details, auth.ClaimDetail{Actions: []string{"publish"}, Topics: topics})
	}
	if topics := claimTopics(m.Subscribe, m.SubscribePattern); len(topics) > 0 {
		detail := auth.ClaimDetail{Actions: []string{"subscribe"}, Topics: topics}
		if m.Payload != "" {
			detail.Payload = json.RawMessage(m.Payload)
		}
		c.Details = append(c.Details, detail)
	}
	return c
}

func claimTopics(exact, patterns []string) []auth.ClaimTopic {
	var topics []auth.ClaimTopic
	for _, t := range exact {
		topics = append(topics, auth.ClaimTopic{Match: t})
	}
	for _, p := range patterns {
		topics = append(topics, auth.ClaimTopic{Match: p, MatchType: auth.KindURLPattern})
	}
	return topics
}

// TokenKeys holds the settings of tidings token keys.
type TokenKeys struct {
	// Algorithm is what the keys are for.
	Algorithm string `enum:"EdDSA,ES256,ES384,ES512,RS256,PS256" default:"EdDSA" placeholder:"NAME" env:"TIDINGS_TOKEN_ALGORITHM" help:"What the keys are for: EdDSA, ES256, ES384, ES512, RS256 or PS256."`
	// Out is the directory that the files are put into.
	Out string `default:"." placeholder:"DIR" env:"TIDINGS_TOKEN_OUT" help:"Directory to put the files into."`
	// Name is what the files' names begin with.
	Name string `default:"tidings" placeholder:"NAME" env:"TIDINGS_TOKEN_NAME" help:"What the names of the files begin with."`
}

// Validate refuses names that lead elsewhere.
func (k *TokenKeys) Validate() error {
	for _, r := range k.Name {
		if r == '/' || r == '\\' || r < ' ' {
			return refuse([]string{"--name"}, "--name is %q, it must be a part of a file's name; --out is for the directory", k.Name)
		}
	}
	if k.Name == "" || k.Out == "" {
		return refuse([]string{"--name", "--out"}, "--name and --out must not be empty")
	}
	return nil
}
