package auth

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// compact is a token that was taken apart, and not judged yet.
type compact struct {
	header object
	claims object
}

// parseCompact takes a token apart. Base64url is read strictly, so that a token has one spelling only.
func parseCompact(raw string) (*compact, error) {
	parts := strings.SplitN(raw, ".", 4)
	if len(parts) != 3 {
		return nil, refuse(CheckMalformed, "it has %s, a signed token has three parts with dots between", partsOf(raw))
	}
	c := new(compact)
	for i, part := range []struct {
		name string
		into *object
	}{{"header", &c.header}, {"claims", &c.claims}} {
		text, err := decodePart(parts[i])
		if err != nil {
			return nil, refuse(CheckMalformed, "the %s: %v", part.name, err)
		}
		if *part.into, err = parseObject(text); err != nil {
			return nil, refuse(CheckMalformed, "the %s: %v", part.name, err)
		}
	}
	if _, err := decodePart(parts[2]); err != nil {
		return nil, refuse(CheckMalformed, "the signature: %v", err)
	}
	return c, nil
}

func partsOf(raw string) string {
	switch n := strings.Count(raw, ".") + 1; n {
	case 1:
		return "one part"
	case 5:
		return "five parts, as an encrypted token has"
	default:
		return fmt.Sprintf("%d parts", n)
	}
}

// decodePart returns the bytes of one part of a token.
func decodePart(part string) ([]byte, error) {
	// The decoder leaves out line breaks, which would be another spelling of the same.
	if strings.ContainsAny(part, "\r\n") {
		return nil, fmt.Errorf("it has a line break")
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil {
		return nil, fmt.Errorf("it is not base64url without padding")
	}
	return b, nil
}
