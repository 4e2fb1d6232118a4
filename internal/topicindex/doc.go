// Package topicindex finds what a log, or a part of one, has of some topics, without a look at the rest.
package topicindex
