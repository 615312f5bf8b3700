// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"flag"
	"time"
)

// mesh: everyone publishes, at a rate, and everyone else gets it.
func mesh(args []string) error {
	flags := flag.NewFlagSet("mesh", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "bench", "")
	count := flags.Int("members", 30, "")
	size := flags.Int("size", 64, "bytes a message")
	rate := flags.Float64("rate", 20, "messages a second of each")
	settle := flags.Duration("settle", 0, "between the joins and the traffic")
	length := flags.Duration("window", 3*time.Second, "")
	_ = flags.Parse(args)

	g, w := &group{}, &window{}
	for i := 0; i < *count; i++ {
		g.receivers = append(g.receivers, &receiver{sample: 1, publishers: make([]uint64, *count)})
	}
	begun := time.Now()
	members, err := enterAll(*server, *room, channelSpec{Label: "load", Ordered: true}, g.receivers, &w.measuring)
	if err != nil {
		return err
	}
	report(map[string]interface{}{"event": "joined", "members": *count, "seconds": time.Since(begun).Seconds()})
	time.Sleep(*settle)

	stop := make(chan struct{})
	type ending struct {
		sent uint64
		err  error
	}
	endings := make(chan ending, *count)
	for i, m := range members {
		p := &publisher{member: m, size: *size, rate: *rate, index: uint64(i),
			shift: time.Duration(float64(i) / float64(*count) / *rate * float64(time.Second))}
		go func() {
			sent, err := p.run(stop)
			endings <- ending{sent, err}
		}()
	}
	w.pass(g, *length)
	close(stop)
	var sent uint64
	for range members {
		e := <-endings
		if e.err != nil {
			return e.err
		}
		sent += e.sent
	}
	complete := g.drainTotal(sent * uint64(*count-1))
	report(w.result(g, sent, complete))
	awaitInputEnd()
	leaveAll(members)
	return nil
}
