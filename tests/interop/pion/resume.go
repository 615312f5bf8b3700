// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

const (
	talkLabel  = "talk"
	pulseLabel = "pulse"
	flagText   = 1
	flagDirect = 4
)

// What the text of a message is, so that a changed one is seen: in the page too (delivery.mjs).
func talkText(kind string, number int) string {
	size := number * 37 % 600
	if number%50 == 0 {
		size = 8000
	}
	return fmt.Sprintf("%s %d %s", kind, number, strings.Repeat("x", size))
}

// A member that comes back, and writes down all that it hears.
type talker struct {
	server, room, name string

	lock       sync.Mutex
	generation int // of connections: what an old one still brings does not count
	token, id  string
	seen       uint64 // the topic's number
	direct     uint64 // of what is for us alone
	own, acked uint64
	unacked    map[uint64][]byte
	resumes    int
	all        int            // said to everybody
	you        map[string]int // to each
	heard      [][]interface{}
	presence   []frame
	problems   []string

	current *client
	channel *webrtc.DataChannel
	raw     datachannel.ReadWriteCloser
	drop    chan struct{} // told to lose its connection
}

func (t *talker) problemLocked(format string, values ...interface{}) {
	if len(t.problems) < 20 {
		t.problems = append(t.problems, fmt.Sprintf(format, values...))
	}
}

// join: from here on nothing counts that the old connection brings.
func (t *talker) join() (frame, int) {
	t.lock.Lock()
	defer t.lock.Unlock()
	t.generation++
	mirror := false
	resume := map[string]interface{}{}
	if t.token != "" {
		resume["token"] = t.token
		resume["seen"] = map[string]uint64{talkLabel: t.seen}
		resume["direct"] = map[string]uint64{talkLabel: t.direct}
	}
	data, _ := json.Marshal(resume)
	return frame{Type: "join", Room: t.room, Name: t.name, Mirror: &mirror, Resume: data}, t.generation
}

func (t *talker) ackedLocked(own uint64) {
	if own > t.own {
		t.problemLocked("%d is acknowledged, and %d were made", own, t.own)
	}
	for ; t.acked < own; t.acked++ {
		delete(t.unacked, t.acked+1)
	}
}

func (t *talker) joined(c *client) error {
	t.lock.Lock()
	defer t.lock.Unlock()
	if t.token != "" {
		if !c.hello.Resumed || c.id != t.id {
			t.problemLocked("came back as somebody else")
			return errors.New("somebody else")
		}
		t.resumes++
		accepted := map[string]uint64{}
		if len(c.hello.Accepted) > 0 {
			if err := json.Unmarshal(c.hello.Accepted, &accepted); err != nil {
				return err
			}
		}
		t.ackedLocked(accepted[talkLabel])
	}
	t.id = c.id
	return json.Unmarshal(c.hello.Resume, &t.token)
}

func (t *talker) hear(data []byte) {
	if len(data) < addressedHeader || data[0]&flagText == 0 {
		t.problemLocked("%d bytes that are no text with a header", len(data))
		return
	}
	var kind string
	var number int
	text := string(data[addressedHeader:])
	if _, err := fmt.Sscanf(text, "%s %d ", &kind, &number); err != nil || text != talkText(kind, number) {
		t.problemLocked("a damaged message of %d bytes", len(data))
	}
	from := fmt.Sprintf("%016x", binary.BigEndian.Uint64(data[1:]))
	sequence := binary.BigEndian.Uint64(data[9:])
	last := &t.seen
	if data[0]&flagDirect != 0 {
		last = &t.direct
	}
	if sequence <= *last {
		t.problemLocked("number %d came after %d (flags %d, from %s)", sequence, *last, data[0], from)
	}
	*last = sequence
	t.heard = append(t.heard, []interface{}{sequence, from, kind, number, data[0] &^ flagText})
}

func (t *talker) read(raw datachannel.ReadWriteCloser, generation int) {
	buffer := make([]byte, maxMessage)
	for {
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		t.lock.Lock()
		if generation == t.generation {
			t.hear(buffer[:n])
		}
		t.lock.Unlock()
	}
}

func (t *talker) readNotices(raw datachannel.ReadWriteCloser, generation int) {
	buffer := make([]byte, maxMessage)
	for {
		var notice struct {
			Type, Topic, Code, Message string
			Own                        uint64
		}
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		_ = json.Unmarshal(buffer[:n], &notice)
		t.lock.Lock()
		switch {
		case generation != t.generation:
		case notice.Type == "ack" && notice.Topic == talkLabel:
			t.ackedLocked(notice.Own)
		case notice.Type == "error":
			t.problemLocked("notice %s: %s", notice.Code, notice.Message)
		}
		t.lock.Unlock()
	}
}

func (t *talker) connect() error {
	join, generation := t.join()
	c, err := dialWith(t.server, join, func(f frame) {
		t.lock.Lock()
		defer t.lock.Unlock()
		if generation == t.generation && (f.Type == "joined" || f.Type == "left" || strings.HasPrefix(f.Type, "member-")) {
			f.Resume = nil // a secret
			t.presence = append(t.presence, f)
		}
	})
	if err != nil {
		return err
	}
	if err = t.joined(c); err != nil {
		return err
	}
	type opened struct {
		raw     datachannel.ReadWriteCloser
		channel *webrtc.DataChannel
	}
	ready := make(chan opened, 2)
	err = c.open(channelSpec{Label: "wherry:notices", Ordered: true}, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
		go t.readNotices(raw, generation)
		ready <- opened{}
	})
	if err == nil {
		err = c.open(channelSpec{Label: talkLabel, Ordered: true, Protocol: "wherry.1"}, func(raw datachannel.ReadWriteCloser, dc *webrtc.DataChannel) {
			go t.read(raw, generation)
			ready <- opened{raw, dc}
		})
	}
	if err == nil {
		err = c.connect()
	}
	for i := 0; err == nil && i < 2; i++ {
		select {
		case channel := <-ready:
			if channel.raw != nil {
				t.raw, t.channel = channel.raw, channel.channel
			}
		case err = <-c.failed:
		case reason := <-c.left:
			err = errors.New("left: " + reason)
		case <-time.After(10 * time.Second):
			err = errors.New("did not connect in 10 s")
		}
	}
	if err != nil {
		_ = c.ws.Close()
		go c.pc.Close() // nobody is there to say goodbye to
		return err
	}
	t.current = c
	return nil
}

// comeBack: as often as it takes. The former connection ends only then: its end would be a leaving.
func (t *talker) comeBack() error {
	former := t.current
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) {
		err := t.connect()
		if err == nil {
			break
		}
		if strings.Contains(err.Error(), "resume-refused") || time.Now().After(end) {
			return fmt.Errorf("%s did not come back: %w", t.name, err)
		}
	}
	t.lock.Lock()
	report(map[string]interface{}{"event": "up", "name": t.name, "id": t.id, "resumes": t.resumes})
	var waiting [][]byte
	for own := t.acked + 1; own <= t.own; own++ {
		waiting = append(waiting, t.unacked[own])
	}
	t.lock.Unlock()
	if former != nil {
		_ = former.ws.Close()
		go former.pc.Close()
	}
	for _, data := range waiting {
		_, _ = t.raw.Write(data) // where that fails, the connection does, and all go again
	}
	return nil
}

// say: a message with a number of our own, to one member or to everybody ("").
func (t *talker) say(to string) {
	t.lock.Lock()
	kind, count := "all", t.all+1
	recipient := uint64(0)
	if to != "" {
		kind, count = "you", t.you[to]+1
		_, _ = fmt.Sscanf(to, "%x", &recipient)
		t.you[to] = count
	} else {
		t.all = count
	}
	text := talkText(kind, count)
	data := make([]byte, addressedHeader, addressedHeader+len(text))
	t.own++
	data[0] = flagText
	binary.BigEndian.PutUint64(data[1:], recipient)
	binary.BigEndian.PutUint64(data[9:], t.own)
	data = append(data, text...)
	t.unacked[t.own] = data
	t.lock.Unlock()
	_, _ = t.raw.Write(data)
}

// run: at each tick a message to everybody, and one to the next of the others.
func (t *talker) run(others func() []string, every time.Duration) error {
	ticks := time.NewTicker(every)
	defer ticks.Stop()
	pings := time.NewTicker(time.Second)
	defer pings.Stop()
	for turn := 0; ; {
		gone := false
		for !gone {
			select {
			case <-t.current.failed:
				gone = true
			case <-t.current.left:
				gone = true
			case <-t.drop:
				gone = true
			case <-pings.C: // or nobody would notice that the socket is dead
				_ = t.current.send(frame{Type: "ping"})
			case <-ticks.C:
				to := others()
				if len(to) == 0 || t.channel.BufferedAmount() > 1<<20 {
					continue
				}
				t.say("")
				if turn++; to[turn%len(to)] != t.id {
					t.say(to[turn%len(to)])
				}
			}
		}
		if err := t.comeBack(); err != nil {
			return err
		}
	}
}

// tell: what it has ("count"), or all of it ("log").
func (t *talker) tell(what string) {
	t.lock.Lock()
	defer t.lock.Unlock()
	result := map[string]interface{}{"event": what, "name": t.name, "id": t.id, "resumes": t.resumes,
		"heard": len(t.heard), "all": t.all, "you": t.you, "own": t.own, "acked": t.acked, "problems": t.problems}
	if what == "log" {
		result["heard"], result["presence"] = t.heard, t.presence
	}
	report(result)
}

// pulse: a number and the time, every 20 ms, on a topic that nobody may get late.
func pulse(server, room string) error {
	none := uint16(0)
	m, err := enterBy(server, room, "pulse", channelSpec{Label: pulseLabel, Ordered: true, MaxRetransmits: &none}, nil, nil)
	if err != nil {
		return err
	}
	go func() {
		for number := 1; ; number++ {
			_, _ = m.raw.(*datachannel.DataChannel).WriteDataChannel(
				[]byte(fmt.Sprintf("%d %d", number, time.Now().UnixNano()/1000000)), true)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	return nil
}

// resume: members that say numbered things to everybody and to each other, and come back whenever they
// lost their connection. Commands: "talk ID,ID,…" (nobody: quiet), "drop NAME", "count", "log", "quit".
func resume(args []string) error {
	flags := flag.NewFlagSet("resume", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "resume", "")
	names := flags.String("names", "a,b", "")
	through := flags.String("interface", "lo", "the one network interface that may be used")
	rate := flags.Int("rate", 20, "messages a second of each to everybody, and as many to one")
	pulses := flags.Bool("pulse", false, "one more, which only publishes on the lossy topic")
	_ = flags.Parse(args)

	settings := loopback()
	settings.SetInterfaceFilter(func(name string) bool { return name == *through })
	settings.SetICETimeouts(2*time.Second, 4*time.Second, 500*time.Millisecond)
	settings.DetachDataChannels()
	api = webrtc.NewAPI(webrtc.WithSettingEngine(settings))
	handshakeTimeout = 4 * time.Second // the network may be cut at any time, and a SYN of a former address is never answered

	if *pulses {
		if err := pulse(*server, *room); err != nil {
			return err
		}
	}
	var lock sync.Mutex
	var to []string
	others := func() []string {
		lock.Lock()
		defer lock.Unlock()
		return to
	}
	members := []*talker{}
	for _, name := range strings.Split(*names, ",") {
		t := &talker{server: *server, room: *room, name: name, unacked: map[uint64][]byte{}, you: map[string]int{},
			drop: make(chan struct{}, 1)}
		if err := t.comeBack(); err != nil {
			return err
		}
		members = append(members, t)
		go func() {
			if err := t.run(others, time.Second/time.Duration(*rate)); err != nil {
				report(map[string]interface{}{"event": "error", "message": err.Error()})
			}
		}()
	}

	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		words := strings.Fields(lines.Text() + " .")
		lock.Lock()
		switch words[0] {
		case "talk":
			to = nil
			if words[1] != "." {
				to = strings.Split(words[1], ",")
			}
		case "drop", "count", "log":
			for _, t := range members {
				if words[0] != "drop" {
					t.tell(words[0])
				} else if t.name == words[1] {
					t.drop <- struct{}{}
				}
			}
		case "quit":
			for _, t := range members {
				t.current.close()
			}
			lock.Unlock()
			return nil
		}
		lock.Unlock()
	}
	return lines.Err()
}
