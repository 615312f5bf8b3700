#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A participant on aiortc in the direct mode of ../participant.md (/usr/bin/python3: Debian's)."""

import asyncio
import json
import pathlib
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, __version__
from aiortc.sdp import candidate_from_sdp

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from lines import heard, payload, refused, say  # noqa: E402


class Stack:
    def __init__(self):
        self.channels = {}
        self.incoming = 0
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.connection.on("datachannel", self.on_channel)
        self.connection.on("connectionstatechange", lambda: say(
            event="state", state=self.connection.connectionState))

    def on_channel(self, channel):
        name = f"in{self.incoming}"
        self.incoming += 1
        say(event="channel", channel=name, label=channel.label, id=channel.id,
            protocol=channel.protocol, ordered=channel.ordered,
            maxRetransmits=channel.maxRetransmits, maxPacketLifeTime=channel.maxPacketLifeTime)
        self.watch(name, channel)

    def watch(self, name, channel):
        self.channels[name] = channel

        def on_open():
            say(event="open", channel=name, id=channel.id)

        channel.on("open", on_open)
        channel.on("close", lambda: say(event="closed", channel=name))
        channel.on("message", lambda message: heard(message, channel=name))
        if channel.readyState == "open":
            on_open()

    def create(self, order):
        options = {key: order[key] for key in (
            "ordered", "maxRetransmits", "maxPacketLifeTime", "protocol", "negotiated", "id")
            if key in order}
        self.watch(order["channel"], self.connection.createDataChannel(order["label"], **options))

    async def set(self, description):
        # aiortc gathers here and has no trickle of its own: what it then has is complete
        await self.connection.setLocalDescription(description)
        local = self.connection.localDescription
        say(type=local.type, sdp=local.sdp)
        say(type="candidate", candidate="", sdpMid=None, sdpMLineIndex=None)

    async def accept(self, order):
        await self.connection.setRemoteDescription(
            RTCSessionDescription(sdp=order["sdp"], type=order["type"]))
        if order["type"] == "offer":
            await self.set(await self.connection.createAnswer())

    async def candidate(self, order):
        if not order.get("candidate"):
            return  # aiortc 1.4 has no word for the end of candidates
        candidate = candidate_from_sdp(order["candidate"].split(":", 1)[1])
        candidate.sdpMid = order["sdpMid"]
        candidate.sdpMLineIndex = order["sdpMLineIndex"]
        await self.connection.addIceCandidate(candidate)

    def send(self, order):
        data = payload(order["head"], order["size"])
        channel = self.channels[order["channel"]]
        channel.send(data.decode() if order["kind"] == "text" else data)
        say(event="sent", channel=order["channel"], size=order["size"])

    async def obey(self, order):
        do = order.get("do") or order["type"]
        if "sdp" in order:
            await self.accept(order)
        elif do == "offer":
            await self.set(await self.connection.createOffer())
        elif do == "candidate":
            await self.candidate(order)
        elif do == "create":
            self.create(order)
        elif do == "send":
            self.send(order)
        elif do == "close":
            self.channels[order["channel"]].close()
        elif do == "restart":
            await self.set(await self.connection.createOffer(iceRestart=True))
        else:
            raise RuntimeError("no such order")


async def main():
    stack = Stack()
    loop = asyncio.get_running_loop()
    say(event="ready", stack="aiortc", version=__version__)
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        order = json.loads(line) if line else {"do": "quit"}
        if order.get("do") == "quit":
            break
        try:
            await stack.obey(order)
        except Exception as error:  # whatever it is, whoever gave the order must hear of it
            refused(order, error)
    await stack.connection.close()


asyncio.run(main())
