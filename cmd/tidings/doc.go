// Command tidings is a hub for Server-Sent Events, and what goes with it.
//
//	tidings demo        three live clocks in a browser
//	tidings serve       the hub
//	tidings publish     publish an update
//	tidings subscribe   print events as they arrive
//	tidings log         look into a log, restore it, erase from it
//	tidings version     what this binary is
//
// Each has --help with its settings, which can be given as variables of the environment too (package config), and
// with examples. Standard output carries what was asked for, standard error everything else; an error is one line
// there, behind "tidings: ". The exit codes are constants in exit.go.
package main
