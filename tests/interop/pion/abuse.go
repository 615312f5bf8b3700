// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"errors"
	"flag"
	"regexp"
	"time"

	"github.com/pion/datachannel"
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
