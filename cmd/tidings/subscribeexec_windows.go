package main

import (
	"os/exec"
	"strconv"
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

// running returns false: what a process has left behind cannot be found.
func running(*exec.Cmd) bool { return false }

// kill ends them. The system ends what a process has started only if it is asked to, and has no call for that.
func kill(cmd *exec.Cmd) error {
	if exec.Command("taskkill", "/t", "/f", "/pid", strconv.Itoa(cmd.Process.Pid)).Run() == nil {
		return nil
	}
	return cmd.Process.Kill()
}
