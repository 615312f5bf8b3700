#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The credentials in `joined` open a real TURN server that has the same secret; others, and those
that have ended, do not."""

import base64
import hashlib
import hmac
import os
import shutil
import socket
import struct
import sys
import tempfile
import time

from coturn import Coturn
from wherryd import TIMEOUT, Daemon, Socket, run_tests

BINARY = sys.argv[1]
ALLOCATE, ALLOCATED, REFUSED = 0x0003, 0x0103, 0x0113
USERNAME, INTEGRITY, ERROR, REALM, NONCE, TRANSPORT = 0x0006, 0x0008, 0x0009, 0x0014, 0x0015, 0x0019
COOKIE = 0x2112A442


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def attributes_of(message):
    found, at = {}, 20
    while at + 4 <= len(message):
        kind, n = struct.unpack_from("!HH", message, at)
        found[kind] = message[at + 4:at + 4 + n]
        at += 4 + n + -n % 4
    return found


def open_client(port):
    client = socket.socket(type=socket.SOCK_DGRAM)
    client.settimeout(0.5)
    client.connect(("127.0.0.1", port))
    return client


def exchange(client, attributes, key=None):
    """RFC 8489: (type of the answer, its attributes)"""
    transaction = os.urandom(12)
    n = len(attributes) + (24 if key is not None else 0)
    request = struct.pack("!HHI", ALLOCATE, n, COOKIE) + transaction + attributes
    if key is not None:
        request += attribute(INTEGRITY, hmac.new(key, request, "sha1").digest())
    until = time.monotonic() + TIMEOUT
    while time.monotonic() < until:
        try:
            client.send(request)
            answer = client.recv(2048)
        except (TimeoutError, ConnectionRefusedError):
            time.sleep(0.02)
            continue
        if answer[8:20] == transaction:
            return struct.unpack_from("!H", answer)[0], attributes_of(answer)
    raise AssertionError("the TURN server does not answer")


def allocate(port, username, password):
    """None, or the error's number."""
    transport = attribute(TRANSPORT, bytes([17, 0, 0, 0]))
    with open_client(port) as client:  # a nonce is good for where it was asked from
        kind, asked = exchange(client, transport)
        assert kind == REFUSED and asked[ERROR][2:4] == bytes([4, 1]), asked
        realm = asked[REALM].decode()
        key = hashlib.md5(f"{username}:{realm}:{password}".encode()).digest()
        who = attribute(USERNAME, username.encode()) + attribute(REALM, asked[REALM])
        kind, answer = exchange(client, transport + who + attribute(NONCE, asked[NONCE]), key)
    return None if kind == ALLOCATED else answer[ERROR][2] * 100 + answer[ERROR][3]


def test_credentials():
    with tempfile.TemporaryDirectory() as directory, Coturn(secret="a secret of two") as coturn:
        path = os.path.join(directory, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write("a secret of two\n")
        with Daemon(BINARY, "--turn-rest-secret-file", path, "--turn-rest-uri",
                    f"turn:127.0.0.1:{coturn.port}") as daemon, Socket(daemon) as client:
            server = client.ask(type="join", room="r")["iceServers"][0]
        assert server["urls"] == [f"turn:127.0.0.1:{coturn.port}"], server
        refused = allocate(coturn.port, server["username"], server["credential"])
        assert refused is None, refused
        assert allocate(coturn.port, server["username"], "wrong") == 401
        # one that has ended, made as ours are
        over = f"{int(time.time()) - 60}:x"
        code = base64.b64encode(hmac.new(b"a secret of two", over.encode(), "sha1").digest())
        assert allocate(coturn.port, over, code.decode()) == 401
        # and another end is not under that code
        later = f"{int(time.time()) + 9000}:{server['username'].split(':')[1]}"
        assert allocate(coturn.port, later, server["credential"]) == 401


if __name__ == "__main__":
    if shutil.which("turnserver") is None:
        print("1..0 # SKIP there is no turnserver: install coturn")
        sys.exit(0)
    run_tests([test_credentials])
