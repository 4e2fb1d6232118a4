package protocol_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/protocol"
)

// TestRevokedWhileBeginning: a token that is revoked when it was judged and its stream has not begun yet, as while the
// body of a QUERY is on its way. Whoever revokes it finds no stream to end; the stream ends all the same.
func TestRevokedWhileBeginning(t *testing.T) {
	const guard = 20 * time.Second
	run(t, func(t *testing.T, m mode) {
		var revoked atomic.Bool
		judged := make(chan struct{}, 10)
		a := serveTokens(t, m, func(o *protocol.Options, tokens *protocol.Tokens) {
			verifier, err := auth.New(auth.Options{
				Issuers:  []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(secret)}}}},
				Resource: publicURL, Matcher: protocol.TokenMatcher(o.Compiler),
				Revoked: func(*auth.Token) bool {
					defer func() { judged <- struct{}{} }()
					return revoked.Load()
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(verifier.Close)
			tokens.Verifier = verifier
		})
		ctx, cancel := context.WithTimeout(t.Context(), guard)
		defer cancel()
		body, send := io.Pipe()
		request, err := http.NewRequestWithContext(ctx, "QUERY", a.url, body)
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		request.Header.Set("Authorization", "Bearer "+a.token(nil, all))
		type answer struct {
			response *http.Response
			err      error
		}
		answers := make(chan answer, 1)
		go func() {
			response, err := a.transport.RoundTrip(request)
			answers <- answer{response, err}
		}()
		<-judged
		revoked.Store(true)
		if n, err := a.hub.EndWhere(ctx, func(any) bool { return true }); n != 0 || err != nil {
			t.Fatalf("%d streams have ended, %v; want none", n, err)
		}
		if _, err := io.WriteString(send, "match=a"); err != nil {
			t.Fatal(err)
		}
		send.Close()
		got := <-answers
		if got.err != nil {
			t.Fatal(got.err)
		}
		defer got.response.Body.Close()
		if _, err := io.Copy(io.Discard, got.response.Body); got.response.StatusCode != http.StatusOK || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s, and the stream goes on: %v", got.response.Status, err)
		}
	})
}
