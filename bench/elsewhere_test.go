package bench_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"time"
)

// stormEnv holds the order of a process that is to be a storm.
const stormEnv = "TIDINGS_BENCH_STORM"

// stormOrder says who comes back.
type stormOrder struct {
	Addr        string
	Subscribers int
	Topics      int
	Cursor      string
}

// stormElsewhere runs a storm in a process of its own, so that the clients do not stand in the run queues of the
// hub, and returns how long it took.
func stormElsewhere(o stormOrder) (time.Duration, error) {
	order, err := json.Marshal(o)
	if err != nil {
		return 0, err
	}
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), stormEnv+"="+string(order))
	cmd.Stderr = os.Stderr
	answer, err := cmd.Output()
	if err != nil {
		return 0, fmt.Errorf("storm: %w", err)
	}
	return time.ParseDuration(string(answer))
}

// beStorm is the main function of the process that is a storm.
func beStorm(order string) error {
	var o stormOrder
	if err := json.Unmarshal([]byte(order), &o); err != nil {
		return err
	}
	var all sync.WaitGroup
	errs := make([]error, o.Subscribers)
	began := time.Now()
	for i := range o.Subscribers {
		all.Go(func() {
			s, err := dialSubscriber(o.Addr, stormTopic(i, o.Topics), o.Cursor)
			if err == nil {
				err = s.await(missed)
				s.close()
			}
			errs[i] = err
		})
	}
	all.Wait()
	took := time.Since(began)
	fmt.Print(took)
	return errors.Join(errs...)
}
