// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand"
	"reflect"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/pion/datachannel"
	"github.com/pion/sctp"
	"github.com/pion/webrtc"
)

var fingerprintByte = regexp.MustCompile(`(a=fingerprint:sha-256 )(..)`)

// falsify changes the first byte of the fingerprint in a description.
func falsify(sdp string) string {
	return fingerprintByte.ReplaceAllStringFunc(sdp, func(s string) string {
		if s[len(s)-2:] == "00" {
			return s[:len(s)-2] + "01"
		}
		return s[:len(s)-2] + "00"
	})
}

// stranger: offers a fingerprint that is not its certificate's. Reports why the server let it go.
func stranger(args []string) error {
	flags := flag.NewFlagSet("stranger", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "talk", "")
	_ = flags.Parse(args)

	c, err := dial(*server, *room, "stranger", true, nil)
	if err != nil {
		return err
	}
	c.rewrite = falsify
	opened := make(chan struct{}, 1)
	err = c.open(channelSpec{Label: "room-test", Ordered: true}, func(datachannel.ReadWriteCloser, *webrtc.DataChannel) {
		opened <- struct{}{}
	})
	if err == nil {
		err = c.connect()
	}
	if err != nil {
		return err
	}
	select {
	case reason := <-c.left:
		report(map[string]interface{}{"event": "result", "reason": reason})
	case <-opened:
		err = errors.New("a channel opened for a stranger")
	case <-time.After(60 * time.Second):
		err = errors.New("nothing happened in 60 s")
	}
	_ = c.pc.Close()
	_ = c.ws.Close()
	return err
}

// abuser: a connected member that does what no client would, below the data channels; and a witness
// in the same room, so that we see whether the abuser can still be heard in the end.
type abuser struct {
	*member
	witness     *member
	association *sctp.Association
	count       int
	said        uint64 // messages on its own channel, which are numbered
	lock        sync.Mutex
	notices     map[string]int
	server      string
	room        string
	gone        map[string]int
}

const (
	ppidControl       = sctp.PayloadTypeWebRTCDCEP
	ppidText          = sctp.PayloadTypeWebRTCString
	ppidBinaryPartial = sctp.PayloadProtocolIdentifier(52)
	ppidBinary        = sctp.PayloadTypeWebRTCBinary
	ppidTextPartial   = sctp.PayloadProtocolIdentifier(54)
	ppidTextEmpty     = sctp.PayloadTypeWebRTCStringEmpty
	ppidBinaryEmpty   = sctp.PayloadTypeWebRTCBinaryEmpty
)

// Ids that pion gives to nobody: it is the DTLS server here, so ours are odd.
const firstStream = 101

// stream: the one that there is, or a new one; pion knows of no error here.
func (a *abuser) stream(id int) *sctp.Stream {
	s, _ := a.association.OpenStream(uint16(id), ppidBinary)
	return s
}

// write sends one message on a stream that may not have been opened.
func (a *abuser) write(id int, data []byte, ppid sctp.PayloadProtocolIdentifier) error {
	s := a.stream(id)
	for s.BufferedAmount() > 1<<20 {
		time.Sleep(time.Millisecond)
	}
	// not ordered: where the server reset a stream, pion begins to number anew, and would be cut off
	s.SetReliabilityParams(true, sctp.ReliabilityTypeReliable, 0)
	_, err := s.WriteSCTP(data, ppid)
	if errors.Is(err, sctp.ErrStreamClosed) && a.pc.ConnectionState() == webrtc.PeerConnectionStateConnected {
		return nil // this stream only: the server reset it
	}
	return err
}

// unacknowledged: bytes that are queued or under way on all streams. A stream cannot tell: where the
// server resets it, pion begins to count anew.
func (a *abuser) unacknowledged() int64 {
	association := reflect.ValueOf(a.association).Elem()
	lock := (*sync.RWMutex)(unsafe.Pointer(association.FieldByName("lock").UnsafeAddr()))
	lock.RLock()
	defer lock.RUnlock()
	return association.FieldByName("pendingQueue").Elem().FieldByName("nBytes").Int() +
		association.FieldByName("inflightQueue").Elem().FieldByName("nBytes").Int()
}

// flushed: all that was written is acknowledged. Without it, what is not ordered comes after what was
// written later, if it was lost once.
func (a *abuser) flushed() error {
	for end := time.Now().Add(60 * time.Second); a.unacknowledged() > 0; time.Sleep(time.Millisecond) {
		if a.pc.ConnectionState() != webrtc.PeerConnectionStateConnected {
			return errors.New("cut off")
		}
		if time.Now().After(end) {
			return errors.New("what was written is not acknowledged after 60 s")
		}
	}
	return nil
}

func dcepOpen(kind byte, label, protocol string) []byte {
	data := []byte{3, kind, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(data[8:], uint16(len(label)))
	binary.BigEndian.PutUint16(data[10:], uint16(len(protocol)))
	return append(append(data, label...), protocol...)
}

// many: channels beyond every limit.
func (a *abuser) many() error {
	for i := 0; i < a.count; i++ {
		if err := a.write(firstStream+2*i, dcepOpen(0, fmt.Sprintf("many-%d", i), ""), ppidControl); err != nil {
			return err
		}
	}
	return nil
}

// labels: OPEN messages that no client would write, on ids of ours, of the server's and beyond.
func (a *abuser) labels() error {
	long := string(make([]byte, 60000))
	bad := [][]byte{dcepOpen(0, "wherry:x", ""), dcepOpen(0, "wherry:", ""), dcepOpen(0, "wherry:notices", ""),
		dcepOpen(0, "\xff\xfe", ""), dcepOpen(0, "\xed\xa0\x80", ""), dcepOpen(0, "a\x00b", ""), dcepOpen(0, "x", "\xc0\x80"),
		dcepOpen(0, long, ""), dcepOpen(0, "x", long), dcepOpen(0x7f, "x", ""), dcepOpen(0xff, "x", ""), {}, {3}, {3, 0}, {2}, {2, 2},
		{0}, {255}, make([]byte, 3000), dcepOpen(0, "x", "")[:11], dcepOpen(0, "label", "")[:13], append(dcepOpen(0, "x", ""), 1)}
	// an id twice would be against SCTP, once the server has reset it and pion numbers anew
	for i := 0; i < a.count && i < 900; i++ {
		data := bad[i%len(bad)]
		if i >= 2*len(bad) {
			data = append([]byte(nil), data...)
			for n := 0; n < 3 && len(data) > 0; n++ {
				data[rand.Intn(len(data))] = byte(rand.Int())
			}
		}
		if len(data) == 0 {
			data = []byte{0}
		}
		if err := a.write(firstStream+i, data, ppidControl); err != nil {
			return err
		}
	}
	return nil
}

// unopened: data of every kind on streams that nobody opened, and beyond those that there are.
func (a *abuser) unopened() error {
	kinds := []sctp.PayloadProtocolIdentifier{ppidText, ppidBinary, ppidTextEmpty, ppidBinaryEmpty, 0, 1, 0xffffffff}
	for i := 0; i < a.count; i++ {
		if err := a.write(firstStream+rand.Intn(900), []byte("nobody"), kinds[i%len(kinds)]); err != nil {
			return err
		}
	}
	return nil
}

// large: messages far over what the server announced, whole and in pieces that never end.
func (a *abuser) large() error {
	a.association.SetMaxMessageSize(1 << 26)
	for i := 0; i < a.count; i++ {
		id := firstStream + 2*i
		if err := a.write(id, dcepOpen(0, fmt.Sprintf("large-%d", i), ""), ppidControl); err != nil {
			return err
		}
		if err := a.flushed(); err != nil {
			return err
		}
		if err := a.write(id, make([]byte, 262145+i*500000), ppidBinary); err != nil {
			return err
		}
	}
	return nil
}

// partial: on every stream a message that is begun and never ended (RFC 8831's old PPIDs), which the
// server has to collect.
func (a *abuser) partial() error {
	piece := make([]byte, 60000)
	for i := 0; i < a.count; i++ {
		ppid := ppidBinaryPartial
		if i%2 == 1 {
			ppid = ppidTextPartial
		}
		if err := a.write(firstStream+i%900, piece, ppid); err != nil {
			return err
		}
	}
	return nil
}

// hold: more members, each with about a megabyte of messages that are begun and never ended, which
// all of them keep. Reports how many of them had to leave.
func (a *abuser) hold() error {
	var measuring int32
	piece := make([]byte, 60000)
	holders := []*abuser{}
	for i := 0; i < a.count; i++ {
		m, err := enter(a.server, a.room, fmt.Sprintf("holder-%d", i), nil, &measuring)
		if err != nil {
			return err
		}
		each := &abuser{member: m, association: associationOf(m)}
		holders = append(holders, each)
		for n := 0; n < 17; n++ {
			if err = each.write(firstStream+n, piece, ppidBinaryPartial); err != nil {
				break // it had to leave
			}
		}
		if err == nil {
			_ = each.flushed()
		}
	}
	err := a.beHeard()
	for _, each := range holders {
		select {
		case reason := <-each.left:
			a.gone[reason]++
		default:
		}
		each.close()
	}
	return err
}

// churn: channels opened and closed, over and over, a dozen at once: within the limits, since pion
// does not wait for its own reset where the server resets first.
func (a *abuser) churn() error {
	const atOnce = 12
	for i := 0; i < a.count; i++ {
		s := a.stream(firstStream + 2*(i%atOnce))
		for end := time.Now().Add(10 * time.Second); s.State() != sctp.StreamStateOpen; s = a.stream(firstStream + 2*(i%atOnce)) {
			if time.Now().After(end) {
				return fmt.Errorf("stream %d was not reset in 10 s, after %d", s.StreamIdentifier(), i)
			}
			time.Sleep(time.Millisecond) // its last reset is under way
		}
		_, _ = s.WriteSCTP(dcepOpen(0, fmt.Sprintf("churn-%d", i), ""), ppidControl)
		if i%3 == 0 {
			_, _ = s.WriteSCTP([]byte("x"), ppidText)
		}
		_ = s.Close()
	}
	return nil
}

// empty: a flood of empty messages on an open channel, which the others get too.
func (a *abuser) empty() error {
	if err := a.write(firstStream, dcepOpen(0, "empty", ""), ppidControl); err != nil {
		return err
	}
	if err := a.flushed(); err != nil {
		return err
	}
	for i := 0; i < a.count; i++ {
		ppid := ppidTextEmpty
		if i%2 == 1 {
			ppid = ppidBinaryEmpty
		}
		if err := a.write(firstStream, []byte{0}, ppid); err != nil {
			return err
		}
	}
	return a.flushed()
}

func associationOf(m *member) *sctp.Association {
	field := reflect.ValueOf(m.pc.SCTP()).Elem().FieldByName("sctpAssociation")
	return *(**sctp.Association)(unsafe.Pointer(field.UnsafeAddr()))
}

func newAbuser(server, room string, count int, measuring *int32) (*abuser, error) {
	a := &abuser{count: count, notices: map[string]int{}, gone: map[string]int{}, server: server, room: room}
	var err error
	if a.witness, err = enter(server, room, "witness", &receiver{}, measuring); err != nil {
		return nil, err
	}
	if a.member, err = enter(server, room, "abuser", nil, measuring); err != nil {
		return nil, err
	}
	a.association = associationOf(a.member)
	err = a.open(channelSpec{Label: "wherry:notices", Ordered: true}, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
		go a.readNotices(raw)
	})
	if err == nil {
		err = a.beHeard()
	}
	return a, err
}

func (a *abuser) readNotices(raw datachannel.ReadWriteCloser) {
	buffer := make([]byte, maxMessage)
	for {
		var notice struct{ Code string }
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		if json.Unmarshal(buffer[:n], &notice) == nil {
			a.lock.Lock()
			a.notices[notice.Code]++
			a.lock.Unlock()
		}
	}
}

// beHeard: the abuser says something on its own channel until the witness hears it: it, and nothing
// that was said before and is still under way.
func (a *abuser) beHeard() error {
	first := a.said
	buffer := make([]byte, 64)
	for end := time.Now().Add(60 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		fill(buffer, a.said)
		a.said++
		if _, err := a.raw.Write(buffer); err != nil {
			return err
		}
		if atomic.LoadUint64(&a.witness.reads.next) > first {
			return nil
		}
		select {
		case reason := <-a.left:
			return errors.New("left: " + reason)
		default:
		}
	}
	return errors.New("the witness hears nothing")
}

// abuse: reports whether the abuser was heard in the end, and what it was told.
func abuse(args []string) error {
	flags := flag.NewFlagSet("abuse", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	room := flags.String("room", "talk", "")
	what := flags.String("what", "many", "")
	count := flags.Int("count", 100, "how many times")
	_ = flags.Parse(args)

	var measuring int32
	a, err := newAbuser(*server, *room, *count, &measuring)
	if err != nil {
		return err
	}
	kinds := map[string]func() error{"many": a.many, "labels": a.labels, "unopened": a.unopened, "large": a.large,
		"partial": a.partial, "hold": a.hold, "churn": a.churn, "empty": a.empty}
	if err = kinds[*what](); err == nil {
		err = a.flushed()
	}
	if err == nil {
		err = a.beHeard()
	}
	result := map[string]interface{}{"event": "result", "heard": err == nil}
	if err != nil {
		result["problem"] = err.Error()
	}
	a.lock.Lock()
	result["notices"], result["gone"] = a.notices, a.gone
	report(result)
	a.lock.Unlock()
	a.close()
	a.witness.close()
	return nil
}
