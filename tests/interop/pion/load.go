// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"os"
	"sort"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

// Every message of the load: sequence, time of sending, filling, and the first 8 bytes of the
// SHA-256 of what is before them.
const headerSize = 16
const hashSize = 8

type receiver struct {
	next      uint64 // atomic: the number after the last one's
	count     uint64 // atomic
	damaged   uint64
	disorder  uint64
	latencies []int64 // of every 16th message within the window
}

func fill(buffer []byte, sequence uint64) {
	binary.BigEndian.PutUint64(buffer, sequence)
	binary.BigEndian.PutUint64(buffer[8:], uint64(time.Now().UnixNano()))
	sum := sha256.Sum256(buffer[:headerSize])
	copy(buffer[len(buffer)-hashSize:], sum[:hashSize])
}

func (r *receiver) run(raw datachannel.ReadWriteCloser, measuring *int32) {
	buffer := make([]byte, maxMessage)
	for {
		n, _, err := raw.(*datachannel.DataChannel).ReadDataChannel(buffer)
		if err != nil {
			return
		}
		if n < headerSize+hashSize {
			r.damaged++
			continue
		}
		sum := sha256.Sum256(buffer[:headerSize])
		sequence := binary.BigEndian.Uint64(buffer)
		if string(sum[:hashSize]) != string(buffer[n-hashSize:n]) {
			r.damaged++
		}
		if sequence != r.next {
			r.disorder++
		}
		atomic.StoreUint64(&r.next, sequence+1)
		if sequence%16 == 0 && atomic.LoadInt32(measuring) == 1 {
			r.latencies = append(r.latencies, time.Now().UnixNano()-int64(binary.BigEndian.Uint64(buffer[8:])))
		}
		atomic.AddUint64(&r.count, 1)
	}
}

type group struct {
	receivers []*receiver
	clients   []*client
	sender    *client
	channel   *webrtc.DataChannel
	raw       datachannel.ReadWriteCloser
}

// joinAll brings n receivers, with channels of their own on the topic, and one sender into a room.
func joinAll(server, room string, n int, measuring *int32) (*group, error) {
	g := &group{}
	ready := make(chan error, n+1)
	for i := 0; i <= n; i++ {
		c, err := dial(server, room, fmt.Sprintf("load-%d", i), false, nil)
		if err != nil {
			return nil, err
		}
		g.clients = append(g.clients, c)
		var r *receiver
		if i < n {
			r = &receiver{}
			g.receivers = append(g.receivers, r)
		} else {
			g.sender = c
		}
		err = c.open(channelSpec{Label: "load", Ordered: true}, func(raw datachannel.ReadWriteCloser, dc *webrtc.DataChannel) {
			if r != nil {
				go r.run(raw, measuring)
			} else {
				g.raw, g.channel = raw, dc
			}
			ready <- nil
		})
		if err == nil {
			err = c.connect()
		}
		if err != nil {
			return nil, err
		}
		select {
		case err = <-ready:
		case err = <-c.failed:
		case <-time.After(20 * time.Second):
			err = errors.New("a member did not connect in 20 s")
		}
		if err != nil {
			return nil, err
		}
	}
	return g, nil
}

func (g *group) total() (sum uint64) {
	for _, r := range g.receivers {
		sum += atomic.LoadUint64(&r.count)
	}
	return
}

// publish sends until stop is closed: as fast as buffered data drains, or rate messages a second.
func (g *group) publish(size int, rate float64, stop chan struct{}) (uint64, error) {
	buffer := make([]byte, size)
	low := make(chan struct{}, 1)
	const high = 512 * 1024
	g.channel.SetBufferedAmountLowThreshold(high / 2)
	g.channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	start := time.Now()
	for sequence := uint64(0); ; sequence++ {
		select {
		case <-stop:
			return sequence, nil
		default:
		}
		if rate > 0 {
			due := start.Add(time.Duration(float64(sequence) / rate * float64(time.Second)))
			time.Sleep(time.Until(due))
		}
		for g.channel.BufferedAmount() > high {
			select {
			case <-low:
			case <-stop:
				return sequence, nil
			case <-time.After(100 * time.Millisecond):
			}
		}
		fill(buffer, sequence)
		if _, err := g.raw.Write(buffer); err != nil {
			return sequence, fmt.Errorf("sending message %d: %w", sequence, err)
		}
	}
}

// drain waits until every receiver has all that was sent, or nothing came for 5 s.
func (g *group) drain(sent uint64) bool {
	last, since := g.total(), time.Now()
	for {
		now := g.total()
		if now >= sent*uint64(len(g.receivers)) {
			return true
		}
		if now != last {
			last, since = now, time.Now()
		} else if time.Since(since) > 40*time.Second {
			return false
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func percentile(sorted []int64, p float64) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[int(p*float64(len(sorted)-1))]) / 1000
}

// load: one publisher, n receivers. The parent is told "start" and "stop" of the measured window,
// with the deliveries counted so far, so that it can read the daemon's CPU time at both.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "bench", "")
	receivers := flags.Int("receivers", 10, "")
	size := flags.Int("size", 64, "bytes a message")
	rate := flags.Float64("rate", 0, "messages a second; 0: as fast as it goes")
	warm := flags.Duration("warm", time.Second, "")
	window := flags.Duration("window", 3*time.Second, "")
	_ = flags.Parse(args)

	var measuring int32
	begun := time.Now()
	g, err := joinAll(*server, *room, *receivers, &measuring)
	if err != nil {
		return err
	}
	report(map[string]interface{}{"event": "joined", "members": len(g.clients), "seconds": time.Since(begun).Seconds()})

	stop := make(chan struct{})
	type result struct {
		sent uint64
		err  error
	}
	done := make(chan result, 1)
	go func() {
		sent, err := g.publish(*size, *rate, stop)
		done <- result{sent, err}
	}()
	time.Sleep(*warm)
	atomic.StoreInt32(&measuring, 1)
	first, t0 := g.total(), time.Now()
	report(map[string]interface{}{"event": "start", "delivered": first})
	time.Sleep(*window)
	last, elapsed := g.total(), time.Since(t0)
	atomic.StoreInt32(&measuring, 0)
	report(map[string]interface{}{"event": "stop", "delivered": last, "seconds": elapsed.Seconds()})
	close(stop)
	r := <-done
	if r.err != nil {
		return r.err
	}
	complete := g.drain(r.sent)

	var latencies []int64
	var damaged, disorder uint64
	for _, receiver := range g.receivers {
		damaged += receiver.damaged
		disorder += receiver.disorder
		latencies = append(latencies, receiver.latencies...)
	}
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	report(map[string]interface{}{"event": "result", "sent": r.sent, "delivered": g.total(),
		"complete": complete, "damaged": damaged, "disorder": disorder,
		"latency_p50_us": percentile(latencies, 0.5), "latency_p99_us": percentile(latencies, 0.99)})
	for _, c := range g.clients {
		c.close()
	}
	return nil
}

// idle: n members join and stay, each in a room of ten, until standard input ends.
func idle(args []string) error {
	flags := flag.NewFlagSet("idle", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	members := flags.Int("members", 100, "")
	_ = flags.Parse(args)

	var measuring int32
	var groups []*group
	begun := time.Now()
	for joined := 0; joined < *members; {
		n := 10
		if *members-joined < n {
			n = *members - joined
		}
		g, err := joinAll(*server, fmt.Sprintf("idle-%d", joined), n-1, &measuring)
		if err != nil {
			return err
		}
		groups = append(groups, g)
		joined += n
	}
	report(map[string]interface{}{"event": "joined", "members": *members, "seconds": time.Since(begun).Seconds()})
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	for _, g := range groups {
		for _, c := range g.clients {
			c.close()
		}
	}
	return nil
}
