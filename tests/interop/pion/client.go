// SPDX-License-Identifier: LGPL-2.1-or-later

// A member of a room on pion: signaling over the WebSocket (wherry.1), data channels detached, so
// that whoever does not read closes the receive window.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"github.com/pion/datachannel"
	"github.com/pion/ice/v2"
	"github.com/pion/webrtc"
)

// What pion announces as its largest message (version 3.1 says so in its descriptions, or leaves it out).
const maxMessage = 65535

// For the answers to the handshake and to join.
var handshakeTimeout = 60 * time.Second

type frame struct {
	Type          string          `json:"type"`
	Peer          string          `json:"peer,omitempty"`
	Name          string          `json:"name,omitempty"`
	Room          string          `json:"room,omitempty"`
	Reason        string          `json:"reason,omitempty"`
	Code          string          `json:"code,omitempty"`
	Message       string          `json:"message,omitempty"`
	SDP           string          `json:"sdp,omitempty"`
	Candidate     *string         `json:"candidate,omitempty"`
	SDPMid        *string         `json:"sdpMid,omitempty"`
	SDPMLineIndex *uint16         `json:"sdpMLineIndex,omitempty"`
	Ufrag         *string         `json:"usernameFragment,omitempty"`
	Mirror        *bool           `json:"mirror,omitempty"`
	Members       json.RawMessage `json:"members,omitempty"`
	Data          json.RawMessage `json:"data,omitempty"`
	From          string          `json:"from,omitempty"`
	Max           uint32          `json:"maxMessageSize,omitempty"`
	Resume        json.RawMessage `json:"resume,omitempty"`
	Resumed       bool            `json:"resumed,omitempty"`
	Accepted      json.RawMessage `json:"accepted,omitempty"`
}

type client struct {
	id      string
	pc      *webrtc.PeerConnection
	ws      *websocket.Conn
	wsLock  sync.Mutex
	joined  chan string
	hello   frame      // the server's joined
	failed  chan error // buffered: the first reason
	left    chan string
	events  func(frame)         // everything that comes over the socket
	rewrite func(string) string // what becomes of our offer's text, for tests of lies
	held    []webrtc.ICECandidateInit
	remote  bool

	candidateLock sync.Mutex // held while the offer goes out, so that no candidate overtakes it
}

type channelSpec struct {
	Label          string
	Ordered        bool
	MaxRetransmits *uint16
	Protocol       string
	Negotiated     *uint16
}

// loopback keeps all traffic on the machine.
func loopback() webrtc.SettingEngine {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	return settings
}

func newAPI() *webrtc.API {
	settings := loopback()
	settings.DetachDataChannels()
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled) // a socket for each connection
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings))
}

var api = newAPI()

func (c *client) send(f interface{}) error {
	c.wsLock.Lock()
	defer c.wsLock.Unlock()
	return c.ws.WriteJSON(f)
}

func (c *client) fail(err error) {
	select {
	case c.failed <- err:
	default:
	}
}

// dial opens the socket and joins; the peer connection is made, but offers only in connect().
func dial(server, room, name string, mirror bool, events func(frame)) (*client, error) {
	return dialWith(server, frame{Type: "join", Room: room, Name: name, Mirror: &mirror}, events)
}

func dialWith(server string, join frame, events func(frame)) (*client, error) {
	u, err := url.Parse(server)
	if err != nil {
		return nil, err
	}
	u.Scheme = strings.Replace(u.Scheme, "http", "ws", 1)
	u.Path = "/connect"
	dialer := websocket.Dialer{Subprotocols: []string{"wherry.1"}, HandshakeTimeout: handshakeTimeout}
	ws, _, err := dialer.Dial(u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("dialing %s: %w", u, err)
	}
	c := &client{ws: ws, joined: make(chan string, 1), failed: make(chan error, 1),
		left: make(chan string, 1), events: events}
	if c.pc, err = api.NewPeerConnection(webrtc.Configuration{}); err != nil {
		return nil, err
	}
	c.pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		c.candidateLock.Lock()
		defer c.candidateLock.Unlock()
		if candidate == nil {
			empty := ""
			_ = c.send(frame{Type: "candidate", Candidate: &empty})
			return
		}
		init := candidate.ToJSON()
		_ = c.send(frame{Type: "candidate", Candidate: &init.Candidate, SDPMid: init.SDPMid,
			SDPMLineIndex: init.SDPMLineIndex})
	})
	c.pc.OnConnectionStateChange(func(s webrtc.PeerConnectionState) {
		if s == webrtc.PeerConnectionStateFailed {
			c.fail(errors.New("peer connection failed"))
		}
	})
	if err = c.send(join); err != nil {
		return nil, err
	}
	go c.read()
	select {
	case c.id = <-c.joined:
		return c, nil
	case err = <-c.failed:
	case <-time.After(handshakeTimeout):
		err = errors.New("no answer to join")
	}
	_ = ws.Close()
	return nil, err
}

func (c *client) read() {
	for {
		var f frame
		_, data, err := c.ws.ReadMessage()
		if err != nil {
			c.fail(fmt.Errorf("signaling socket: %w", err))
			return
		}
		if err = json.Unmarshal(data, &f); err != nil {
			c.fail(fmt.Errorf("frame from the server: %w in %q", err, data))
			return
		}
		if err = c.handle(f); err != nil {
			c.fail(err)
		}
		if c.events != nil {
			c.events(f)
		}
	}
}

func (c *client) handle(f frame) error {
	switch f.Type {
	case "joined":
		c.hello = f
		c.joined <- f.Peer
	case "answer":
		err := c.pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: f.SDP})
		if err != nil {
			return err
		}
		c.remote = true
		for _, candidate := range c.held {
			if err = c.pc.AddICECandidate(candidate); err != nil {
				return err
			}
		}
		c.held = nil
	case "candidate":
		if f.Candidate == nil || *f.Candidate == "" {
			return nil
		}
		init := webrtc.ICECandidateInit{Candidate: *f.Candidate, SDPMid: f.SDPMid, SDPMLineIndex: f.SDPMLineIndex}
		if !c.remote {
			c.held = append(c.held, init)
			return nil
		}
		return c.pc.AddICECandidate(init)
	case "left":
		c.left <- f.Reason
	case "error":
		return fmt.Errorf("server: %s: %s", f.Code, f.Message)
	}
	return nil
}

// open makes a channel; opened is called with the detached channel once it is acknowledged.
func (c *client) open(spec channelSpec, opened func(datachannel.ReadWriteCloser, *webrtc.DataChannel)) error {
	init := &webrtc.DataChannelInit{Ordered: &spec.Ordered, MaxRetransmits: spec.MaxRetransmits}
	if spec.Protocol != "" {
		init.Protocol = &spec.Protocol
	}
	if spec.Negotiated != nil {
		yes := true
		init.Negotiated = &yes
		init.ID = spec.Negotiated
	}
	channel, err := c.pc.CreateDataChannel(spec.Label, init)
	if err != nil {
		return err
	}
	c.watch(channel, opened)
	return nil
}

func (c *client) watch(channel *webrtc.DataChannel, opened func(datachannel.ReadWriteCloser, *webrtc.DataChannel)) {
	channel.OnOpen(func() {
		raw, err := channel.Detach()
		if err != nil {
			c.fail(fmt.Errorf("detaching %s: %w", channel.Label(), err))
			return
		}
		opened(raw, channel)
	})
}

func (c *client) connect() error {
	return c.connectDeclaring(nil)
}

// connectDeclaring offers and declares negotiated channels to the server.
func (c *client) connectDeclaring(channels []map[string]interface{}) error {
	offer, err := c.pc.CreateOffer(nil)
	if err != nil {
		return err
	}
	message := map[string]interface{}{"type": "offer", "sdp": offer.SDP}
	if c.rewrite != nil {
		message["sdp"] = c.rewrite(offer.SDP)
	}
	if channels != nil {
		message["channels"] = channels
	}
	// SetLocalDescription starts to gather: what it finds waits until the offer is out
	c.candidateLock.Lock()
	defer c.candidateLock.Unlock()
	if err = c.pc.SetLocalDescription(offer); err != nil {
		return err
	}
	return c.send(message)
}

func (c *client) close() {
	_ = c.send(frame{Type: "leave"})
	_ = c.pc.Close()
	_ = c.ws.Close()
}
