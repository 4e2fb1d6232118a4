// Package suite checks from outside whether a hub keeps the Mercure protocol, in both of its dialects: 1.0, and the
// 0.x that most deployed clients speak. It knows a hub by its URL and a signing key, and nothing of how it is made.
//
//	results, err := suite.Run(ctx, suite.Config{URL: "https://localhost/.well-known/mercure"}, nil)
//
// A [Rule] is one sentence of the protocol that can be broken by itself; [Rules] lists them. Each is run in the
// dialects in which it holds, over HTTP/1.1 and HTTP/2. It uses topics of its own, so rules run at the same time
// and on a hub that serves others, and leaves nothing behind but what its updates take in the hub's history.
//
// That something does not arrive is never shown by waiting: the rule publishes one more update, which must arrive,
// and looks at what came before it.
//
// Sections are numbered as follows: 1.1 words and strings, 1.2 subscribing, 1.3 matchers, 1.4 publishing, 1.5 access
// tokens, 1.6 who receives what, 1.7 errors, 1.8 reconnection and replay, 1.9 active subscriptions, 1.10 discovery,
// 1.11 pages of other origins, 1.12 encrypted data, 1.14 what is different in 0.x, 1.15 both dialects at one URL,
// 1.18 what clients rely on although no specification asks for it, 2 what the protocol's public test suite needs,
// 3 traps that hubs have fallen into.
package suite
