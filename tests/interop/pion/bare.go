// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"errors"
	"flag"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/webrtc"
)

// describe: everything in one description, its candidates too.
func describe(pc *webrtc.PeerConnection, description webrtc.SessionDescription, err error) (*webrtc.SessionDescription, error) {
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err = pc.SetLocalDescription(description); err != nil {
		return nil, err
	}
	<-gathered
	return pc.LocalDescription(), nil
}

func introduce(a, b *webrtc.PeerConnection) error {
	offer, err := a.CreateOffer(nil)
	told, err := describe(a, offer, err)
	if err != nil {
		return err
	}
	if err = b.SetRemoteDescription(*told); err != nil {
		return err
	}
	answer, err := b.CreateAnswer(nil)
	if told, err = describe(b, answer, err); err != nil {
		return err
	}
	return a.SetRemoteDescription(*told)
}

// bare: one member sends to another with no relay between them: what of a latency is the load's own.
func bare(args []string) error {
	flags := flag.NewFlagSet("bare", flag.ExitOnError)
	size := flags.Int("size", 64, "bytes a message")
	rate := flags.Float64("rate", 200, "messages a second")
	settle := flags.Duration("settle", 0, "between the joins and the traffic")
	length := flags.Duration("window", 3*time.Second, "")
	_ = flags.Parse(args)

	var pcs [2]*webrtc.PeerConnection
	for i := range pcs {
		var err error
		if pcs[i], err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
			return err
		}
	}
	w, r := &window{}, &receiver{sample: 1}
	g := &group{receivers: []*receiver{r}}
	sender := &client{pc: pcs[0], failed: make(chan error, 1)}
	p := &publisher{member: &member{client: sender}, size: *size, rate: *rate}
	open := make(chan struct{}, 2)
	err := sender.open(channelSpec{Label: "load", Ordered: true}, func(raw datachannel.ReadWriteCloser, dc *webrtc.DataChannel) {
		p.raw, p.channel = raw, dc
		open <- struct{}{}
	})
	if err != nil {
		return err
	}
	pcs[1].OnDataChannel(func(channel *webrtc.DataChannel) {
		sender.watch(channel, func(raw datachannel.ReadWriteCloser, _ *webrtc.DataChannel) {
			go r.run(raw, &w.measuring)
			open <- struct{}{}
		})
	})
	if err = introduce(pcs[0], pcs[1]); err != nil {
		return err
	}
	for i := 0; i < 2; i++ {
		select {
		case <-open:
		case <-time.After(20 * time.Second):
			return errors.New("did not connect in 20 s")
		}
	}
	report(map[string]interface{}{"event": "joined", "members": 2})
	time.Sleep(*settle)

	sent, err := w.passWith(p, g, *length)
	if err != nil {
		return err
	}
	report(w.result(g, sent, g.drain(sent)))
	awaitInputEnd()
	for _, pc := range pcs {
		_ = pc.Close()
	}
	return nil
}
