package load_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/tidings-hub/tidings/internal/load"
)

// Ten subscribers, and twenty updates, each published when everybody has the one before.
func ExampleRun() {
	server := httptest.NewServer(load.NewBaseline())
	defer server.Close()
	result, err := load.Run(context.Background(), load.Options{
		URL: server.URL, SubscribeQuery: "topic={topic}", Subscribers: 10, Rate: 0, Count: 20,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(result.OK, result.Published, result.Delivered, result.Lost)
	// Output: true 20 200 0
}
