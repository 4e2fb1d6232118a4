package client

import "time"

// Retry returns the reconnection time that the server has asked for.
func (s *Source) Retry() (time.Duration, bool) { return s.retry, s.retrySet }
