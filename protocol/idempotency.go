package protocol

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"

	"github.com/tidings-hub/tidings/eventlog"
)

// headerKey is the header that makes a publication idempotent.
const headerKey = "Idempotency-Key"

// headerReplayed says that an update was published before, with the same key.
const headerReplayed = "Idempotency-Replayed"

// longestKey is how long an idempotency key may be.
const longestKey = 255

// headerIdempotencyKey returns the key of a publication with its scope, "" if it has none.
func headerIdempotencyKey(r *http.Request, scope string) (string, error) {
	values := r.Header.Values(headerKey)
	if len(values) == 0 {
		return "", nil
	}
	for _, v := range values[1:] {
		if eventlog.TrimID(v) != eventlog.TrimID(values[0]) {
			return "", badField(headerKey, "%s is given with different values, %s and %s", headerKey, quote(values[0]), quote(v))
		}
	}
	return scopedKey(headerKey, values[0], scope)
}

// scopedKey returns an idempotency key with its scope. Its characters are for the hub to check.
func scopedKey(field, key, scope string) (string, error) {
	key = eventlog.TrimID(key)
	switch {
	case key == "":
		return "", badField(field, "%s is empty: it has 1 to %d bytes", field, longestKey)
	case len(key) > longestKey:
		return "", badField(field, "%s has %d bytes, more than %d", field, len(key), longestKey)
	}
	return keyScope(scope) + key, nil
}

// keyScope returns what stands before every key of a scope: short, and without characters that a key cannot have. All
// requests without a scope share one.
func keyScope(scope string) string {
	if scope == "" {
		return "hub:"
	}
	sum := sha256.Sum256([]byte(scope))
	return "by " + base64.RawURLEncoding.EncodeToString(sum[:16]) + ":"
}
