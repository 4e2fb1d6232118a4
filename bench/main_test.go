package bench_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/tidings-hub/tidings/internal/leaktest"
)

func TestMain(m *testing.M) {
	if order := os.Getenv(stormEnv); order != "" {
		if err := beStorm(order); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if addr := os.Getenv(liveEnv); addr != "" {
		if err := beLive(addr); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	leaktest.Main(m)
}
