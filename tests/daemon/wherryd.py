# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running wherryd and a WebSocket of the standard library alone, for tests that drive the real
binary, and a minimal TAP."""

import base64
import json
import os
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import traceback

TIMEOUT = 60


def clean_environment(extra=None):
    env = {k: v for k, v in os.environ.items() if not k.startswith("WHERRY_")}
    env["LC_ALL"] = "C.UTF-8"
    env.update(extra or {})
    return env


class Daemon:
    """Listens on a port of its own and keeps peer connections on loopback, unless told otherwise."""

    def __init__(self, binary, *args, env=None, preexec=None, defaults=True):
        base = ["--listen", "127.0.0.1:0", "--bind-address", "127.0.0.1"] if defaults else []
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary, *base, *args], env=clean_environment(env),
                                        stdout=subprocess.PIPE, stderr=self.errors,
                                        preexec_fn=preexec, text=True)
        self.line = self.process.stdout.readline()
        found = re.fullmatch(r"wherryd: listening on http://(\S+):(\d+)/\n", self.line)
        if not found:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"no address: {self.line!r}, {self.log()!r}")
        self.host, self.port = found[1], int(found[2])

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        if kind is not None:
            print("# " + self.log().replace("\n", "\n# "))
        self.errors.close()

    def log(self):
        self.errors.seek(0)
        return self.errors.read().decode()

    def end(self, number=signal.SIGTERM):
        """Its exit status."""
        self.process.send_signal(number)
        return self.process.wait(TIMEOUT)

    def connect(self):
        host = "127.0.0.1" if self.host == "0.0.0.0" else self.host.strip("[]")
        return socket.create_connection((host, self.port), TIMEOUT)

    def get(self, path, *headers):
        """(status, body)"""
        with self.connect() as connection:
            lines = [f"GET {path} HTTP/1.1", f"Host: {self.host}:{self.port}", *headers, "", ""]
            connection.sendall("\r\n".join(lines).encode())
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]) if head else 0, body.decode()

    def metric(self, name):
        _, text = self.get("/metrics")
        return int(re.search(rf"^wherry_{name} (\d+)$", text, re.MULTILINE)[1])


class Socket:
    """A signaling WebSocket (RFC 6455)."""

    def __init__(self, daemon, *headers):
        self.connection = daemon.connect()
        lines = ["GET /connect HTTP/1.1", f"Host: {daemon.host}:{daemon.port}",
                 "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: " + base64.b64encode(bytes(16)).decode(), *headers, "", ""]
        self.connection.sendall("\r\n".join(lines).encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self.fill()
        head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = [line.split(": ", 1) for line in lines[1:]]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def fill(self):
        chunk = self.connection.recv(65536)
        if not chunk:
            raise EOFError("the server ended the connection")
        self.buffer += chunk

    def take(self, n):
        while len(self.buffer) < n:
            self.fill()
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def send_frame(self, opcode, payload):
        """opcode with the FIN bit"""
        n = len(payload)
        if n < 126:
            head = struct.pack("!BB", opcode, 0x80 | n)
        elif n < 65536:
            head = struct.pack("!BBH", opcode, 0x80 | 126, n)
        else:
            head = struct.pack("!BBQ", opcode, 0x80 | 127, n)
        self.connection.sendall(head + bytes(4) + payload)  # a mask of zeros

    def send(self, **message):
        self.send_frame(0x81, json.dumps(message).encode())

    def receive_frame(self):
        """(opcode, payload)"""
        first, n = struct.unpack("!BB", self.take(2))
        if n == 126:
            n, = struct.unpack("!H", self.take(2))
        elif n == 127:
            n, = struct.unpack("!Q", self.take(8))
        return first & 0x0f, self.take(n)

    def receive(self):
        """The next message; a close is {"close": CODE}. Pings are not answered."""
        opcode, payload = self.receive_frame()
        while opcode == 9:
            opcode, payload = self.receive_frame()
        if opcode == 8:
            return {"close": struct.unpack("!H", payload[:2])[0]}
        return json.loads(payload)

    def ask(self, **message):
        self.send(**message)
        return self.receive()


def free_port(kind=socket.SOCK_STREAM):
    """One that nobody of this machine has just now."""
    with socket.socket(type=kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def raise_soft_limit(soft):
    """A preexec function: this soft limit of open files."""
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE,
                                      (soft, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))


def run_tests(tests):
    """tests: functions; their names and docstrings say what they show."""
    print(f"1..{len(tests)}")
    failed = 0
    for number, test in enumerate(tests, 1):
        name = test.__name__.removeprefix("test_").replace("_", "-")
        try:
            test()
            print(f"ok {number} {name}", flush=True)
        except Exception:  # a test that fails in any way is not ok
            failed += 1
            print("# " + traceback.format_exc().replace("\n", "\n# "))
            print(f"not ok {number} {name}", flush=True)
    sys.exit(1 if failed else 0)
