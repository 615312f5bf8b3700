#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Garbage at the ports of ICE, sockets that are not read, and joins without an end."""

import json
import os
import random
import socket
import struct
import time

from ice import Pair, USERNAME, REQUEST, stun
from scene import SLOWER, Scene, resources, run_tests, times
from wire import WebSocket, metrics

SEED = 20260208
OFFER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "wire", "sdp",
                     "chromium-offer.json")


def udp_ports(pid):
    """The UDP ports that a process has bound: its members' ICE ports."""
    sockets = set()
    for name in os.listdir(f"/proc/{pid}/fd"):
        try:
            link = os.readlink(f"/proc/{pid}/fd/{name}")
        except OSError:
            continue
        if link.startswith("socket:["):
            sockets.add(link[8:-1])
    with open("/proc/net/udp") as f:
        rows = [line.split() for line in f.readlines()[1:]]
    return [int(row[1].split(":")[1], 16) for row in rows if row[9] in sockets]


def garbage(rng):
    """Noise, STUN that is signed wrongly, cut off or lies about its length, and DTLS of all sorts."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.randbytes(rng.randrange(0, 1500))
    message = stun(REQUEST, rng.randbytes(12), [(USERNAME, b"abcd:efgh"), (0x0024, b"\0\0\0\1")],
                   "password", bad=True)
    if kind == 1:
        return message
    if kind == 2:
        return message[:rng.randrange(len(message))]
    if kind == 3:
        return message[:2] + struct.pack("!H", rng.randrange(65536)) + message[4:]
    body = rng.randbytes(rng.randrange(0, 1400))
    record = bytes([rng.choice((20, 21, 22, 23, 25)), 0xfe, rng.choice((0xfd, 0xff))])
    record += rng.randbytes(8) + struct.pack("!H", len(body) if kind == 4 else rng.randrange(65536))
    return record + body


def garbage_at_the_ports_of_ice():
    """10,000 datagrams (with a sanitizer 1000) at the talkers' own ports, from strangers; and, over
    a valid pair of somebody who is no DTLS client, as many at that pair."""
    rng = random.Random(SEED)
    print(f"# seed {SEED}")
    count = times(10_000)
    with Scene("--connect-limit-ms", str(5000 * SLOWER)) as scene:
        ports = udp_ports(scene.pid)
        assert len(ports) >= 2, ports
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            for n in range(count):
                sock.sendto(garbage(rng), ("127.0.0.1", rng.choice(ports)))
        scene.talkers.check()
        for setup in ("active", "passive"):
            pair = Pair(":".join(["11"] * 32), setup)
            with WebSocket(scene.url, timeout=60 * SLOWER) as ws:
                ws.send({"type": "join", "room": "talk", "name": "stranger"})
                ws.send({"type": "offer", "sdp": pair.sdp()})
                pair.take_answer(ws)
                pair.check()
                for _ in range(count // 2):
                    pair.sock.sendto(garbage(rng), pair.remote)
                scene.talkers.check()
                left = ws.recv_type("left")
                print(f"# {setup}: {left}")
                assert left.get("reason") in ("timeout", "failed"), left
            pair.close()
        assert scene.rose("dtls_bad_packets") > 0
        assert metrics(scene.url)["members_connected"] == 2


def a_socket_that_is_not_read_is_closed():
    """A room floods it with msg; at 1 MiB that waits it is cut off, and the others go on."""
    with Scene() as scene:
        before = scene.rose("sockets_refused")
        deaf = WebSocket(scene.url, receive_buffer=4096)
        deaf.send({"type": "join", "room": "loud", "name": "deaf"})
        text = "x" * 30_000
        senders = 0
        while scene.rose("sockets_refused") == before:
            assert senders < 200, "it is never cut off"
            senders += 1
            with WebSocket(scene.url) as loud:
                loud.send({"type": "join", "room": "loud"})
                assert loud.recv_type("joined")["type"] == "joined"
                for _ in range(3):
                    loud.send({"type": "msg", "data": text})
                for _ in range(3):
                    assert loud.recv_type("msg", "error").get("type") == "msg"
        print(f"# cut off after {senders} senders")
        deaf.sock.close()
        scene.until(signaling_sockets=2)


def messages_to_nobody():
    """signal to members that do not exist, msg before a join, answers to nothing."""
    with Scene() as scene:
        with WebSocket(scene.url) as ws:
            for message in ({"type": "msg", "data": 1}, {"type": "leave"},
                            {"type": "signal", "to": "1" * 16, "data": 1},
                            {"type": "answer", "sdp": "v=0"}, {"type": "candidate", "candidate": ""}):
                ws.send(message)
                assert ws.recv().get("code") == "not-joined", message
            ws.send({"type": "join", "room": "talk"})
            assert ws.recv()["type"] == "joined"
            for to in ("0" * 16, "f" * 16, "nobody", "", "x" * 1000):
                ws.send({"type": "signal", "to": to, "data": {"a": [1, 2, 3]}})
                assert ws.recv_type("error").get("code") in ("no-such-member", "bad-message"), to
            for n in range(100):
                ws.send({"type": "signal", "to": "0123456789abcdef", "data": n})
            codes = {ws.recv_type("error").get("code") for _ in range(100)}
            assert codes <= {"no-such-member", "rate-limited"}, codes


def joins_and_leaves_without_an_end():
    """2000 members that join the talkers' room and leave at once, one after the other, half of them
    without a word."""
    with Scene() as scene:
        for n in range(times(2000)):
            with WebSocket(scene.url) as ws:
                ws.send({"type": "join", "room": "talk", "name": "storm"})
                assert ws.recv()["type"] == "joined"
                if n % 2:
                    ws.send({"type": "leave"})
                    assert ws.recv_type("left")["type"] == "left"
        scene.until(members=2, rooms=1, peers=2)


def sockets_that_close_before_their_peer_connects():
    """Forty clients that offer, some of them wait for the answer, and close: the threads and files of
    their peers are gone long before the connect limit of 30 s."""
    with open(OFFER) as f:
        sdp = json.load(f)["sdp"]
    with Scene() as scene:
        begun = time.monotonic()
        threads = 0
        for n in range(40):
            with WebSocket(scene.url) as ws:
                ws.send({"type": "join", "room": "talk", "name": "hasty"})
                ws.send({"type": "offer", "sdp": sdp})
                ws.recv_type("answer" if n % 2 else "joined")
                threads = max(threads, resources(scene.pid)["threads"])
        print(f"# {threads} threads at most")
        assert threads >= scene.before["threads"] + 10, (scene.before, threads)
        scene.settle()
        scene.until(members=2, peers=2)
        took = time.monotonic() - begun
        print(f"# {took:.1f} s, {scene.rose('left_timeout')} had an answer")
        assert took < 20, took


if __name__ == "__main__":
    run_tests(garbage_at_the_ports_of_ice, a_socket_that_is_not_read_is_closed, messages_to_nobody,
              joins_and_leaves_without_an_end, sockets_that_close_before_their_peer_connects)
