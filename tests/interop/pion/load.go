// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"flag"
	"fmt"
	"sort"
	"sync/atomic"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

type group struct {
	receivers []*receiver
	clients   []*client
	sender    *client
	channel   *webrtc.DataChannel
	raw       datachannel.ReadWriteCloser
}

func (g *group) total() (sum uint64) {
	for _, r := range g.receivers {
		sum += atomic.LoadUint64(&r.count)
	}
	return
}

// drain waits until every receiver has all that was sent, or nothing came for 40 s.
func (g *group) drain(sent uint64) bool {
	return g.drainTotal(sent * uint64(len(g.receivers)))
}

func (g *group) drainTotal(total uint64) bool {
	return g.drainFor(total, 40*time.Second)
}

func (g *group) drainFor(total uint64, patience time.Duration) bool {
	last, since := g.total(), time.Now()
	for {
		now := g.total()
		if now >= total {
			return true
		}
		if now != last {
			last, since = now, time.Now()
		} else if time.Since(since) > patience {
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

// enterAll brings members into a room, a few at a time; reads: what each one's receiver is.
func enterAll(server, room string, spec channelSpec, reads []*receiver, measuring *int32) ([]*member, error) {
	members := make([]*member, len(reads))
	errs := make(chan error, len(reads))
	places := make(chan struct{}, 16)
	for i := range reads {
		places <- struct{}{}
		go func(i int) {
			var err error
			members[i], err = enterBy(server, room, fmt.Sprintf("load-%d", i), spec, reads[i], measuring)
			<-places
			errs <- err
		}(i)
	}
	for range reads {
		if err := <-errs; err != nil {
			return nil, err
		}
	}
	return members, nil
}

func leaveAll(members []*member) {
	done := make(chan struct{}, len(members))
	for _, m := range members {
		go func(m *member) {
			if m != nil {
				m.close()
			}
			done <- struct{}{}
		}(m)
	}
	for range members {
		<-done
	}
}

// A publisher sends as fast as its buffered data drains, which is as fast as the relay takes it, or
// at a rate.
type publisher struct {
	*member
	size      int
	rate      float64 // messages a second; 0: as fast as it goes
	addressed bool
	index     uint64        // of several
	shift     time.Duration // of its schedule against the others'
}

func (p *publisher) high() uint64 {
	if high := uint64(16 * p.size); high > 64*1024 {
		return high
	}
	return 64 * 1024
}

// run: the number of messages sent until stop was closed.
func (p *publisher) run(stop chan struct{}) (uint64, error) {
	low := make(chan struct{}, 1)
	p.channel.SetBufferedAmountLowThreshold(p.high() / 2)
	p.channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	header := 0
	if p.addressed {
		header = addressSize // to everyone
	}
	buffer := make([]byte, header+p.size)
	start := time.Now().Add(p.shift)
	for n := uint64(0); ; n++ {
		if p.rate > 0 {
			time.Sleep(time.Until(start.Add(time.Duration(float64(n) / p.rate * float64(time.Second)))))
		}
		for p.channel.BufferedAmount() > p.high() {
			select {
			case <-low:
			case <-stop:
				return n, nil
			case <-time.After(100 * time.Millisecond):
			}
		}
		select {
		case <-stop:
			return n, nil
		default:
		}
		if p.addressed {
			binary.BigEndian.PutUint64(buffer[9:], n+1)
		}
		fill(buffer[header:], p.index<<publisherShift|n)
		if _, err := p.raw.Write(buffer); err != nil {
			return n, fmt.Errorf("sending message %d: %w", n, err)
		}
	}
}

// A window in which the figures are taken. The parent is told its start and its stop, with the
// deliveries counted so far, so that it can read the daemon's CPU time at both.
type window struct {
	measuring int32 // atomic
	silences  []int64
}

func (w *window) pass(g *group, length time.Duration) {
	time.Sleep(time.Second) // of traffic: windows grow, buffers fill
	first, t0 := g.total(), time.Now()
	for _, r := range g.receivers {
		r.begin(t0)
	}
	atomic.StoreInt32(&w.measuring, 1)
	report(map[string]interface{}{"event": "start", "delivered": first})
	time.Sleep(length)
	last, t1 := g.total(), time.Now()
	atomic.StoreInt32(&w.measuring, 0)
	for _, r := range g.receivers {
		w.silences = append(w.silences, t1.UnixNano()-atomic.LoadInt64(&r.last))
	}
	report(map[string]interface{}{"event": "stop", "delivered": last, "seconds": t1.Sub(t0).Seconds()})
}

// passWith: the same while one publishes; how many messages that were.
func (w *window) passWith(p *publisher, g *group, length time.Duration) (sent uint64, err error) {
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		sent, err = p.run(stop)
		close(done)
	}()
	w.pass(g, length)
	close(stop)
	<-done
	return sent, err
}

// result: what the receivers saw, once they are done.
func (w *window) result(g *group, sent uint64, complete bool) map[string]interface{} {
	var latencies []int64
	var damaged, disorder, skipped uint64
	var longest int64
	for i, r := range g.receivers {
		damaged += r.damaged
		disorder += r.disorder
		skipped += r.skipped
		latencies = append(latencies, r.latencies...)
		if r.longest > longest {
			longest = r.longest
		}
		if w.silences[i] > longest {
			longest = w.silences[i]
		}
	}
	sort.Slice(latencies, func(i, j int) bool { return latencies[i] < latencies[j] })
	return map[string]interface{}{"event": "result", "sent": sent, "delivered": g.total(),
		"complete": complete, "damaged": damaged, "disorder": disorder, "skipped": skipped,
		"longest_gap_ms": float64(longest) / 1e6, "latencies": len(latencies),
		"latency_p50_us": percentile(latencies, 0.5), "latency_p99_us": percentile(latencies, 0.99)}
}

// load: one publisher, n receivers.
func load(args []string) error {
	flags := flag.NewFlagSet("load", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "bench", "")
	receivers := flags.Int("receivers", 10, "")
	size := flags.Int("size", 64, "bytes a message")
	rate := flags.Float64("rate", 0, "messages a second; 0: as fast as it goes")
	sample := flags.Uint64("sample", 16, "of so many messages one latency is kept")
	addressed := flags.Bool("addressed", false, "framing wherry.1")
	lossy := flags.Bool("lossy", false, "no message is sent twice")
	resting := flags.Int("resting", 0, "receivers that rest before each message")
	rest := flags.Duration("rest", 2*time.Millisecond, "so long")
	settle := flags.Duration("settle", 0, "between the joins and the traffic")
	length := flags.Duration("window", 3*time.Second, "")
	_ = flags.Parse(args)

	spec := channelSpec{Label: "load", Ordered: true}
	if *addressed {
		spec.Protocol = "wherry.1"
	}
	if *lossy {
		none := uint16(0)
		spec.MaxRetransmits = &none
	}
	g, w := &group{}, &window{}
	for i := 0; i < *receivers; i++ {
		r := &receiver{sample: *sample, addressed: *addressed, lossy: *lossy}
		if i < *resting {
			r.rest = *rest
		}
		g.receivers = append(g.receivers, r)
	}
	begun := time.Now()
	members, err := enterAll(*server, *room, spec, append(g.receivers, nil), &w.measuring)
	if err != nil {
		return err
	}
	report(map[string]interface{}{"event": "joined", "members": len(members), "seconds": time.Since(begun).Seconds()})
	time.Sleep(*settle)

	p := &publisher{member: members[*receivers], size: *size, rate: *rate, addressed: *addressed}
	sent, err := w.passWith(p, g, *length)
	if err != nil {
		return err
	}
	patience := 40 * time.Second
	if *lossy {
		patience = time.Second
	}
	complete := g.drainFor(sent*uint64(*receivers), patience)
	report(w.result(g, sent, complete))
	awaitInputEnd()
	leaveAll(members)
	return nil
}
