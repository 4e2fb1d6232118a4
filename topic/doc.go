// Package topic answers one question: who wants an update, and who may have it.
//
// A topic is a string that names a thing that changes, usually an IRI. A [Matcher] says which topics a
// subscriber asks for, a [Grant] which topics a publisher may publish to and of which topics a subscriber may
// receive private updates, and an [Index] finds the subscribers of a topic without walking over all of them.
//
// Topics are compared byte by byte: nothing is normalised.
package topic
