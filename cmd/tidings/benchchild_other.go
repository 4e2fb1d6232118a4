//go:build !linux

package main

import "syscall"

// childAttributes are the usual ones: a child ends when it is told to.
func childAttributes() *syscall.SysProcAttr { return nil }
