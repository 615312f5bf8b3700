#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signaling by HTTP under attack: requests that are wrong in every way, bodies that never end,
members that never connect, addresses that are guessed."""

import os
import random
import re
import time

from scene import FULL, MIB, SLOWER, Scene, run_tests, times
from wire import connect, metrics, read_all, send_and_read

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
       "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
       + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=sctp-port:5000\r\n"
       "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n").encode()
FRAGMENT = (b"a=ice-ufrag:efgh\r\na=ice-pwd:efghefghefghefghefghefgh\r\n"
            b"m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
            b"a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\na=end-of-candidates\r\n")
CHANNELS = b'Wherry-Channels: [{"label":"a","id":4,"ordered":false,"maxRetransmits":2}]'


def whole(url, method, path, body=b"", *headers):
    """A request as it stands on the wire."""
    host = url.split("/")[2].encode()
    lines = [method + b" " + path + b" HTTP/1.1", b"Host: " + host,
             b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def ask(url, *request):
    """(status, headers in lower case, body); 0: it only ended"""
    with connect(url) as sock:
        answer = send_and_read(sock, whole(url, *request))
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head else 0, head.decode("latin-1"), body


def join(url, room=b"crowd", *headers):
    """The path of a new member."""
    status, head, body = ask(url, b"POST", b"/rooms/" + room + b"/members", SDP,
                             b"Content-Type: application/sdp", *headers)
    assert status == 201, (status, body)
    return re.search(r"\r\nLocation: (\S+)", head)[1].encode()


def mutate(rng, data):
    """Some bytes changed, taken out, doubled, or put in."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0 and at < len(data):
            data[at] = rng.randrange(256)
        elif kind == 1:
            del data[at:at + rng.choice((1, 2, 10, 200))]
        elif kind == 2:
            data[at:at] = data[at:at + rng.choice((1, 10, 500))] * rng.choice((1, 2, 50))
        elif kind == 3:
            data[at:at] = rng.choice((b"%", b"%2F", b"/", b"\r\n", b"\0", b"..", b"\xff", b"\"", b"{", b",", b"*"))
        elif at < len(data):
            data[at] = rng.choice(b"\r\n \t/%?:;,=\0\xff09azAZ")
    return bytes(data)


def mutated_requests():
    """Each is answered as it deserves or its connection ends; nobody else notices."""
    seed = int(os.environ.get("WHERRY_TEST_SEED", random.randrange(1 << 32)))
    print(f"# WHERRY_TEST_SEED={seed}")
    rng = random.Random(seed)
    statuses = {}
    with Scene("--connect-limit-ms", "1500") as scene:
        location = join(scene.url)
        kinds = [
            (b"POST", b"/rooms/crowd/members?name=Ann&mirror=false&attributes=%7B%22a%22:1%7D", SDP,
             b"Content-Type: application/sdp", CHANNELS),
            (b"PATCH", location, FRAGMENT, b"Content-Type: application/trickle-ice-sdpfrag", b"If-Match: *"),
            (b"POST", b"/rooms/crowd/topics/a/b%20c", b"hello", b"Content-Type: text/plain; charset=utf-8"),
            (b"GET", b"/rooms/crowd"),
            (b"OPTIONS", b"/rooms/crowd/members", b"", b"Access-Control-Request-Method: POST"),
            (b"DELETE", b"/rooms/crowd/members/0123456789abcdef?ban=5"),
        ]
        for _ in range(times(1500)):
            data = mutate(rng, whole(scene.url, *rng.choice(kinds)))
            with connect(scene.url) as sock:
                answer = send_and_read(sock, data)
            status = int(answer.split(b" ")[1]) if answer else 0
            assert status in (0, 400, 426, 428, *range(200, 206), *range(400, 418), 429, 501, 503, 505), answer[:200]
            statuses[status] = statuses.get(status, 0) + 1
        print(f"# {dict(sorted(statuses.items()))}")
        ask(scene.url, b"DELETE", location)
        # who joined by a request that was good all the same
        deadline = time.monotonic() + 60 * SLOWER
        while metrics(scene.url)["members"] > 2 and time.monotonic() < deadline:
            time.sleep(0.2)
        scene.until(members=2)


def bodies_that_never_end():
    """They count against the budget, and each is over after 10 s; others get in meanwhile."""
    with Scene() as scene:
        before = metrics(scene.url)["budget_used_bytes"]
        head = whole(scene.url, b"POST", b"/rooms/crowd/members", b"x" * 60000, b"Content-Type: application/sdp")
        slow = [connect(scene.url) for _ in range(400)]
        for sock in slow:
            sock.sendall(head[:-30000])
        deadline = time.monotonic() + 8
        while (held := metrics(scene.url)["budget_used_bytes"] - before) < 400 * 30000:
            assert time.monotonic() < deadline, f"only {held} bytes are counted"
        ask(scene.url, b"DELETE", join(scene.url))
        assert all(read_all(sock) == b"" for sock in slow)
        for sock in slow:
            sock.close()
        assert scene.rose("sockets_refused") >= 400
        assert metrics(scene.url)["budget_used_bytes"] < MIB + before


def members_that_never_connect():
    """They are gone when the time is over, with their threads and what they had."""
    with Scene("--connect-limit-ms", "1500", "--members-per-room", "150") as scene:
        statuses = []
        for _ in range(200):
            statuses.append(ask(scene.url, b"POST", b"/rooms/crowd/members", SDP,
                                b"Content-Type: application/sdp", CHANNELS)[0])
        assert set(statuses) <= {201, 409}, set(statuses)
        assert statuses.count(201) >= 100, statuses.count(201)
        scene.until(members=2, peers=2)
        assert scene.rose("left_timeout") >= 100


def guessed_addresses():
    """None is found, and all wrong ones are answered alike."""
    with Scene() as scene:
        location = join(scene.url)
        prefix, secret = location[:-32], location[-32:].decode()
        bodies = set()
        for n in range(times(500)):
            digit = "0123456789abcdef"[(int(secret[n % 32], 16) + 1 + n // 32 % 15) % 16]
            guess = secret[:n % 32] + digit + secret[n % 32 + 1:]  # all but one digit is right
            status, _, body = ask(scene.url, b"DELETE", prefix + guess.encode())
            assert status == 404, (status, body)
            bodies.add(body)
        assert len(bodies) == 1, bodies
        assert ask(scene.url, b"DELETE", location)[0] == 200


if __name__ == "__main__":
    run_tests(mutated_requests, members_that_never_connect, guessed_addresses,
              *([bodies_that_never_end] if FULL else []))
