// Package auth says what the bearer of a token may do: it turns tokens into a [topic.Grant] and the facts that a
// hub needs beside it, such as when the token ends.
//
// A [Verifier] judges signed tokens (JSON Web Tokens in compact form) in two dialects. [Modern] tokens follow
// RFC 9068: typed at+jwt, from a trusted issuer, made out to this hub, with an end, and with rights in the claim
// authorization_details of RFC 9396. [Legacy] tokens carry a claim named mercure, as programs of protocol 0.x make
// them. The token's own type decides which dialect it is judged by, and a key serves legacy tokens only if it was
// given for them. Whatever the dialect, nothing that a token says of itself chooses a key or an algorithm: both come
// from [Options].
//
// A refused token is an [*Error], whose [Check] says which check failed and whose reason is for the log; the client
// learns neither. [Verifier.Explain] tells the whole story, check by check.
//
// Beside tokens there are tickets without any signature: an [Asker] asks the application what the bearer of a
// request's cookies and headers may do. [Revocations] end a token before its time. [Signer] and [GenerateKeys] make
// tokens and keys, for tools and tests.
//
// The package knows requests only as far as tickets need their headers; where a token came from is the caller's
// business.
package auth
