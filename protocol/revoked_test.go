package protocol_test

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/tidings-hub/tidings/auth"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

const formType = "application/x-www-form-urlencoded"

// sendLate sends a request whose body follows its head when before has returned.
func (s *server) sendLate(t *testing.T, method, kind, token, text string, before func()) *http.Response {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	body, writer := io.Pipe()
	go func() {
		before()
		_, _ = io.WriteString(writer, text) // who does not read it answers for that
		writer.Close()
	}()
	r, err := http.NewRequestWithContext(ctx, method, s.url, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", kind)
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := s.transport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

// wantNothing fails unless a request was refused for its token and nothing was published.
func (s *server) wantNothing(t *testing.T, resp *http.Response) {
	t.Helper()
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("%s", resp.Status)
	}
	if head := s.hub.Head(); head.Offset != 0 {
		t.Errorf("something was published: %v", head)
	}
}

// TestRevokedMeanwhile: a token that is revoked between the look at it and what it is for gives no right any more,
// although there was no stream yet that could have been ended.
func TestRevokedMeanwhile(t *testing.T) {
	tests := []struct {
		name, method, kind, body string
		begins                   bool // a stream does, and ends; else the token is revoked before the body is sent
	}{
		{"publish", http.MethodPost, formType, "topic=a&data=late", false},
		{"publish lines", http.MethodPost, "application/x-ndjson", `{"topic":"a","data":"late"}`, false},
		{"QUERY, before the body", "QUERY", formType, "match=a", false},
		{"QUERY, behind it", "QUERY", formType, "match=a", true},
		{"GET", http.MethodGet, "", "", true},
	}
	run(t, func(t *testing.T, m mode) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				revocations := auth.NewRevocations(0, nil)
				verifier, err := auth.New(auth.Options{
					Issuers:  []auth.Issuer{{ID: issuer, Keys: []auth.Key{{Secret: []byte(secret)}}}},
					Resource: publicURL, Revoked: revocations.Revoked,
					Matcher: func(_, value string) (topic.Matcher, error) { return topic.Exact(value), nil },
				})
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(verifier.Close)
				a := &authority{t: t, modern: newSigner(t, secret)}
				revoke := func() {
					if err := revocations.Add(auth.Revocation{Subject: "ada"}); err != nil {
						t.Error(err)
					}
					n, err := a.hub.EndWhere(context.Background(), func(any) bool { return true })
					if n != 0 || err != nil {
						t.Errorf("%d streams ended, %v", n, err)
					}
				}
				tokens := protocol.Tokens{Verifier: verifier}
				authorized := make(chan struct{}, 1)
				a.server = serve(t, m, hub.Options{}, protocol.Options{
					Authorizer: protocol.AuthorizerFunc(func(r *http.Request) (protocol.Access, error) {
						defer func() { authorized <- struct{}{} }()
						return tokens.Authorize(r)
					}),
					MaxPerAddress: 10,
					ClientAddr: func(*http.Request) netip.Addr { // is asked for just before a stream begins
						if tt.begins {
							revoke()
						}
						return netip.Addr{}
					},
				})
				token := a.token([]string{"a"}, []string{"a"})
				if !tt.begins {
					a.wantNothing(t, a.sendLate(t, tt.method, tt.kind, token, tt.body, func() { <-authorized; revoke() }))
					return
				}
				query := ""
				if tt.body == "" {
					query = "match=a"
				}
				resp := a.request(t, tt.method, query, tt.body, append(bearer(token), "Content-Type", tt.kind)...)
				if resp.StatusCode != http.StatusOK {
					t.Fatalf("%s", resp.Status)
				}
				ended := make(chan struct{})
				go func() {
					defer close(ended)
					_, _ = io.Copy(io.Discard, resp.Body) // a cut is an end too
				}()
				wait(t, ended, "the end of a stream whose token was revoked")
			})
		}
	})
}

// TestExpiredMeanwhile: who sends the body slowly does not publish with rights that have ended.
func TestExpiredMeanwhile(t *testing.T) {
	run(t, func(t *testing.T, m mode) {
		ends := make(chan time.Time, 1)
		s := serve(t, m, hub.Options{}, protocol.Options{
			Authorizer: protocol.AuthorizerFunc(func(*http.Request) (protocol.Access, error) {
				end := time.Now().Add(300 * time.Millisecond)
				ends <- end
				return protocol.Access{Grant: topic.All(), Expires: end}, nil
			}),
		})
		s.wantNothing(t, s.sendLate(t, http.MethodPost, formType, "", "topic=a&data=late", func() {
			<-time.After(time.Until(<-ends))
		}))
	})
}
