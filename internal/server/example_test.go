package server_test

import (
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/tidings-hub/tidings/internal/server"
)

func Example() {
	ctx, stop := context.WithCancel(context.Background())
	s, err := server.Listen(ctx, server.Options{Addr: "127.0.0.1:0", LoopbackOnly: true})
	if err != nil {
		panic(err)
	}
	app, err := server.NewDev(server.DevOptions{})
	if err != nil {
		panic(err)
	}
	done := make(chan error)
	go func() { done <- s.Serve(ctx, app) }()

	resp, err := http.Get(s.URL())
	if err != nil {
		panic(err)
	}
	page, err := io.ReadAll(resp.Body)
	if err != nil {
		panic(err)
	}
	resp.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	fmt.Println(resp.Status, len(page) > 0)

	stop()
	fmt.Println(<-done)
	// Output:
	// 200 OK true
	// <nil>
}
