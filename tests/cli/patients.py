# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wherry doctor` is let loose on: servers that are ill in a certain way, and one run of it."""

import hashlib
import hmac
import json
import socket
import struct
import subprocess
import sys
import threading

from wherry import run
from wherryd import TIMEOUT


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Examined:
    """One run with --json."""

    def __init__(self, *args, env=None, text=""):
        self.code, out, self.err = run(sys.argv[1], "doctor", "--json", *args, env=env, text=text)
        events = [json.loads(line) for line in out.splitlines()]
        assert events, self.err
        self.verdict = events[-1]
        equal(self.verdict["event"], "verdict")
        equal(self.verdict["exit"], self.code)
        self.steps = [event for event in events if event["event"] == "step"]
        self.causes = {event["cause"]: event for event in events if event["event"] == "cause"}
        equal(self.verdict["causes"], list(self.causes))
        self.all = "\n".join(out.splitlines())
        assert "\x1b" not in out + self.err

    def expect(self, code, *causes):
        assert (self.code, sorted(self.causes)) == (code, sorted(causes)), \
            f"{self.code}: {self.all}\n{self.err}"
        for cause in self.causes.values():
            assert cause["what"] and cause["evidence"] and cause["todo"], cause
        return self

    def step(self, name):
        return next(step for step in self.steps if step["step"] == name)


class Firewall:
    """Takes UDP away, by one rule."""

    def __init__(self, hook, rule="meta l4proto udp drop"):
        self.rules = (f"table inet wherry {{ chain c {{ type filter hook {hook} priority 0;"
                      f" {rule}; }}; }}\n")

    def __enter__(self):
        subprocess.run(["nft", "-f", "-"], input=self.rules.encode(), check=True)
        return self

    def __exit__(self, *_):
        subprocess.run(["nft", "delete", "table", "inet", "wherry"], check=True)


class Talker:
    """A TCP server that answers every connection with these bytes, and may be of TLS."""

    def __init__(self, answer, context=None):
        self.server = socket.create_server(("127.0.0.1", 0))
        self.port = self.server.getsockname()[1]
        self.answer, self.context = answer, context
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.server.accept()
            except OSError:
                return
            try:
                if self.context:
                    connection = self.context.wrap_socket(connection, server_side=True)
                connection.recv(65536)
                connection.sendall(self.answer)
                connection.close()
            except OSError:
                pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown(socket.SHUT_RDWR)
        self.server.close()


class Agent:
    """A socket that answers checks as an ICE agent with this password."""

    def __init__(self, password):
        self.password = password
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.users = []
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            request, sender = self.socket.recvfrom(2048)
            if not request:
                return
            at = 20
            while at + 4 <= len(request):
                kind, n = struct.unpack_from("!HH", request, at)
                if kind == 6:
                    self.users.append(request[at + 4:at + 4 + n].decode())
                at += 4 + n + -n % 4
            value = struct.pack("!BBH", 0, 1, sender[1] ^ 0x2112) + bytes(
                a ^ b for a, b in zip(socket.inet_aton(sender[0]), request[4:8]))
            answer = (struct.pack("!HH", 0x0101, 12 + 24) + request[4:20]
                      + struct.pack("!HH", 0x20, 8) + value)
            digest = hmac.new(self.password, answer, hashlib.sha1).digest()
            self.socket.sendto(answer + struct.pack("!HH", 8, 20) + digest, sender)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", ("127.0.0.1", self.port))
        self.thread.join(TIMEOUT)
        self.socket.close()


class Turn:
    """A TURN server of a few lines (RFC 8489 section 9.2, RFC 8656), whose ways can be told; `seen`
    has (method, attributes) of what it was asked."""

    USER, REALM, PASSWORD = "ann", "ill.test", "good"
    COOKIE = 0x2112A442

    def __init__(self, ways):
        self.ways = ways
        self.seen = []
        self.nonces = 0
        self.socket = socket.socket(type=socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.url = f"turn:{self.USER}:{self.PASSWORD}@127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(type=socket.SOCK_DGRAM) as last:
            last.sendto(b"", self.socket.getsockname())
        self.thread.join(TIMEOUT)
        self.socket.close()

    def key(self):
        kind = hashlib.sha256 if "sha256" in self.ways else hashlib.md5
        return kind(f"{self.USER}:{self.REALM}:{self.PASSWORD}".encode()).digest()

    @staticmethod
    def attribute(kind, value):
        return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)

    @staticmethod
    def read(request):
        found, at = {}, 20
        while at + 4 <= len(request):
            kind, n = struct.unpack_from("!HH", request, at)
            found[kind] = (at, request[at + 4:at + 4 + n])
            at += 4 + n + -n % 4
        return found

    def is_sealed(self, request, attributes):
        kind, name, n = (0x1c, "sha256", 32) if "sha256" in self.ways else (0x08, "sha1", 20)
        if kind not in attributes:
            return False
        at, digest = attributes[kind]
        covered = request[:2] + struct.pack("!H", at - 20 + 4 + n) + request[4:at]
        return hmac.compare_digest(digest, hmac.new(self.key(), covered, name).digest())

    def answer(self, request, kind, *attributes, seal=False):
        body = b"".join(attributes)
        head = struct.pack("!HH", kind, len(body) + (seal and (36 if "sha256" in self.ways else 24)))
        message = head + request[4:20] + body
        if seal:
            name = "sha256" if "sha256" in self.ways else "sha1"
            key = b"another" if "forged" in self.ways else self.key()
            message += self.attribute(0x1c if name == "sha256" else 0x08,
                                      hmac.new(key, message, name).digest())
        return message

    def error(self, request, code, text):
        self.nonces += 1
        cookie = b"obMatJos2" + (b"gAAA" if "sha256" in self.ways else b"AAAA")
        more = [self.attribute(0x8002, struct.pack("!HHHH", 2, 0, 1, 0))] \
            if "sha256" in self.ways else []
        return self.answer(request, struct.unpack("!H", request[:2])[0] | 0x110,
                           self.attribute(0x09, bytes([0, 0, code // 100, code % 100]) + text),
                           self.attribute(0x14, self.REALM.encode()),
                           self.attribute(0x15, cookie + b"%d" % self.nonces), *more)

    def handle(self, request):
        method = struct.unpack("!H", request[:2])[0]
        attributes = self.read(request)
        self.seen.append((method, {kind: value for kind, (_, value) in attributes.items()}))
        if not self.is_sealed(request, attributes):
            return self.error(request, 401, b"Unauthorized")
        if "stale" in self.ways and self.nonces < 2 or "always-stale" in self.ways:
            return self.error(request, 438, b"Stale Nonce")
        if "quota" in self.ways:
            return self.error(request, 486, b"Quota\x1b[31m")
        lifetime = self.attribute(0x0d, struct.pack("!I", 0 if method == 4 else 600))
        address = struct.pack("!BBHI", 0, 1, 5000 ^ 0x2112, 0x7f000001 ^ self.COOKIE)
        return self.answer(request, method | 0x100, self.attribute(0x16, address),
                           self.attribute(0x20, address), lifetime, seal=True)

    def serve(self):
        while True:
            request, sender = self.socket.recvfrom(2048)
            if not request:
                return
            if "noise" in self.ways:
                other = bytes(request[:8]) + bytes(12)
                for junk in (b"x", request, other, self.handle(request)[:-1],
                             b"\x01\x13" + bytes(18), b"\xff" * 2000):
                    self.socket.sendto(junk, sender)
            self.socket.sendto(self.handle(request), sender)
