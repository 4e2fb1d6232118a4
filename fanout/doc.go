// Package fanout carries updates from the committer to every subscriber that wants them.
//
// A [Fanout] consists of shards. A shard is one loop and the only owner of a part of the subscribers: nobody
// else touches them, so they need no locks. Batches of updates arrive in the shard's mailbox; the shard looks up
// who wants each update, and writes to each subscriber once for all its frames of the turn.
//
//	Publish(batch) ─► window ─► every shard's mailbox ─► turn: index ─► subscriber's pending frames ─► Sink
//
// What is published while the shard writes goes in the same write to those who are still to be written to, and to the
// others in the next turn: an update waits for one round of writes at most. If that is long and few updates came in it, the next
// begins after a lull of half its length, with more of them.
//
// A subscriber is live or behind. Live ones stand in the topic index and are served as batches arrive. Those who
// return with a cursor, and those whose socket did not keep up, are behind: they are served in chunks from the
// recent window or, through a bounded pool of readers, from the log, until their position has reached the
// shard's head; in that same turn they become live. Either way an update is delivered only if its offset is
// above the subscriber's position: that makes it once and in order, the index only makes it cheap.
//
// History is shared out fairly. So many subscribers at once are served from the log (Options.MaxBehind), the others
// wait in order; a subscriber may be held to a rate (Options.ReplayRate); and those who need the same part of the
// log share one read of it, also if they come to it within a few seconds of each other. The window finds the
// updates of exact topics by an index, so that a return costs what it is sent and not what others were.
//
// A shard never blocks: a [Sink] takes what it can and says later that it has drained. The committer never waits
// for a shard: a mailbox that overflows is emptied and its subscribers become behind.
package fanout
