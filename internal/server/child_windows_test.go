package server_test

import "errors"

// lowerDescriptors fails: the system has no limit of descriptors.
func lowerDescriptors() error { return errors.ErrUnsupported }
