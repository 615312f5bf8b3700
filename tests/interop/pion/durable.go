// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash/fnv"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

// The addressed framing: flags, a member's id, a number. Then ours: publisher, its number, filling,
// and a hash of all that, so that half a message or a changed one is seen.
const (
	addressedHeader = 17
	flagReplayed    = 2
	durableLabel    = "durable"
)

// log: what each number of the topic is, by whoever saw it first: nobody may see it as another one.
type durableLog struct {
	lock     sync.Mutex
	messages []uint64 // publisher<<48 | own
	received uint64   // by everybody
	killAt   uint64   // when received is that: 0: never
	victim   int
	problems []string
}

func (l *durableLog) problem(format string, values ...interface{}) {
	l.lock.Lock()
	defer l.lock.Unlock()
	if len(l.problems) < 20 {
		l.problems = append(l.problems, fmt.Sprintf(format, values...))
	}
}

func (l *durableLog) see(sequence, message uint64) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	for uint64(len(l.messages)) <= sequence {
		l.messages = append(l.messages, 0)
	}
	l.received++
	if l.killAt != 0 && l.received >= l.killAt {
		l.killAt = 0
		_ = syscall.Kill(l.victim, syscall.SIGKILL)
	}
	before := l.messages[sequence]
	l.messages[sequence] = message
	return before == 0 || before == message
}

// A member that comes back, however often its server dies, and counts.
type durableMember struct {
	log    *durableLog
	server string
	room   string
	index  int
	total  uint64 // what it publishes; 0: it only reads
	size   int

	lock    sync.Mutex
	token   string
	id      string
	seen    uint64         // the topic's number
	next    map[int]uint64 // of each publisher
	own     uint64         // the last that it made
	acked   uint64
	unacked map[uint64][]byte
	resumes int

	current  *client
	channel  *webrtc.DataChannel
	raw      datachannel.ReadWriteCloser
	ready    chan struct{}
	broken   chan struct{} // the connection is gone
	writable bool
}

func (m *durableMember) join() frame {
	m.lock.Lock()
	defer m.lock.Unlock()
	mirror := false
	resume := map[string]interface{}{}
	if m.token != "" {
		resume["token"] = m.token
		resume["seen"] = map[string]uint64{durableLabel: m.seen}
	}
	data, _ := json.Marshal(resume)
	return frame{Type: "join", Room: m.room, Name: fmt.Sprintf("durable-%d", m.index), Mirror: &mirror, Resume: data}
}

// joined: the server says whether it knows us, and what it has of us. What it has not goes again.
func (m *durableMember) joined(c *client) error {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.token != "" {
		if !c.hello.Resumed || c.id != m.id {
			return fmt.Errorf("member %d came back as somebody else", m.index)
		}
		m.resumes++
		accepted := map[string]uint64{}
		if len(c.hello.Accepted) > 0 {
			if err := json.Unmarshal(c.hello.Accepted, &accepted); err != nil {
				return err
			}
		}
		m.ackedLocked(accepted[durableLabel])
	}
	m.id = c.id
	if len(c.hello.Resume) == 0 {
		return nil // the server's members do not come back
	}
	return json.Unmarshal(c.hello.Resume, &m.token)
}

func (m *durableMember) ackedLocked(own uint64) {
	if own > m.own {
		m.log.problem("member %d: %d is acknowledged, and it made %d", m.index, own, m.own)
	}
	for ; m.acked < own; m.acked++ {
		delete(m.unacked, m.acked+1)
	}
}

func (m *durableMember) message(own uint64) []byte {
	data := make([]byte, addressedHeader+16+int(own%uint64(m.size))+8)
	binary.BigEndian.PutUint64(data[9:], own)
	body := data[addressedHeader:]
	binary.BigEndian.PutUint64(body, uint64(m.index))
	binary.BigEndian.PutUint64(body[8:], own)
	for i := 16; i < len(body)-8; i++ {
		body[i] = byte(own) + byte(i)
	}
	sum := fnv.New64a()
	_, _ = sum.Write(body[:len(body)-8])
	copy(body[len(body)-8:], sum.Sum(nil))
	return data
}

func (m *durableMember) receive(data []byte) {
	if len(data) < addressedHeader+24 {
		m.log.problem("member %d: a message of %d bytes", m.index, len(data))
		return
	}
	body := data[addressedHeader:]
	sum := fnv.New64a()
	_, _ = sum.Write(body[:len(body)-8])
	if string(sum.Sum(nil)) != string(body[len(body)-8:]) {
		m.log.problem("member %d: a damaged message of %d bytes", m.index, len(data))
		return
	}
	sequence := binary.BigEndian.Uint64(data[9:])
	publisher := int(binary.BigEndian.Uint64(body))
	own := binary.BigEndian.Uint64(body[8:])

	m.lock.Lock()
	if sequence <= m.seen {
		m.log.problem("member %d: number %d came after %d (flags %d)", m.index, sequence, m.seen, data[0])
	}
	if own != m.next[publisher]+1 {
		m.log.problem("member %d: %d of publisher %d came after %d (number %d, flags %d)", m.index, own, publisher,
			m.next[publisher], sequence, data[0])
	}
	m.next[publisher] = own
	m.seen = sequence
	m.lock.Unlock()
	if !m.log.see(sequence, uint64(publisher)<<48|own) {
		m.log.problem("member %d: number %d is another message than it was", m.index, sequence)
	}
}

func (m *durableMember) read(raw datachannel.ReadWriteCloser, broken chan struct{}) {
	buffer := make([]byte, maxMessage)
	for {
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		m.receive(buffer[:n])
	}
}

func (m *durableMember) readNotices(raw datachannel.ReadWriteCloser) {
	buffer := make([]byte, maxMessage)
	for {
		var notice struct {
			Type, Topic, Code string
			Own, Sequence     uint64
		}
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		if json.Unmarshal(buffer[:n], &notice) != nil || notice.Type != "ack" || notice.Topic != durableLabel {
			continue
		}
		m.lock.Lock()
		m.ackedLocked(notice.Own)
		m.lock.Unlock()
	}
}

// connect: one connection, until it is open.
func (m *durableMember) connect() error {
	c, err := dialWith(m.server, m.join(), nil)
	if err != nil {
		return err
	}
	if err = m.joined(c); err != nil {
		m.log.problem("%v", err)
		return err
	}
	m.broken = make(chan struct{})
	ready := make(chan struct{}, 2)
	err = c.open(channelSpec{Label: "wherry:notices", Ordered: true}, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
		go m.readNotices(raw)
		ready <- struct{}{}
	})
	if err == nil {
		err = c.open(channelSpec{Label: durableLabel, Ordered: true, Protocol: "wherry.1"}, func(raw datachannel.ReadWriteCloser, dc *webrtc.DataChannel) {
			m.raw, m.channel = raw, dc
			go m.read(raw, m.broken)
			ready <- struct{}{}
		})
	}
	if err == nil {
		err = c.connect()
	}
	for i := 0; err == nil && i < 2; i++ {
		select {
		case <-ready:
		case err = <-c.failed:
		case <-time.After(20 * time.Second):
			err = errors.New("did not connect in 20 s")
		}
	}
	if err != nil {
		_ = c.pc.Close()
		_ = c.ws.Close()
		return err
	}
	m.current = c
	return nil
}

// comeBack: as often as it takes; the server may be dead, or die again.
func (m *durableMember) comeBack() error {
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		err := m.connect()
		if err == nil {
			return nil
		}
		if strings.Contains(err.Error(), "resume-refused") {
			m.log.problem("member %d: %v", m.index, err)
			return err
		}
		if time.Now().After(end) {
			return fmt.Errorf("member %d did not come back: %w", m.index, err)
		}
	}
}

func (m *durableMember) write(data []byte) error {
	for m.channel.BufferedAmount() > 1<<18 {
		select {
		case err := <-m.current.failed:
			return err
		case <-time.After(time.Millisecond):
		}
	}
	_, err := m.raw.Write(data)
	return err
}

// again: what was made and not acknowledged, in order.
func (m *durableMember) again() error {
	m.lock.Lock()
	var waiting [][]byte
	for own := m.acked + 1; own <= m.own; own++ {
		waiting = append(waiting, m.unacked[own])
	}
	m.lock.Unlock()
	for _, data := range waiting {
		if err := m.write(data); err != nil {
			return err
		}
	}
	return nil
}

func (m *durableMember) isDone(members []*durableMember) bool {
	m.lock.Lock()
	defer m.lock.Unlock()
	if m.acked < m.total {
		return false
	}
	for _, other := range members {
		if other != m && m.next[other.index] < other.total {
			return false
		}
	}
	return true
}

// run: publishes a message at each tick, at most so many at once that are not acknowledged.
func (m *durableMember) run(members []*durableMember, every time.Duration, up func(), stop chan struct{}) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	for {
		up()
		err := m.again()
		for err == nil {
			select {
			case <-stop:
				m.current.close()
				return nil
			case err = <-m.current.failed:
			case <-ticks.C:
				m.lock.Lock()
				may := m.own < m.total && m.own-m.acked < 4000
				var data []byte
				if may {
					m.own++
					data = m.message(m.own)
					m.unacked[m.own] = data
				}
				m.lock.Unlock()
				if may {
					err = m.write(data)
				}
			}
		}
		_ = m.current.pc.Close()
		_ = m.current.ws.Close()
		if err = m.comeBack(); err != nil {
			return err
		}
	}
}

// commands: "kill PID N": that process, when N messages more have come to anybody.
func (l *durableLog) commands() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var pid int
		var n uint64
		if _, err := fmt.Sscanf(lines.Text(), "kill %d %d", &pid, &n); err == nil {
			l.lock.Lock()
			l.victim, l.killAt = pid, l.received+n+1
			l.lock.Unlock()
		}
	}
}

// durable: members that come back whenever their server died, and see whether anything was lost,
// came twice, out of order, changed, or with the number of another message. Reports "up" each time
// that all are connected, and at last "result".
func durable(args []string) error {
	flags := flag.NewFlagSet("durable", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "durable", "")
	publishers := flags.Int("publishers", 2, "members that publish")
	readers := flags.Int("readers", 2, "members that only read")
	rate := flags.Int("rate", 600, "messages a second of each publisher")
	total := flags.Uint64("messages", 10000, "of each publisher")
	size := flags.Int("size", 1000, "bytes at most, about")
	_ = flags.Parse(args)

	log := &durableLog{}
	go log.commands()
	members := []*durableMember{}
	for i := 0; i < *publishers+*readers; i++ {
		m := &durableMember{log: log, server: *server, room: *room, index: i, size: *size,
			next: map[int]uint64{}, unacked: map[uint64][]byte{}}
		if i < *publishers {
			m.total = *total
		}
		members = append(members, m)
		if err := m.comeBack(); err != nil {
			return err
		}
	}

	begun := time.Now()
	failed := make(chan error, len(members))
	stop := make(chan struct{})
	var ups sync.Map
	var upLock sync.Mutex
	round := 0
	for _, m := range members {
		m := m
		go func() {
			failed <- m.run(members, time.Second/time.Duration(*rate), func() {
				upLock.Lock()
				defer upLock.Unlock()
				m.lock.Lock()
				ups.Store(m.index, m.resumes)
				m.lock.Unlock()
				least := 1 << 30
				n := 0
				ups.Range(func(_, value interface{}) bool {
					n++
					if value.(int) < least {
						least = value.(int)
					}
					return true
				})
				if n == len(members) && least >= round {
					round = least + 1
					report(map[string]interface{}{"event": "up", "resumes": least})
				}
			}, stop)
		}()
	}

	var err error
	for done := false; !done && err == nil; {
		select {
		case err = <-failed:
		case <-time.After(50 * time.Millisecond):
			done = true
			for _, m := range members {
				done = done && m.isDone(members)
			}
			log.lock.Lock()
			if len(log.problems) > 0 {
				err = errors.New("see problems")
			}
			log.lock.Unlock()
		}
	}
	close(stop)
	result := map[string]interface{}{"event": "result", "seconds": time.Since(begun).Seconds()}
	if err != nil {
		result["error"] = err.Error()
	}
	resumes, acked := 0, uint64(0)
	for _, m := range members {
		m.lock.Lock()
		resumes += m.resumes
		acked += m.acked
		m.lock.Unlock()
	}
	log.lock.Lock()
	result["problems"], result["received"] = log.problems, log.received
	log.lock.Unlock()
	result["resumes"], result["acked"] = resumes, acked
	report(result)
	return nil
}
