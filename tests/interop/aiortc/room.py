#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A participant on aiortc, as ../participant.md describes it (/usr/bin/python3: Debian's)."""

import argparse
import asyncio
import hashlib
import json
import sys

import aiohttp
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

MAX = 65536  # what aiortc announces as its largest message


def report(**event):
    print(json.dumps(event), flush=True)


def payload(head, size):
    data = bytearray(ord("a") + i % 26 for i in range(size))
    data[:len(head)] = head.encode()
    return bytes(data)


def on_message(message):
    text = isinstance(message, str)
    data = message.encode() if text else message
    head = data[:24].decode("utf-8", "replace")
    report(event="message", kind="text" if text else "binary", size=len(data),
           sha256=hashlib.sha256(data).hexdigest(), head=head[:head.rfind(":") + 1])


async def signaling(socket, connection, own):
    async for frame in socket:
        if frame.type != aiohttp.WSMsgType.TEXT:
            break
        message = json.loads(frame.data)
        if message["type"] == "joined":
            own["id"] = message["peer"]
        elif message["type"] == "answer":
            await connection.setRemoteDescription(
                RTCSessionDescription(sdp=message["sdp"], type="answer"))
        elif message["type"] == "candidate":
            if not message.get("candidate"):
                continue  # aiortc 1.4 has no word for the end of candidates
            candidate = candidate_from_sdp(message["candidate"].split(":", 1)[1])
            candidate.sdpMid = message["sdpMid"]
            candidate.sdpMLineIndex = message["sdpMLineIndex"]
            await connection.addIceCandidate(candidate)
        elif message["type"] == "error":
            raise RuntimeError(f"server: {message['code']}: {message['message']}")


async def obey(channel):
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        order = json.loads(line) if line else {"do": "quit"}
        if order["do"] == "quit":
            return
        data = payload(order["head"], order["size"])
        channel.send(data.decode() if order["kind"] == "text" else data)
        report(event="sent", size=order["size"])


async def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--server", required=True)
    parser.add_argument("--room", required=True)
    parser.add_argument("--name", required=True)
    options = parser.parse_args()

    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    opened = asyncio.Queue()
    channel = connection.createDataChannel("room-test")
    channel.on("open", lambda: opened.put_nowait("room-test"))
    channel.on("message", on_message)
    notices = connection.createDataChannel("wherry:notices")
    notices.on("open", lambda: opened.put_nowait("notices"))
    notices.on("message", lambda text: report(event="notice", data=json.loads(text)))

    async with aiohttp.ClientSession() as session:
        url = options.server.replace("http", "ws", 1).rstrip("/") + "/connect"
        async with session.ws_connect(url, protocols=["wherry.1"]) as socket:
            await socket.send_json({"type": "join", "room": options.room, "name": options.name})
            own = {}
            reader = asyncio.ensure_future(signaling(socket, connection, own))
            # aiortc gathers in setLocalDescription and has no trickle of its own: the offer has all
            await connection.setLocalDescription(await connection.createOffer())
            await socket.send_json({"type": "offer", "sdp": connection.localDescription.sdp})
            both = asyncio.gather(opened.get(), opened.get())
            done, _ = await asyncio.wait([reader, both], timeout=30,
                                         return_when=asyncio.FIRST_COMPLETED)
            if reader in done:
                reader.result()
            if both not in done:
                raise RuntimeError("the channels did not open")
            report(event="ready", id=own["id"], max=MAX)
            await obey(channel)
            await socket.send_json({"type": "leave"})
            await connection.close()
            reader.cancel()


try:
    asyncio.run(main())
except Exception as error:  # whatever it is, the test that started us must hear of it
    report(event="error", message=f"{type(error).__name__}: {error}")
    sys.exit(1)
