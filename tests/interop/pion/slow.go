// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"errors"
	"flag"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

// A member with one channel on the topic; reads only if it has a receiver.
type member struct {
	*client
	raw     datachannel.ReadWriteCloser
	channel *webrtc.DataChannel
	reads   *receiver
}

func enter(server, room, name string, reads *receiver, measuring *int32) (*member, error) {
	return enterBy(server, room, name, channelSpec{Label: "load", Ordered: true}, reads, measuring)
}

func enterBy(server, room, name string, spec channelSpec, reads *receiver, measuring *int32) (*member, error) {
	c, err := dial(server, room, name, false, nil)
	if err != nil {
		return nil, err
	}
	m := &member{client: c, reads: reads}
	ready := make(chan struct{})
	err = c.open(spec, func(raw datachannel.ReadWriteCloser, dc *webrtc.DataChannel) {
		m.raw, m.channel = raw, dc
		if reads == nil {
			close(ready)
			return
		}
		// Detached channels are opened before they are acknowledged: the relay subscribes first.
		raw.(*datachannel.DataChannel).OnOpen(func() { close(ready) })
		go reads.run(raw, measuring)
	})
	if err == nil {
		err = c.connect()
	}
	if err != nil {
		return nil, err
	}
	select {
	case <-ready:
		return m, nil
	case err = <-c.failed:
		return nil, err
	case <-time.After(20 * time.Second):
		return nil, errors.New("did not connect in 20 s")
	}
}

// accepted: bytes of the publisher's that the relay acknowledged.
func accepted(sent uint64, m *member) uint64 {
	return sent - m.channel.BufferedAmount()
}

// slow: one publisher, some readers, and one member that stops reading but lives on: its window
// closes, STUN is answered. Reports every 100 ms what the publisher got acknowledged, and at the end
// when and why the slow member left and what the readers have.
func slow(args []string) error {
	flags := flag.NewFlagSet("slow", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "slow", "")
	others := flags.Int("others", 2, "members that read")
	total := flags.Uint64("bytes", 500000000, "what the publisher sends")
	size := flags.Int("size", 16384, "bytes a message")
	_ = flags.Parse(args)

	var measuring int32
	var readers []*member
	for i := 0; i < *others; i++ {
		m, err := enter(*server, *room, fmt.Sprintf("reader-%d", i), &receiver{}, &measuring)
		if err != nil {
			return err
		}
		readers = append(readers, m)
	}
	idle, err := enter(*server, *room, "slow", nil, &measuring)
	if err != nil {
		return err
	}
	publisher, err := enter(*server, *room, "publisher", &receiver{}, &measuring)
	if err != nil {
		return err
	}
	g := &group{sender: publisher.client, channel: publisher.channel, raw: publisher.raw}
	for _, m := range readers {
		g.receivers = append(g.receivers, m.reads)
	}
	report(map[string]interface{}{"event": "joined"})

	var sent uint64
	begun := time.Now()
	finished := make(chan error, 1)
	count := *total / uint64(*size)
	go func() { finished <- g.publishCount(*size, count, &sent) }()

	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	reason, leftAt := "", -1.0
	for sending := true; sending; {
		select {
		case err = <-finished:
			sending = false
			if err != nil {
				return err
			}
		case reason = <-idle.left:
			leftAt = time.Since(begun).Seconds()
		case <-tick.C:
			report(map[string]interface{}{"event": "progress", "seconds": time.Since(begun).Seconds(),
				"accepted": accepted(atomic.LoadUint64(&sent), publisher), "left": reason})
		}
	}
	complete := g.drain(count)
	var damaged, disorder uint64
	for _, m := range readers {
		damaged += m.reads.damaged
		disorder += m.reads.disorder
	}
	report(map[string]interface{}{"event": "result", "complete": complete, "reason": reason, "left_at": leftAt,
		"messages": count, "damaged": damaged, "disorder": disorder, "seconds": time.Since(begun).Seconds()})
	for _, m := range append(readers, publisher) {
		m.close()
	}
	_ = idle.pc.Close()
	return nil
}

// publishCount sends count messages as fast as buffered data drains; sent is kept up to date.
func (g *group) publishCount(size int, count uint64, sent *uint64) error {
	buffer := make([]byte, size)
	for sequence := uint64(0); sequence < count; sequence++ {
		for g.channel.BufferedAmount() > 512*1024 {
			time.Sleep(time.Millisecond)
		}
		fill(buffer, sequence)
		atomic.AddUint64(sent, uint64(size))
		if _, err := g.raw.Write(buffer); err != nil {
			return fmt.Errorf("sending message %d: %w", sequence, err)
		}
	}
	return nil
}

// cycle: two members that both publish and never read. One of them has to leave.
func cycle(args []string) error {
	flags := flag.NewFlagSet("cycle", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "cycle", "")
	_ = flags.Parse(args)

	var members [2]*member
	var sent [2]uint64
	var err error
	for i := range members {
		if members[i], err = enter(*server, *room, fmt.Sprintf("cycle-%d", i), nil, nil); err != nil {
			return err
		}
	}
	report(map[string]interface{}{"event": "joined"})
	begun := time.Now()
	for i := range members {
		g := &group{channel: members[i].channel, raw: members[i].raw}
		go func(i int) { _ = g.publishCount(16384, 1<<40, &sent[i]) }(i)
	}
	for {
		select {
		case reason := <-members[0].left:
			return leave(members, begun, 0, reason)
		case reason := <-members[1].left:
			return leave(members, begun, 1, reason)
		case <-time.After(30 * time.Second):
			return errors.New("nobody left in 30 s")
		}
	}
}

func leave(members [2]*member, begun time.Time, who int, reason string) error {
	report(map[string]interface{}{"event": "result", "who": who, "reason": reason,
		"left_at": time.Since(begun).Seconds()})
	for _, m := range members {
		_ = m.pc.Close()
		_ = m.ws.Close()
	}
	return nil
}

// abort: a publisher sends and ends its connection at once; what had been acknowledged by then has
// to reach the reader.
func abort(args []string) error {
	flags := flag.NewFlagSet("abort", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "abort", "")
	size := flags.Int("size", 16384, "bytes a message")
	total := flags.Int("bytes", 1000000, "")
	_ = flags.Parse(args)

	var measuring int32
	reader, err := enter(*server, *room, "reader", &receiver{}, &measuring)
	if err != nil {
		return err
	}
	publisher, err := enter(*server, *room, "publisher", nil, &measuring)
	if err != nil {
		return err
	}
	gone := make(chan struct{})
	reader.events = func(f frame) {
		if f.Type == "member-left" && f.Peer == publisher.id {
			close(gone)
		}
	}
	count := *total / *size
	buffer := make([]byte, *size)
	for i := 0; i < count; i++ {
		fill(buffer, uint64(i))
		if _, err = publisher.raw.Write(buffer); err != nil {
			return err
		}
	}
	// in the middle: a part is acknowledged, a part is on its way, a part not even sent
	for publisher.channel.BufferedAmount() > uint64(count**size)/2 {
		time.Sleep(50 * time.Microsecond)
	}
	acknowledged := uint64(count**size) - publisher.channel.BufferedAmount()
	_ = publisher.pc.Close()
	_ = publisher.ws.Close()
	select {
	case <-gone:
	case <-time.After(30 * time.Second):
		return errors.New("the publisher's end was not seen in 30 s")
	}
	(&group{receivers: []*receiver{reader.reads}}).drain(acknowledged / uint64(*size))
	report(map[string]interface{}{"event": "result", "acknowledged": acknowledged / uint64(*size), "sent": count,
		"received": atomic.LoadUint64(&reader.reads.count), "damaged": reader.reads.damaged, "disorder": reader.reads.disorder})
	reader.close()
	return nil
}
