package topic_test

import (
	"testing"

	"github.com/tidings-hub/tidings/topic"
)

func TestGrant(t *testing.T) {
	a := topic.Matchers{topic.Exact("a")}
	books := topic.Matchers{pattern(t, "https://example.com/books/:id"), template(t, "chat/{room}")}
	one, two, room := "https://example.com/books/1", "https://example.com/books/2", "chat/1"
	tests := []struct {
		name             string
		grant            topic.Grant
		topics           []string
		publish, receive bool
	}{
		{"zero grant", topic.Grant{}, []string{"a"}, false, false},
		{"zero grant, no topics", topic.Grant{}, nil, false, false},
		{"everything", topic.All(), []string{"a", "b"}, true, true},
		{"everything, no topics", topic.All(), nil, false, false},
		{"publishing only", topic.Grant{Publish: a}, []string{"a"}, true, false},
		{"receiving only", topic.Grant{Subscribe: a}, []string{"a"}, false, true},
		{"publishing needs every topic", topic.Grant{Publish: a}, []string{"a", "b"}, false, false},
		{"receiving needs one topic", topic.Grant{Subscribe: a}, []string{"b", "a"}, false, true},
		{"receiving needs at least one", topic.Grant{Subscribe: a}, []string{"b", "c"}, false, false},
		{"publishing by patterns", topic.Grant{Publish: books}, []string{one, two, room}, true, false},
		{"publishing beyond patterns", topic.Grant{Publish: books}, []string{one, "https://example.com/authors/1"}, false, false},
		{"receiving by patterns", topic.Grant{Subscribe: books}, []string{"a", room}, false, true},
		{"receiving beyond patterns", topic.Grant{Subscribe: books}, []string{"a", one + "/2"}, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.grant.MayPublish(tt.topics); got != tt.publish {
				t.Errorf("MayPublish(%q) = %v, want %v", tt.topics, got, tt.publish)
			}
			if got := tt.grant.MayReceive(tt.topics); got != tt.receive {
				t.Errorf("MayReceive(%q) = %v, want %v", tt.topics, got, tt.receive)
			}
		})
	}
}
