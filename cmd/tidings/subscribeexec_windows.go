package main

import (
	"os/exec"
	"syscall"
)

// shell returns a command for the shell, which gets it as it is: its rules for quotes are its own.
func shell(command string) *exec.Cmd {
	cmd := exec.Command("cmd")
	cmd.SysProcAttr = &syscall.SysProcAttr{CmdLine: "cmd /d /s /c \"" + command + "\""}
	return cmd
}

// interrupt does nothing: the system has no way to ask. The command has as long to end as elsewhere.
func interrupt(*exec.Cmd) error { return nil }

// kill ends the shell, and what it waits for with it.
func kill(cmd *exec.Cmd) error { return cmd.Process.Kill() }
