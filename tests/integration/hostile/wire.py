# SPDX-License-Identifier: LGPL-2.1-or-later
"""Raw HTTP and WebSocket (RFC 6455), so that a test can send what no library would."""

import base64
import json
import os
import socket
import struct
from urllib.parse import urlsplit

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
FIN, RSV1 = 0x80, 0x40


def address_of(url):
    parts = urlsplit(url)
    return parts.hostname, parts.port


def connect(url, timeout=20):
    sock = socket.create_connection(address_of(url), timeout=timeout)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def read_all(sock):
    """All that comes until the other side ends; a reset is an end too."""
    data = b""
    try:
        while piece := sock.recv(65536):
            data += piece
    except ConnectionError:
        pass
    return data


def send_and_read(sock, data):
    """Sends data and an end, as far as the other side takes it; returns what it says."""
    try:
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
    except OSError:
        pass
    return read_all(sock)


def request(url, path, headers=(), method="GET", host=None):
    """One request; returns (status, head, body)."""
    name, port = address_of(url)
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host or f'{name}:{port}'}", *headers, "", ""]
    with connect(url) as sock:
        sock.sendall("\r\n".join(lines).encode())
        answer = read_all(sock)
    head, _, body = answer.partition(b"\r\n\r\n")
    return int(head.split(b" ")[1]) if head else 0, head.decode("latin-1"), body


def metrics(url):
    status, _, body = request(url, "/metrics")
    assert status == 200, status
    pairs = [line.split() for line in body.decode().splitlines() if not line.startswith("#")]
    return {name.removeprefix("wherry_"): int(value) for name, value in pairs}


def frame(first, payload, mask=b"\x00\x00\x00\x00", length=None):
    """A frame whose length may be a lie. A mask of zeros leaves the payload as it is."""
    length = len(payload) if length is None else length
    bit = 0x80 if mask is not None else 0
    if length < 126:
        head = struct.pack("!BB", first, bit | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, bit | 126, length)
    else:
        head = struct.pack("!BBQ", first, bit | 127, length)
    return head + (mask or b"") + payload


class WebSocket:
    def __init__(self, url, headers=(), timeout=20, receive_buffer=None):
        self.sock = socket.socket()
        if receive_buffer is not None:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(address_of(url))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = ["GET /connect HTTP/1.1", "Host: %s:%d" % address_of(url), "Upgrade: websocket",
                 "Connection: Upgrade", "Sec-WebSocket-Version: 13", f"Sec-WebSocket-Key: {key}",
                 "Sec-WebSocket-Protocol: wherry.1", *headers, "", ""]
        self.sock.sendall("\r\n".join(lines).encode())
        self.data = b""
        while b"\r\n\r\n" not in self.data:
            piece = self.sock.recv(65536)
            if not piece:
                raise ConnectionError(f"no handshake: {self.data!r}")
            self.data += piece
        head, self.data = self.data.split(b"\r\n\r\n", 1)
        self.head = head.decode("latin-1")
        if " 101 " not in self.head.split("\r\n")[0]:
            raise ConnectionError(self.head)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, message):
        """An object as JSON, or text as it is."""
        text = message if isinstance(message, (str, bytes)) else json.dumps(message)
        self.send_frame(FIN | TEXT, text.encode() if isinstance(text, str) else text)

    def send_frame(self, first, payload=b"", **more):
        self.sock.sendall(frame(first, payload, **more))

    def _fill(self, n):
        while len(self.data) < n:
            piece = self.sock.recv(65536)
            if not piece:
                raise ConnectionError("ended")
            self.data += piece

    def recv_frame(self):
        self._fill(2)
        first, length = self.data[0], self.data[1] & 0x7f
        start = 2
        if length == 126:
            self._fill(4)
            length, start = struct.unpack("!H", self.data[2:4])[0], 4
        elif length == 127:
            self._fill(10)
            length, start = struct.unpack("!Q", self.data[2:10])[0], 10
        self._fill(start + length)
        payload = self.data[start:start + length]
        self.data = self.data[start + length:]
        return first, payload

    def recv(self):
        """The next message as an object; {"close": code} at the end (0: without a close frame)."""
        try:
            while True:
                first, payload = self.recv_frame()
                opcode = first & 0x0f
                if opcode == TEXT:
                    return json.loads(payload)
                if opcode == CLOSE:
                    return {"close": struct.unpack("!H", payload[:2])[0] if len(payload) > 1 else 0}
                if opcode == PONG:
                    return {"pong": payload}
        except ConnectionError:
            return {"close": 0}

    def recv_type(self, *types):
        """Reads on until a message of one of the types, or a close."""
        while True:
            message = self.recv()
            if "close" in message or message.get("type") in types:
                return message
