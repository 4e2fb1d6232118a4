package protocol_test

import (
	"strings"
	"testing"

	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
	"github.com/tidings-hub/tidings/topic"
)

func TestHandlerRefusesOptions(t *testing.T) {
	h := newHub(t, hub.Options{})
	if _, err := protocol.Handler(nil, protocol.Options{}); err == nil {
		t.Error("no error without a hub")
	}
	if _, err := protocol.Handler(h, protocol.Options{MaxBodyBytes: -1}); err == nil || !strings.Contains(err.Error(), "MaxBodyBytes") {
		t.Errorf("negative MaxBodyBytes: %v", err)
	}
	if _, err := protocol.Handler(h, protocol.Options{MaxLines: -1}); err == nil || !strings.Contains(err.Error(), "MaxLines") {
		t.Errorf("negative MaxLines: %v", err)
	}
	if _, err := protocol.Handler(h, protocol.Options{MaxPerAddress: -1}); err == nil || !strings.Contains(err.Error(), "MaxPerAddress") {
		t.Errorf("negative MaxPerAddress: %v", err)
	}
	if _, err := protocol.StreamHandler(h, protocol.Options{}, nil); err == nil || !strings.Contains(err.Error(), "matchers") {
		t.Errorf("no matchers: %v", err)
	}
	if _, err := protocol.StreamHandler(nil, protocol.Options{}, topic.Matchers{topic.Any()}); err == nil {
		t.Error("no error without a hub")
	}
}
