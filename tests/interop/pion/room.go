// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

// room: a participant, as ../participant.md describes it.
func room(args []string) error {
	flags := flag.NewFlagSet("room", flag.ExitOnError)
	server := flags.String("server", "http://127.0.0.1:8888", "")
	name := flags.String("room", "test", "")
	own := flags.String("name", "pion", "")
	id := flags.Int("negotiated", -1, "declare room-test as negotiated with this id")
	_ = flags.Parse(args)

	c, err := dial(*server, *name, *own, true, nil)
	if err != nil {
		return err
	}
	opened := make(chan *datachannel.DataChannel, 2)
	spec := channelSpec{Label: "room-test", Ordered: true}
	var declared []map[string]interface{}
	if *id >= 0 {
		stream := uint16(*id)
		spec.Negotiated = &stream
		declared = []map[string]interface{}{{"label": spec.Label, "id": stream}}
	}
	err = c.open(spec, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
		channel := raw.(*datachannel.DataChannel)
		opened <- channel
		readRoom(c, channel)
	})
	if err == nil {
		err = c.open(channelSpec{Label: "wherry:notices", Ordered: true}, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
			opened <- nil
			readNotices(raw)
		})
	}
	if err == nil {
		err = c.connectDeclaring(declared)
	}
	if err != nil {
		return err
	}

	var channel *datachannel.DataChannel
	for i := 0; i < 2; i++ {
		select {
		case x := <-opened:
			if x != nil {
				channel = x
			}
		case err = <-c.failed:
			return err
		case <-time.After(20 * time.Second):
			return errors.New("the channels did not open in 20 s")
		}
	}
	report(map[string]interface{}{"event": "ready", "id": c.id, "max": maxMessage})
	err = obey(channel)
	c.close()
	return err
}

func readRoom(c *client, channel *datachannel.DataChannel) {
	buffer := make([]byte, 1<<20)
	for {
		n, isText, err := channel.ReadDataChannel(buffer)
		if err != nil {
			return
		}
		kind := "binary"
		if isText {
			kind = "text"
		}
		sum := sha256.Sum256(buffer[:n])
		head := string(buffer[:n])
		if len(head) > 24 {
			head = head[:24]
		}
		head = head[:strings.LastIndex(head, ":")+1]
		report(map[string]interface{}{"event": "message", "kind": kind, "size": n,
			"sha256": hex.EncodeToString(sum[:]), "head": head})
	}
}

func readNotices(raw datachannel.ReadWriteCloser) {
	buffer := make([]byte, maxMessage)
	for {
		n, err := raw.Read(buffer)
		if err != nil {
			return
		}
		report(map[string]interface{}{"event": "notice", "data": json.RawMessage(append([]byte(nil), buffer[:n]...))})
	}
}

func payload(head string, size int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte('a' + i%26)
	}
	copy(data, head)
	return data
}

func obey(channel *datachannel.DataChannel) error {
	var order struct {
		Do, Kind, Head string
		Size           int
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := json.Unmarshal(lines.Bytes(), &order); err != nil {
			return err
		}
		switch order.Do {
		case "send":
			data := payload(order.Head, order.Size)
			if _, err := channel.WriteDataChannel(data, order.Kind == "text"); err != nil {
				return err
			}
			report(map[string]interface{}{"event": "sent", "size": order.Size})
		case "quit":
			return nil
		}
	}
	return lines.Err()
}
