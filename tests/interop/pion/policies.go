// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"errors"
	"flag"
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
)

// When so much waits in a publisher, it waits itself.
const bufferHigh = 256 * 1024

// What a reader saw; the latencies since they were last asked for.
type timedReceiver struct {
	lock      sync.Mutex
	latencies []int64
	count     uint64 // atomic
	last      int64  // the sequence of the newest one; -1: none
	lost      uint64 // gaps
	disorder  uint64 // older than one before
	pause     time.Duration
}

func (r *timedReceiver) run(raw datachannel.ReadWriteCloser) {
	buffer := make([]byte, maxMessage)
	for {
		n, _, err := raw.(*datachannel.DataChannel).ReadDataChannel(buffer)
		if err != nil {
			return
		}
		if n < headerSize {
			continue
		}
		now := time.Now().UnixNano()
		sequence := int64(binary.BigEndian.Uint64(buffer))
		r.lock.Lock()
		r.latencies = append(r.latencies, now-int64(binary.BigEndian.Uint64(buffer[8:])))
		if sequence <= r.last {
			r.disorder++
		} else {
			r.lost += uint64(sequence - r.last - 1)
			r.last = sequence
		}
		r.lock.Unlock()
		atomic.AddUint64(&r.count, 1)
		if r.pause > 0 {
			time.Sleep(r.pause)
		}
	}
}

func (r *timedReceiver) take() (latencies []int64) {
	r.lock.Lock()
	defer r.lock.Unlock()
	latencies, r.latencies = r.latencies, nil
	return
}

func (r *timedReceiver) newest() int64 {
	r.lock.Lock()
	defer r.lock.Unlock()
	return r.last
}

// A room with a publisher, members that read, and perhaps one that does not.
type policyRoom struct {
	name      string
	publisher *member
	readers   []*member
	reads     []*timedReceiver
	slow      *member // nil: nobody
	sent      uint64
	longest   time.Duration // in which the relay took next to nothing of the publisher's
	paused    time.Duration // all of those longer than 200 ms
	reason    string        // why the slow one left; read behind gone
	left      time.Time
	gone      chan struct{}
}

func newPolicyRoom(server, name string, n int, stops *channelSpec) (*policyRoom, error) {
	r := &policyRoom{name: name, gone: make(chan struct{})}
	for i := 0; i < n; i++ {
		m, err := enter(server, name, fmt.Sprintf("reader-%d", i), nil, nil)
		if err != nil {
			return nil, err
		}
		reads := &timedReceiver{last: -1}
		go reads.run(m.raw)
		r.readers = append(r.readers, m)
		r.reads = append(r.reads, reads)
	}
	var err error
	if stops != nil {
		if r.slow, err = enterBy(server, name, "slow", *stops, nil, nil); err != nil {
			return nil, err
		}
		go func() {
			r.reason = <-r.slow.left
			r.left = time.Now()
			close(r.gone)
		}()
	}
	r.publisher, err = enter(server, name, "publisher", nil, nil)
	return r, err
}

func (r *policyRoom) write(buffer []byte) error {
	binary.BigEndian.PutUint64(buffer, r.sent)
	binary.BigEndian.PutUint64(buffer[8:], uint64(time.Now().UnixNano()))
	r.sent++
	_, err := r.publisher.raw.Write(buffer)
	return err
}

// As fast as it goes, until that is so. A closed window is still probed with a packet at a time
// (RFC 9260 section 6.1 A): a pause is a stretch in which less than 64 KiB were taken.
func (r *policyRoom) flood(size int, done func() bool) error {
	buffer := make([]byte, size)
	since, taken := time.Now(), accepted(r.sent*uint64(size), r.publisher)
	for !done() {
		if err := r.write(buffer); err != nil {
			return err
		}
		for first := true; first || (r.publisher.channel.BufferedAmount() > bufferHigh && !done()); first = false {
			if !first {
				time.Sleep(time.Millisecond)
			}
			now := accepted(r.sent*uint64(size), r.publisher)
			if now < taken+65536 {
				continue
			}
			r.pause(time.Since(since))
			since, taken = time.Now(), now
		}
	}
	r.pause(time.Since(since))
	return nil
}

func (r *policyRoom) pause(length time.Duration) {
	if length > r.longest {
		r.longest = length
	}
	if length > 200*time.Millisecond {
		r.paused += length
	}
}

// Every reader has everything.
func (r *policyRoom) drained() bool {
	for _, reads := range r.reads {
		if atomic.LoadUint64(&reads.count) < r.sent {
			return false
		}
	}
	return true
}

func (r *policyRoom) drain() error {
	begun := time.Now()
	for !r.drained() {
		if time.Since(begun) > 40*time.Second {
			return fmt.Errorf("room %s: not everything arrived in 40 s", r.name)
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}

func (r *policyRoom) takeLatencies() (all []int64) {
	for _, reads := range r.reads {
		all = append(all, reads.take()...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return
}

func each(rooms []*policyRoom, do func(r *policyRoom) error) error {
	errs := make(chan error, len(rooms))
	for _, r := range rooms {
		go func(r *policyRoom) { errs <- do(r) }(r)
	}
	var first error
	for range rooms {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	return first
}

// The same rate in all rooms, each message right behind the other rooms', so that whatever else the
// machine does meets all of them alike.
func paced(rooms []*policyRoom, size, count int, rate float64) error {
	buffer := make([]byte, size)
	begun := time.Now()
	for i := 0; i < count; i++ {
		for j := range rooms {
			slot := float64(i) + float64(j)/float64(len(rooms))
			time.Sleep(time.Until(begun.Add(time.Duration(slot / rate * float64(time.Second)))))
			// not always the same one behind another
			if err := rooms[(i+j)%len(rooms)].write(buffer); err != nil {
				return err
			}
		}
	}
	return nil
}

// policies: rooms named for the policy that lossy channels there are configured with, and one named
// none; in each but that one a member stops reading, whose channel counts as lossy though SCTP loses
// nothing on it. The others' are reliable. Their publishers first send until everything is full, then
// paced ones all at once, in windows, then as fast as it goes, in turn. At the end those who are
// still there read again. Reports what the others saw.
func policies(args []string) error {
	flags := flag.NewFlagSet("policies", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	names := flags.String("rooms", "block,drop-oldest,drop-newest,latest,disconnect", "")
	others := flags.Int("others", 8, "members that read")
	size := flags.Int("size", 1024, "bytes a message")
	rate := flags.Float64("rate", 100, "messages a second in each room")
	windows := flags.Int("windows", 8, "")
	count := flags.Int("count", 100, "messages of a window")
	rounds := flags.Int("rounds", 3, "of full speed")
	burst := flags.Duration("burst", 100*time.Millisecond, "of full speed")
	full := flags.Uint64("full", 4000000, "bytes that fill all there is to fill")
	_ = flags.Parse(args)

	var rooms []*policyRoom
	retransmits := uint16(65535)
	lossy := &channelSpec{Label: "load", Ordered: true, MaxRetransmits: &retransmits}
	for _, name := range append(strings.Split(*names, ","), "none") {
		stops := lossy
		if name == "none" {
			stops = nil
		}
		r, err := newPolicyRoom(*server, name, *others, stops)
		if err != nil {
			return err
		}
		rooms = append(rooms, r)
	}
	report(map[string]interface{}{"event": "joined"})

	err := each(rooms, func(r *policyRoom) error {
		begun, stop := time.Now(), r.sent+*full/uint64(*size)
		if err := r.flood(*size, func() bool { return r.sent >= stop }); err != nil {
			return err
		}
		if err := r.drain(); err != nil {
			return err
		}
		filled := map[string]interface{}{"event": "filled", "room": r.name, "sent": r.sent, "reason": "",
			"longest": r.longest.Seconds()}
		if r.name == "block" || r.name == "disconnect" {
			select {
			case <-r.gone:
				filled["reason"], filled["left_at"] = r.reason, r.left.Sub(begun).Seconds()
			case <-time.After(20 * time.Second):
			}
		}
		report(filled)
		return nil
	})
	if err != nil {
		return err
	}

	for window := 0; window < *windows; window++ {
		for _, r := range rooms {
			r.takeLatencies()
		}
		before := make([]uint64, len(rooms))
		for i, r := range rooms {
			for _, reads := range r.reads {
				before[i] += atomic.LoadUint64(&reads.count)
			}
		}
		begun := time.Now()
		if err = paced(rooms, *size, *count, *rate); err != nil {
			return err
		}
		elapsed := time.Since(begun).Seconds()
		for i, r := range rooms {
			var now uint64
			for _, reads := range r.reads {
				now += atomic.LoadUint64(&reads.count)
			}
			latencies := r.takeLatencies()
			report(map[string]interface{}{"event": "window", "room": r.name, "window": window,
				"rate": float64(now-before[i]) / elapsed / float64(*others),
				"p50":  percentile(latencies, 0.5), "p99": percentile(latencies, 0.99)})
		}
	}

	for round := 0; round < *rounds; round++ {
		for i := range rooms {
			r := rooms[(round+i)%len(rooms)]
			report(map[string]interface{}{"event": "burst", "room": r.name, "round": round})
			first, begun := r.sent, time.Now()
			if err = r.flood(*size, func() bool { return time.Since(begun) > *burst }); err != nil {
				return err
			}
			if err = r.drain(); err != nil {
				return err
			}
			report(map[string]interface{}{"event": "burst-end", "room": r.name, "round": round,
				"deliveries": (r.sent - first) * uint64(*others), "rate": float64(r.sent-first) / time.Since(begun).Seconds()})
		}
	}

	if err = each(rooms, func(r *policyRoom) error { return readAgain(r, *size) }); err != nil {
		return err
	}
	for _, r := range rooms {
		for _, m := range append(r.readers, r.publisher) {
			m.close()
		}
		if r.slow != nil {
			_ = r.slow.pc.Close()
		}
	}
	return nil
}

// The one that stopped, if it is still there; messages are published until one gets through to it.
func readAgain(r *policyRoom, size int) error {
	result := map[string]interface{}{"event": "result", "room": r.name}
	if r.slow != nil && r.name != "block" && r.name != "disconnect" {
		select {
		case <-r.gone:
			return fmt.Errorf("room %s: the slow one left: %s", r.name, r.reason)
		default:
		}
		reads := &timedReceiver{last: -1}
		go reads.run(r.slow.raw)
		buffer := make([]byte, size)
		begun, target := time.Now(), int64(r.sent)
		for reads.newest() < target {
			if time.Since(begun) > 20*time.Second {
				return fmt.Errorf("room %s: the slow one got nothing in 20 s", r.name)
			}
			if err := r.write(buffer); err != nil {
				return err
			}
			time.Sleep(20 * time.Millisecond)
		}
		for reads.newest() < int64(r.sent)-1 {
			if time.Since(begun) > 40*time.Second {
				return fmt.Errorf("room %s: the slow one did not get the last one", r.name)
			}
			time.Sleep(time.Millisecond)
		}
		result["slow_received"] = atomic.LoadUint64(&reads.count)
		result["slow_lost"] = reads.lost
		result["slow_disorder"] = reads.disorder
	}
	if err := r.drain(); err != nil {
		return err
	}
	var lost, disorder uint64
	for _, reads := range r.reads {
		lost += reads.lost
		disorder += reads.disorder
	}
	result["sent"], result["lost"], result["disorder"] = r.sent, lost, disorder
	report(result)
	return nil
}

// crawl: one member of a room reads a message a second. Reports what its publisher waited until it
// left, and whether it may come straight back.
func crawl(args []string) error {
	flags := flag.NewFlagSet("crawl", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "crawl", "")
	size := flags.Int("size", 16384, "bytes a message")
	limit := flags.Duration("limit", 20*time.Second, "")
	_ = flags.Parse(args)

	r, err := newPolicyRoom(*server, *room, 2, &channelSpec{Label: "load", Ordered: true})
	if err != nil {
		return err
	}
	reads := &timedReceiver{last: -1, pause: time.Second}
	go reads.run(r.slow.raw)
	begun := time.Now()
	err = r.flood(*size, func() bool {
		select {
		case <-r.gone:
			return true
		default:
			return time.Since(begun) > *limit
		}
	})
	if err == nil {
		err = r.drain()
	}
	if err != nil {
		return err
	}
	result := map[string]interface{}{"event": "result", "reason": "", "longest": r.longest.Seconds(),
		"paused": r.paused.Seconds(), "read": atomic.LoadUint64(&reads.count)}
	select {
	case <-r.gone:
		result["reason"], result["left_at"] = r.reason, r.left.Sub(begun).Seconds()
	default:
	}
	_, back := dial(*server, *room, "slow", false, nil)
	if back == nil {
		back = errors.New("")
	}
	result["back"] = back.Error()
	report(result)
	for _, m := range append(r.readers, r.publisher) {
		m.close()
	}
	_ = r.slow.pc.Close()
	return nil
}
