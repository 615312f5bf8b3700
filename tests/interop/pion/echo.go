// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"flag"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
)

// mirror sends back whatever comes, as it came.
func (m *member) mirror(count *uint64) {
	buffer := make([]byte, maxMessage)
	for {
		n, _, err := m.raw.(*datachannel.DataChannel).ReadDataChannel(buffer)
		if err != nil {
			return
		}
		atomic.AddUint64(count, 1)
		if _, err = m.raw.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// exchange keeps so many messages in flight until stop is closed, and then takes what is still out.
func (m *member) exchange(size, inFlight int, measuring *int32, stop chan struct{}) (sent uint64, err error) {
	buffer := make([]byte, maxMessage)
	message := make([]byte, size)
	send := func() error {
		fill(message, sent)
		_, err := m.raw.Write(message)
		sent++
		return err
	}
	for i := 0; i < inFlight; i++ {
		if err = send(); err != nil {
			return sent, err
		}
	}
	for out := inFlight; out > 0; {
		n, _, err := m.raw.(*datachannel.DataChannel).ReadDataChannel(buffer)
		if err != nil {
			return sent, fmt.Errorf("waiting for an echo: %w", err)
		}
		m.reads.take(buffer[:n], atomic.LoadInt32(measuring) == 1)
		select {
		case <-stop:
			out--
		default:
			if err = send(); err != nil {
				return sent, err
			}
		}
	}
	return sent, nil
}

// echo: a pair of which one sends back what the other sends: each round trip is two messages through
// the relay.
func echo(args []string) error {
	flags := flag.NewFlagSet("echo", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "bench", "")
	size := flags.Int("size", 16384, "bytes a message")
	inFlight := flags.Int("in-flight", 16, "messages")
	settle := flags.Duration("settle", 0, "between the joins and the traffic")
	length := flags.Duration("window", 3*time.Second, "")
	_ = flags.Parse(args)

	w := &window{}
	begun := time.Now()
	members, err := enterAll(*server, *room, channelSpec{Label: "load", Ordered: true}, make([]*receiver, 2), &w.measuring)
	if err != nil {
		return err
	}
	report(map[string]interface{}{"event": "joined", "members": 2, "seconds": time.Since(begun).Seconds()})
	time.Sleep(*settle)
	asks, mirrors := members[0], members[1]
	asks.reads = &receiver{sample: 1}
	back := &receiver{} // counts the way there
	g := &group{receivers: []*receiver{asks.reads, back}}
	go mirrors.mirror(&back.count)
	stop := make(chan struct{})
	failed := make(chan error, 1)
	var sent uint64
	go func() {
		var err error
		sent, err = asks.exchange(*size, *inFlight, &w.measuring, stop)
		failed <- err
	}()
	w.pass(g, *length)
	g.receivers = g.receivers[:1]
	close(stop)
	select {
	case err = <-failed:
	case <-time.After(40 * time.Second):
		err = fmt.Errorf("echoes are missing")
	}
	if err != nil {
		return err
	}
	report(w.result(g, sent, atomic.LoadUint64(&asks.reads.count) == sent))
	awaitInputEnd()
	leaveAll(members)
	return nil
}
