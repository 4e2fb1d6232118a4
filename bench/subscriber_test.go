package bench_test

import (
	"bytes"
	"fmt"
	"net"
	"net/url"

	"github.com/tidings-hub/tidings/protocol"
)

// mark is in the data of each update once, and nowhere else in a stream: to count it is to count updates.
const mark = '~'

// subscriber is a connection that does as little as a client can, since it runs beside the hub.
type subscriber struct {
	conn net.Conn
	room []byte
}

// dialSubscriber asks for the updates of a topic behind a cursor, if there is one.
func dialSubscriber(addr, topic, cursor string) (*subscriber, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	request := "GET " + protocol.DefaultPath + "?topic=" + url.QueryEscape(topic) + " HTTP/1.1\r\nHost: hub\r\n"
	if cursor != "" {
		request += "Last-Event-ID: " + cursor + "\r\n"
	}
	if _, err := conn.Write([]byte(request + "\r\n")); err != nil {
		conn.Close()
		return nil, err
	}
	return &subscriber{conn: conn, room: make([]byte, 64<<10)}, nil
}

func (s *subscriber) close() { s.conn.Close() }

// next returns what has come.
func (s *subscriber) next() ([]byte, error) {
	n, err := s.conn.Read(s.room)
	return s.room[:n], err
}

// await reads until n updates have come.
func (s *subscriber) await(n int) error {
	got := 0
	for got < n {
		text, err := s.next()
		if err != nil {
			return fmt.Errorf("%d updates of %d: %w", got, n, err)
		}
		got += bytes.Count(text, []byte{mark})
	}
	if got > n {
		return fmt.Errorf("%d updates, %d were missed", got, n)
	}
	return nil
}
