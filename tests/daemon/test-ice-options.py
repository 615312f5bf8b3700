#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wherryd's options about addresses, as a client sees them: its candidates and its errors. The
servers are fakes on loopback; nothing is sent anywhere else."""

import hashlib
import hmac
import socket
import struct
import sys
import threading

from wherryd import Daemon, Socket, free_port, run_tests

BINARY = sys.argv[1]
COOKIE = 0x2112a442
USER, PASSWORD, REALM = "ferry:man", "p@ss", b"wherry.test"


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def gather(client):
    """(offer, its candidates as lists of words)"""
    offer = client.ask(type="call")
    equal(offer["type"], "offer")
    found = []
    while (message := client.receive())["candidate"]:
        found.append(message["candidate"].split())
    return offer, found


def own_address():
    """What this machine has towards the network, or None; connecting a datagram socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = probe.getsockname()[0]
        return None if address.startswith("127.") else address


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def xor_address(kind, host, port):
    address = struct.unpack("!I", socket.inet_aton(host))[0] ^ COOKIE
    return attribute(kind, struct.pack("!BBHI", 0, 1, port ^ (COOKIE >> 16), address))


class Server:
    """STUN (RFC 8489) and the first step of TURN (RFC 8656): it says that the client is at
    198.51.100.1:4001 and gives it 198.51.100.2:4002, once the client has proved the password."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.key = hashlib.md5(b":".join([USER.encode(), REALM, PASSWORD.encode()])).digest()
        self.proved = 0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            data, client = self.socket.recvfrom(2048)
            if len(data) >= 20 and (answer := self.answer(data)) is not None:
                self.socket.sendto(answer, client)

    def answer(self, data):
        kind, _, _ = struct.unpack("!HHI", data[:8])
        mapped = xor_address(0x0020, "198.51.100.1", 4001)
        if kind == 0x0001:
            return self.message(0x0101, data, mapped)
        if kind == 0x0003 and not self.is_signed(data):
            return self.message(0x0113, data, attribute(0x0009, b"\0\0\4\1Unauthorized")
                                + attribute(0x0014, REALM) + attribute(0x0015, b"nonce"))
        if kind == 0x0003:
            self.proved += 1
            return self.message(0x0103, data, xor_address(0x0016, "198.51.100.2", 4002) + mapped
                                + attribute(0x000d, struct.pack("!I", 600)), signed=True)
        if kind == 0x0004:  # Refresh, with which it is given back
            return self.message(0x0104, data, attribute(0x000d, bytes(4)), signed=True)
        return None

    def is_signed(self, data):
        at = 20
        while at + 4 <= len(data):
            kind, length = struct.unpack("!HH", data[at:at + 4])
            if kind == 0x0008:
                head = data[:2] + struct.pack("!H", at + 4) + data[4:at]
                return data[at + 4:at + 24] == hmac.digest(self.key, head, "sha1")
            at += 4 + length + (-length % 4)
        return False

    def message(self, kind, request, attributes, signed=False):
        length = len(attributes) + (24 if signed else 0)
        head = struct.pack("!HH", kind, length) + request[4:20] + attributes
        return head + attribute(0x0008, hmac.digest(self.key, head, "sha1")) if signed else head


def test_stun_server():
    """Our reflexive address is announced; clients are told of the server."""
    server = Server()
    with Daemon(BINARY, "--stun-server", f"stun:127.0.0.1:{server.port}") as daemon, \
            Socket(daemon) as client:
        joined = client.ask(type="join", room="r")
        equal(joined["iceServers"], [{"urls": [f"stun:127.0.0.1:{server.port}"]}])
        _, found = gather(client)
        reflexive = [words for words in found if words[7] == "srflx"]
        equal([words[4:6] for words in reflexive], [["198.51.100.1", "4001"]])
        equal(daemon.end(), 0)


def test_turn_server():
    """A relayed address is allocated and announced; clients are not told of a server whose password
    is ours."""
    server = Server()
    turn = f"turn:ferry%3Aman:p%40ss@127.0.0.1:{server.port}"
    with Daemon(BINARY, "--turn-server", turn) as daemon, Socket(daemon) as client:
        equal(client.ask(type="join", room="r")["iceServers"], [])
        _, found = gather(client)
        relayed = [words for words in found if words[7] == "relay"]
        equal([words[4:6] for words in relayed], [["198.51.100.2", "4002"]])
        assert server.proved > 0
        equal(daemon.end(), 0)
        assert "p@ss" not in daemon.log() and "p%40ss" not in daemon.log()


def test_silent_servers():
    """Servers that never answer delay nothing but the end of the candidates."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{silent.getsockname()[1]}"
        with Daemon(BINARY, "--stun-server", f"stun:{at}", "--turn-server", f"turn:u:p@{at}") \
                as daemon, Socket(daemon) as client:
            equal(client.ask(type="call")["type"], "offer")
            assert client.receive()["candidate"].split()[7] == "host"
            equal(daemon.end(), 0)


def test_bind_address():
    with Daemon(BINARY, "--listen", "127.0.0.1:0", "--bind-address", "127.0.0.2", "--bind-address",
                "127.0.0.3", defaults=False) as daemon, Socket(daemon) as client:
        _, found = gather(client)
        equal(sorted(words[4] for words in found), ["127.0.0.2", "127.0.0.3"])
        equal(daemon.end(), 0)
    # an address that is not ours: each client is told, none is left hanging, and the server stays
    with Daemon(BINARY, "--listen", "127.0.0.1:0", "--bind-address", "192.0.2.1",
                defaults=False) as daemon:
        for _ in range(2):
            with Socket(daemon) as client:
                answer = client.ask(type="call", tid="x")
                equal((answer.get("code"), answer.get("tid")), ("server-full", "x"))
                equal(client.receive(), {"type": "left", "reason": "failed"})
        equal(daemon.end(), 0)


def test_external_address():
    """The public address stands in place of the one that the machine has; loopback is left alone."""
    own = own_address()
    addresses = ["127.0.0.1"] + ([own] if own else [])
    binds = [word for address in addresses for word in ("--bind-address", address)]
    with Daemon(BINARY, "--listen", "127.0.0.1:0", *binds, "--external-address", "203.0.113.7",
                defaults=False) as daemon, Socket(daemon) as client:
        offer, found = gather(client)
        equal(sorted(words[4] for words in found), ["127.0.0.1"] + (["203.0.113.7"] if own else []))
        if own:
            assert own not in offer["sdp"] and not any(own in words for words in found), found
        equal(daemon.end(), 0)


def test_port_range():
    """Ports come from the range. When none is left the client is told server-full and then left; when
    one is free again the next gets it."""
    port = free_port(socket.SOCK_DGRAM)
    with Daemon(BINARY, "--port-range", f"{port}-{port}") as daemon:
        with Socket(daemon) as first:
            _, found = gather(first)
            equal([words[5] for words in found], [str(port)])
            with Socket(daemon) as second:
                equal(second.ask(type="join", room="r")["type"], "joined")
                answer = second.ask(type="call", tid=3)
                equal((answer["type"], answer["code"], answer["ref"], answer["tid"]),
                      ("error", "server-full", "call", 3))
                assert str(port) not in answer["message"], answer
                equal(second.receive(), {"type": "left", "reason": "failed"})
                equal(second.receive(), {"close": 1000})
            equal(first.ask(type="leave")["type"], "left")
        while daemon.metric("peers") > 0:
            pass
        with Socket(daemon) as third:
            equal([words[5] for words in gather(third)[1]], [str(port)])
        equal(daemon.metric("bugs_total"), 0)
        equal(daemon.end(), 0)


if __name__ == "__main__":
    run_tests([value for name, value in sorted(globals().items()) if name.startswith("test_")])
