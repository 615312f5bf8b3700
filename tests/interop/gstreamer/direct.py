#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A participant on GStreamer's webrtcbin, as ../participant.md describes it (/usr/bin/python3:
Debian's). Signals come on webrtcbin's own thread; orders are read on the main thread."""

import json
import pathlib
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lines import heard, payload, refused, say  # noqa: E402

TYPES = {"offer": GstWebRTC.WebRTCSDPType.OFFER, "answer": GstWebRTC.WebRTCSDPType.ANSWER}
NAMES = {"ordered": "ordered", "maxRetransmits": "max-retransmits",
         "maxPacketLifeTime": "max-packet-lifetime", "protocol": "protocol",
         "negotiated": "negotiated", "id": "id"}


class Stack:
    def __init__(self):
        self.channels = {}
        self.incoming = 0
        self.pipeline = Gst.Pipeline.new(None)
        self.bin = Gst.ElementFactory.make("webrtcbin")
        self.bin.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
        self.pipeline.add(self.bin)
        # kept: webrtcbin 1.22 leaves its only reference floating, and ours takes it
        self.ice = self.bin.get_property("ice-agent")
        self.ice.get_property("agent").set_property("upnp", False)
        self.ice.emit("add-local-ip-address", "127.0.0.1")
        self.bin.connect("on-ice-candidate", self.on_candidate)
        self.bin.connect("on-data-channel", self.on_channel)
        self.bin.connect("notify::connection-state", self.on_state)
        self.pipeline.set_state(Gst.State.PLAYING)

    def on_candidate(self, _bin, index, candidate):
        say(type="candidate", candidate=candidate, sdpMid=None, sdpMLineIndex=index)

    def on_state(self, _bin, _spec):
        say(event="state", state=self.bin.get_property("connection-state").value_nick)

    def on_channel(self, _bin, channel):
        name = f"in{self.incoming}"
        self.incoming += 1
        get = channel.get_property
        say(event="channel", channel=name, label=get("label"), id=get("id"),
            protocol=get("protocol") or "", ordered=get("ordered"),
            maxRetransmits=none_if_negative(get("max-retransmits")),
            maxPacketLifeTime=none_if_negative(get("max-packet-lifetime")))
        self.watch(name, channel)

    def watch(self, name, channel):
        self.channels[name] = channel
        opened = []

        def on_open(_channel):
            if not opened:
                opened.append(True)
                say(event="open", channel=name, id=channel.get_property("id"))

        channel.connect("on-open", on_open)
        channel.connect("on-close", lambda _: say(event="closed", channel=name))
        channel.connect("on-error", lambda _, error: refused(
            {"do": "send", "channel": name}, error.message))
        channel.connect("on-message-string", lambda _, text: heard(text or "", channel=name))
        channel.connect("on-message-data",
                        lambda _, data: heard(data.get_data() or b"" if data else b"", channel=name))
        if channel.get_property("ready-state") == GstWebRTC.WebRTCDataChannelState.OPEN:
            on_open(channel)

    def ask(self, signal, argument, answer=None):
        promise = Gst.Promise.new()
        self.bin.emit(signal, argument, promise)
        promise.wait()
        reply = promise.get_reply()  # the promise's own, with what is in it
        if reply is not None and reply.has_field("error"):
            raise RuntimeError(reply.get_value("error").message)
        return reply.get_value(answer).copy() if answer else None

    def describe(self, kind, options=None):
        description = self.ask(f"create-{kind}", options, kind)
        say(type=kind, sdp=description.sdp.as_text())
        self.ask("set-local-description", description)

    def create(self, order):
        options = Gst.Structure.new_empty("options")
        for key, name in NAMES.items():
            if key in order:
                options.set_value(name, order[key])
        channel = self.bin.emit("create-data-channel", order["label"], options)
        if channel is None:
            raise RuntimeError("webrtcbin made no channel")
        self.watch(order["channel"], channel)

    def accept(self, order):
        _, sdp = GstSdp.SDPMessage.new_from_text(order["sdp"])
        description = GstWebRTC.WebRTCSessionDescription.new(TYPES[order["type"]], sdp)
        self.ask("set-remote-description", description)
        if order["type"] == "offer":
            self.describe("answer")

    def send(self, order):
        data = payload(order["head"], order["size"])
        channel = self.channels[order["channel"]]
        if order["kind"] == "text":
            channel.emit("send-string", data.decode())
        else:
            channel.emit("send-data", GLib.Bytes.new(data))
        say(event="sent", channel=order["channel"], size=order["size"])

    def obey(self, order):
        do = order.get("do") or order["type"]
        if do in TYPES and "sdp" in order:
            self.accept(order)
        elif do == "offer":
            self.describe("offer")
        elif do == "candidate":
            if order["candidate"]:
                self.bin.emit("add-ice-candidate", order["sdpMLineIndex"] or 0, order["candidate"])
        elif do == "create":
            self.create(order)
        elif do == "send":
            self.send(order)
        elif do == "close":
            self.channels[order["channel"]].emit("close")
        elif do == "restart":
            restart = Gst.Structure.new_empty("options")
            restart.set_value("ice-restart", True)
            self.describe("offer", restart)
        else:
            raise RuntimeError("no such order")


def none_if_negative(number):
    return None if number < 0 else number


def main():
    Gst.init(None)
    stack = Stack()
    say(event="ready", stack="gstreamer", version=Gst.version_string().split()[-1])
    for line in sys.stdin:
        order = json.loads(line)
        if order.get("do") == "quit":
            break
        try:
            stack.obey(order)
        except Exception as error:  # whatever it is, whoever gave the order must hear of it
            refused(order, error)
    stack.pipeline.set_state(Gst.State.NULL)


main()
