// Command hub checks whether a hub keeps the Mercure protocol, and says of each rule whether it passes, and why not.
//
//	go run github.com/tidings-hub/tidings/conformance/hub -url https://localhost/.well-known/mercure -insecure
//
// It needs a hub that lets anonymous subscribers in and trusts an HMAC key for tokens. Without further flags, these
// are the key, the issuer and the resource of the protocol's public test suite. What the hub does not have is left
// out with -without, and what it was told otherwise is said by the other flags; -help lists them.
//
// With -list it prints the rules and asks nobody. With -json it prints all results as one JSON document.
//
// Exit codes: 0 if all rules passed that were run, 1 if one failed, 2 for wrong usage, 4 if the hub cannot be reached.
package main
