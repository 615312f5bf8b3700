#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A member by HTTP alone, on aiortc: by-http.py URL-OF-MEMBERS. It prints what it hears on the channel
chat, and repeats it there; the end of standard input ends it."""

import asyncio
import json
import sys
import urllib.parse
import urllib.request

from aiortc import RTCPeerConnection, RTCSessionDescription


def ask(method, url, body=None, **headers):
    request = urllib.request.Request(url, data=body, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as response:
        return response.status, response.headers, response.read().decode()


async def main(url):
    pc = RTCPeerConnection()
    chat = pc.createDataChannel("chat")
    notices = pc.createDataChannel("wherry:notices")
    loop = asyncio.get_running_loop()

    @chat.on("open")
    def on_open():
        print("open", flush=True)

    @chat.on("message")
    def on_message(data):
        print(f"chat: {data}", flush=True)
        chat.send(f"{data}, says aiortc")

    @notices.on("message")
    def on_notice(data):
        print(f"notice: {json.loads(data)['type']}", flush=True)

    await pc.setLocalDescription(await pc.createOffer())
    status, headers, answer = await loop.run_in_executor(
        None, lambda: ask("POST", url, pc.localDescription.sdp.encode(), **{"Content-Type": "application/sdp"}))
    assert status == 201, status
    await pc.setRemoteDescription(RTCSessionDescription(sdp=answer, type="answer"))
    await loop.run_in_executor(None, sys.stdin.read)
    location = urllib.parse.urljoin(url, headers["Location"])
    status, _, _ = await loop.run_in_executor(None, lambda: ask("DELETE", location))
    print(f"left: {status}", flush=True)
    await pc.close()


asyncio.run(main(sys.argv[1]))
