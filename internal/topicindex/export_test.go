package topicindex

// Entries returns the list of a topic, for what lies in the array behind it.
func Entries[E Entry](x Index[E], topic string) []E { return x[topic].entries }
