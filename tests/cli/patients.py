# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wherry doctor` is let loose on: servers that are ill in a certain way, and one run of it."""

import hashlib
import hmac
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

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


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Coturn:
    def __init__(self, *users, secret=None):
        self.directory = tempfile.mkdtemp(prefix="wherry-coturn-")
        for _ in range(5):
            self.port = free_port()
            auth = (["--use-auth-secret", "--static-auth-secret=" + secret] if secret
                    else ["--lt-cred-mech", *("--user=" + user for user in users)])
            self.process = subprocess.Popen(
                ["turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1",
                 f"--listening-port={self.port}", *auth, "--realm=wherry.test", "--no-cli",
                 "--no-tls", "--no-dtls", "--allow-loopback-peers", "--log-file=stdout",
                 "--pidfile=" + os.path.join(self.directory, "pid"),
                 "--userdb=" + os.path.join(self.directory, "users")],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if self.is_up():
                return
            self.end()
        raise AssertionError("coturn does not start")

    def is_up(self):
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return True
            except OSError:
                time.sleep(0.02)
        return False

    def end(self):
        self.process.kill()
        self.process.wait(TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()
        shutil.rmtree(self.directory)


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
