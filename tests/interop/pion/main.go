// SPDX-License-Identifier: LGPL-2.1-or-later

// wherry-pion: members of rooms on pion, for the tests and the benchmark. Each subcommand reports
// JSON lines on standard output and reads commands, one a line, from standard input.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// The library's, as its package says.
var version = "unknown"

var (
	outLock sync.Mutex
	out     = json.NewEncoder(os.Stdout)
)

func report(v interface{}) {
	outLock.Lock()
	defer outLock.Unlock()
	_ = out.Encode(v)
}

func main() {
	commands := map[string]func([]string) error{"load": load, "bare": bare, "echo": echo, "mesh": mesh, "crowd": crowd, "room": room, "slow": slow, "cycle": cycle, "abort": abort, "stranger": stranger, "abuse": abuse, "direct": direct, "policies": policies, "crawl": crawl, "durable": durable, "resume": resume}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: wherry-pion load|bare|echo|mesh|crowd|room|slow|cycle|abort|stranger|abuse|direct|policies|crawl|durable|resume [options]")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		report(map[string]interface{}{"event": "error", "message": err.Error()})
		fmt.Fprintln(os.Stderr, "wherry-pion:", err)
		os.Exit(1)
	}
}
