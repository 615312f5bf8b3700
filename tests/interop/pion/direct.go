// SPDX-License-Identifier: LGPL-2.1-or-later

package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/pion/webrtc"
)

type directOrder struct {
	Do, Type, Channel, Label, Protocol, Kind, Head, SDP string
	Candidate                                           *string
	SDPMid                                              *string `json:"sdpMid"`
	SDPMLineIndex                                       *uint16 `json:"sdpMLineIndex"`
	Ordered, Negotiated                                 *bool
	MaxRetransmits                                      *uint16 `json:"maxRetransmits"`
	MaxPacketLifeTime                                   *uint16 `json:"maxPacketLifeTime"`
	ID                                                  *uint16 `json:"id"`
	Size                                                int
}

type directStack struct {
	pc       *webrtc.PeerConnection
	lock     sync.Mutex // the channels and their number
	channels map[string]*webrtc.DataChannel
	incoming int
	held     []webrtc.ICECandidateInit

	candidateLock sync.Mutex // held while a description goes out, so that no candidate overtakes it
}

// direct: a participant in the direct mode of ../participant.md.
func direct([]string) error {
	s := &directStack{channels: map[string]*webrtc.DataChannel{}}
	settings := loopback()
	var err error
	s.pc, err = webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	s.pc.OnICECandidate(s.onCandidate)
	s.pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		report(map[string]interface{}{"event": "state", "state": state.String()})
	})
	s.pc.OnDataChannel(s.onChannel)
	report(map[string]interface{}{"event": "ready", "stack": "pion", "version": version})

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var order directOrder
		if err = json.Unmarshal(lines.Bytes(), &order); err != nil {
			return err
		}
		if order.Do == "quit" {
			break
		}
		if err = s.obey(&order); err != nil {
			report(map[string]interface{}{"event": "failed", "do": order.Do + order.Type,
				"channel": order.Channel, "message": err.Error()})
		}
	}
	if err = lines.Err(); err != nil {
		return err
	}
	_ = s.pc.Close() // an error when the other side closed first
	return nil
}

func (s *directStack) onCandidate(candidate *webrtc.ICECandidate) {
	s.candidateLock.Lock()
	defer s.candidateLock.Unlock()
	said := map[string]interface{}{"type": "candidate", "candidate": "", "sdpMid": nil, "sdpMLineIndex": nil}
	if candidate != nil {
		init := candidate.ToJSON()
		said["candidate"], said["sdpMid"], said["sdpMLineIndex"] = init.Candidate, init.SDPMid, init.SDPMLineIndex
	}
	report(said)
}

func (s *directStack) onChannel(channel *webrtc.DataChannel) {
	s.lock.Lock()
	name := fmt.Sprintf("in%d", s.incoming)
	s.incoming++
	s.lock.Unlock()
	report(map[string]interface{}{"event": "channel", "channel": name, "label": channel.Label(),
		"id": channel.ID(), "protocol": channel.Protocol(), "ordered": channel.Ordered(),
		"maxRetransmits": channel.MaxRetransmits(), "maxPacketLifeTime": channel.MaxPacketLifeTime()})
	s.watch(name, channel)
}

func (s *directStack) watch(name string, channel *webrtc.DataChannel) {
	s.lock.Lock()
	s.channels[name] = channel
	s.lock.Unlock()
	channel.OnOpen(func() {
		report(map[string]interface{}{"event": "open", "channel": name, "id": channel.ID()})
	})
	channel.OnClose(func() {
		report(map[string]interface{}{"event": "closed", "channel": name})
	})
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		kind := "binary"
		if message.IsString {
			kind = "text"
		}
		sum := sha256.Sum256(message.Data)
		head := string(message.Data)
		if len(head) > 24 {
			head = head[:24]
		}
		report(map[string]interface{}{"event": "message", "channel": name, "kind": kind,
			"size": len(message.Data), "sha256": hex.EncodeToString(sum[:]),
			"head": head[:strings.LastIndex(head, ":")+1]})
	})
}

func (s *directStack) obey(order *directOrder) error {
	switch order.Do + order.Type {
	case "create":
		return s.create(order)
	case "restart":
		return s.offer(true)
	case "offer":
		if order.Do == "offer" {
			return s.offer(false)
		}
		return s.accept(webrtc.SDPTypeOffer, order.SDP)
	case "answer":
		return s.accept(webrtc.SDPTypeAnswer, order.SDP)
	case "candidate":
		return s.candidate(order)
	case "send", "close":
		s.lock.Lock()
		channel := s.channels[order.Channel]
		s.lock.Unlock()
		if channel == nil {
			return errors.New("no such channel")
		}
		if order.Do == "close" {
			return channel.Close()
		}
		return send(channel, order)
	}
	return errors.New("no such order")
}

func (s *directStack) create(order *directOrder) error {
	channel, err := s.pc.CreateDataChannel(order.Label, &webrtc.DataChannelInit{
		Ordered: order.Ordered, MaxRetransmits: order.MaxRetransmits, MaxPacketLifeTime: order.MaxPacketLifeTime,
		Protocol: &order.Protocol, Negotiated: order.Negotiated, ID: order.ID})
	if err == nil {
		s.watch(order.Channel, channel)
	}
	return err
}

// set says a description before it is set: setting it starts to gather.
func (s *directStack) set(description webrtc.SessionDescription, err error) error {
	if err != nil {
		return err
	}
	s.candidateLock.Lock()
	defer s.candidateLock.Unlock()
	report(map[string]interface{}{"type": description.Type.String(), "sdp": description.SDP})
	return s.pc.SetLocalDescription(description)
}

func (s *directStack) offer(restart bool) error {
	return s.set(s.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: restart}))
}

func (s *directStack) accept(kind webrtc.SDPType, sdp string) error {
	err := s.pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: sdp})
	if err == nil && kind == webrtc.SDPTypeOffer {
		err = s.set(s.pc.CreateAnswer(nil))
	}
	for err == nil && len(s.held) > 0 {
		err = s.pc.AddICECandidate(s.held[0])
		s.held = s.held[1:]
	}
	return err
}

// candidate holds what comes before the description that it belongs to.
func (s *directStack) candidate(order *directOrder) error {
	if order.Candidate == nil || *order.Candidate == "" {
		return nil
	}
	init := webrtc.ICECandidateInit{Candidate: *order.Candidate, SDPMid: order.SDPMid, SDPMLineIndex: order.SDPMLineIndex}
	if s.pc.RemoteDescription() == nil {
		s.held = append(s.held, init)
		return nil
	}
	return s.pc.AddICECandidate(init)
}

func send(channel *webrtc.DataChannel, order *directOrder) error {
	var err error
	data := payload(order.Head, order.Size)
	if order.Kind == "text" {
		err = channel.SendText(string(data))
	} else {
		err = channel.Send(data)
	}
	if err == nil {
		report(map[string]interface{}{"event": "sent", "channel": order.Channel, "size": order.Size})
	}
	return err
}
