package auth

import (
	"crypto/sha256"
	"encoding/json"
	"strings"
	"time"

	"github.com/tidings-hub/tidings/topic"
)

// Dialect is the form of a token's claims, and with it the set of checks that it was held to.
type Dialect uint8

// The dialects.
const (
	// Modern tokens are those of protocol 1.0: typed at+jwt, with an issuer, an audience and an end.
	Modern Dialect = iota + 1
	// Legacy tokens are those of protocol 0.x: any signed token with the claim mercure.
	Legacy
)

// String returns the protocol's version that d belongs to.
func (d Dialect) String() string {
	switch d {
	case Modern:
		return "1.0"
	case Legacy:
		return "0.x"
	}
	return "unknown"
}

// MarshalText implements [encoding.TextMarshaler].
func (d Dialect) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Token is what a token or a ticket says that has passed every check. It is immutable, and may be shared between
// goroutines.
type Token struct {
	// Dialect is what it was judged by. A ticket counts as modern.
	Dialect Dialect
	// Grant is what its bearer may do.
	Grant topic.Grant
	// Details are the entries that Grant was made of, in the order of a modern token; nil for a legacy one.
	Details []Detail
	// LegacyPayload is the payload of a legacy token, any JSON value; nil if there is none.
	LegacyPayload json.RawMessage

	// Issuer, Subject, ClientID and ID are the claims iss, sub, client_id and jti, empty where there is none. The
	// issuer of a ticket is the URL of the application that gave it.
	Issuer, Subject, ClientID, ID string
	// Expires, NotBefore and IssuedAt are the claims exp, nbf and iat, to the second, rounded down; zero where there
	// is none. Only a legacy token may have no Expires. A stream must end no later than Expires, without leeway.
	Expires, NotBefore, IssuedAt time.Time
	// Hash identifies the token, for revocation and in logs; see [Hash]. That of a ticket is the hash of the cookies
	// and headers that it was given for.
	Hash [sha256.Size]byte
}

// Detail is one entry of a modern token's rights.
type Detail struct {
	// Publish and Subscribe say what may be done with the topics that Topics select.
	Publish, Subscribe bool
	// Topics select the topics.
	Topics topic.Matchers
	// Payload is the entry's payload, a JSON object that other subscribers are shown; nil if there is none.
	Payload json.RawMessage
}

// PayloadFor returns what others are shown about a subscription of t's bearer: the payload of the first detail for
// subscribing that selects the subscription's matcher, written as a string and taken for a topic. It is nil if no
// detail does, or if the first that does has none. A legacy token has one payload for all its subscriptions.
//
// The result belongs to t.
func (t *Token) PayloadFor(matcher string) json.RawMessage {
	if t.Dialect == Legacy {
		return t.LegacyPayload
	}
	for i := range t.Details {
		if d := &t.Details[i]; d.Subscribe && d.Topics.Match(matcher) {
			return d.Payload
		}
	}
	return nil
}

// Hash returns the SHA-256 of what is signed in a token in compact form: everything before its second dot. It leaves
// out the signature, because whoever has a token can change some kinds of signatures so that they are still right;
// a revoked token would come back under another hash. A string without a second dot is hashed as a whole.
//
// The hash identifies a token; it does not prove that the token is good.
func Hash(raw string) [sha256.Size]byte {
	if first := strings.IndexByte(raw, '.'); first >= 0 {
		if second := strings.IndexByte(raw[first+1:], '.'); second >= 0 {
			raw = raw[:first+1+second]
		}
	}
	return sha256.Sum256([]byte(raw))
}
