// Package topic answers one question: who wants an update, and who may have it.
//
// A topic is a string that names a thing that changes, usually an IRI. A [Matcher] says which topics a
// subscriber asks for, a [Grant] which topics a publisher may publish to and of which topics a subscriber may
// receive private updates, and an [Index] finds the subscribers of a topic without walking over all of them.
//
// Matchers are exact topics, the wildcard, URL Patterns and URI Templates. A [Compiler] makes the last two, and lets
// equal ones share what was compiled. Whatever a stranger sends as a pattern, compiling and matching it is bounded:
// expressions run in linear time, and what would be too costly is refused.
//
// Exact topics and templates are compared with topics byte by byte: nothing is normalised. Patterns are compared with
// topics that are read as URLs, as the URL Standard says.
package topic
