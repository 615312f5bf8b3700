// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// awaitInputEnd: whoever measures may still look at this process and the daemon's members.
func awaitInputEnd() {
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func awaitInputLine() {
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
}

// crowd: members join, several at a time, each with a channel in a room of ten, and stay, saying
// nothing, until standard input ends. Who is not let in, or does not connect, is refused.
func crowd(args []string) error {
	flags := flag.NewFlagSet("crowd", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	count := flags.Int("members", 100, "")
	atOnce := flags.Int("at-once", 16, "joins that go on at one time")
	_ = flags.Parse(args)

	var measuring int32
	type ending struct {
		m   *member
		err error
	}
	endings := make(chan ending, *count)
	places := make(chan struct{}, *atOnce)
	begun := time.Now()
	for i := 0; i < *count; i++ {
		places <- struct{}{}
		go func(i int) {
			m, err := enterBy(*server, fmt.Sprintf("crowd-%d", i/10), fmt.Sprintf("crowd-%d", i),
				channelSpec{Label: "load", Ordered: true}, &receiver{}, &measuring)
			<-places
			endings <- ending{m, err}
		}(i)
	}
	var members []*member
	why := ""
	for i := 0; i < *count; i++ {
		if e := <-endings; e.err == nil {
			members = append(members, e.m)
		} else {
			why = e.err.Error()
		}
	}
	report(map[string]interface{}{"event": "joined", "members": len(members), "refused": *count - len(members),
		"why": why, "seconds": time.Since(begun).Seconds()})
	awaitInputLine()
	lost := 0
	for _, m := range members {
		select {
		case err := <-m.failed:
			lost++
			why = err.Error()
		default:
		}
	}
	report(map[string]interface{}{"event": "result", "lost": lost, "why": why})
	leaveAll(members)
	return nil
}
