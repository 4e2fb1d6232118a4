package protocol_test

import (
	"bufio"
	"bytes"
	"net"
	"net/http"
	"testing"

	"github.com/tidings-hub/tidings/eventlog"
	"github.com/tidings-hub/tidings/hub"
	"github.com/tidings-hub/tidings/protocol"
)

// TestTakenUnixSocket: a connection over a Unix socket is taken over too.
func TestTakenUnixSocket(t *testing.T) {
	h := newHub(t, hub.Options{})
	handler, err := protocol.Handler(h, protocol.Options{TakeOver: true})
	if err != nil {
		t.Fatal(err)
	}
	path := t.TempDir() + "/s"
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	web := &http.Server{Handler: handler}
	served := make(chan error, 1)
	go func() { served <- web.Serve(l) }()
	conn, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ask(t, conn, "GET /?topic=a HTTP/1.1\nHost: h\n\n")
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	wantNext(t, resp.Body, ":\n")
	if n := h.Sockets(); n != 1 {
		t.Errorf("%d sockets", n)
	}
	id := publish(t, h, eventlog.Update{Topics: []string{"a"}, Data: "hi"})
	wantNext(t, resp.Body, "id: "+id+"\ndata: hi\n\n")
	if err := h.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	var rest bytes.Buffer
	if _, err := rest.ReadFrom(resp.Body); err != nil {
		t.Error(err)
	}
	if err := web.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Error(err)
	}
}
