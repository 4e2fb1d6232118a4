// Package disk is the log that survives: an [eventlog.Log] in a directory, on pebble.
//
// Every record, and every index entry that leads to it, has a key that begins with a class and a segment. A
// class holds the records of one retention rule, a segment a stretch of them; dropping a segment is one range
// delete that takes records and indexes together, and gives the space back.
//
//	meta                                   what the log is: version, lineage, rules, marks
//	class segment 'r' offset            →  record
//	class segment 't' hash(topic) offset   index of topics
//	class segment 'i' hash(id)          →  index of publishers' own ids
//
// Segments of all classes together hold every offset once; a reader merges the classes by offset. Index entries
// hold a 16-byte hash that is checked against the record.
//
// A batch is one pebble batch with one sync. The head moves after the sync: readers see nothing above it.
//
// A log that fails (a write or a sync that the disk refuses) answers its callers with [eventlog.ErrUnavailable], the
// batch that met the failure with [eventlog.ErrOutcomeUnknown], and opens itself anew, in a new epoch, under the
// lock that it still holds. The process lives on.
//
// A damaged log is not opened; the error names the file, and of a write-ahead log the offset. Damage within a table is
// found when it is read, or by [Inspection.Check]. One thing looks like what a power cut leaves behind and is taken
// for it: the newest write-ahead log, cut off at its end, or damaged in its last write. What was in it then is lost
// without a word unless it lies below the watermark, the offset in tidings.head that is noted whenever a table has
// been written and when the log is closed. Cursors of the lost part are answered with a gap in any case.
package disk
