//go:build !unix

package server

// raiseDescriptors returns 0: the system has no limit of descriptors.
func raiseDescriptors() (int, error) { return 0, nil }
