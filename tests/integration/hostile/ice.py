# SPDX-License-Identifier: LGPL-2.1-or-later
"""The least of an ICE agent (RFC 8445, STUN: RFC 8489): enough to reach the DTLS of a wherryd over
a valid pair, and then to be no WebRTC client at all."""

import hashlib
import hmac
import os
import select
import socket
import struct
import time
import zlib

COOKIE = 0x2112A442
REQUEST, SUCCESS = 0x0001, 0x0101
USERNAME, INTEGRITY, FINGERPRINT = 0x0006, 0x0008, 0x8028
XOR_MAPPED, PRIORITY, USE_CANDIDATE, CONTROLLING = 0x0020, 0x0024, 0x0025, 0x802A


def attribute(kind, value):
    return struct.pack("!HH", kind, len(value)) + value + b"\0" * (-len(value) % 4)


def stun(kind, transaction, attributes, password=None, bad=False):
    """A STUN message; with a password it is signed, and with `bad` wrongly so."""
    body = b"".join(attribute(*each) for each in attributes)

    def head(more):
        return struct.pack("!HHI", kind, len(body) + more, COOKIE) + transaction

    if password is not None:
        digest = hmac.new(password.encode(), head(24) + body, hashlib.sha1).digest()
        body += attribute(INTEGRITY, digest if not bad else digest[::-1])
    crc = zlib.crc32(head(8) + body) ^ 0x5354554E
    body += attribute(FINGERPRINT, struct.pack("!I", crc))
    return head(0) + body


class Pair:
    """An offerer on 127.0.0.1; `sdp()` is what it offers, `check()` makes the pair."""

    def __init__(self, fingerprint, setup="active"):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(("127.0.0.1", 0))
        self.fingerprint, self.setup = fingerprint, setup
        self.ufrag, self.password = os.urandom(4).hex(), os.urandom(12).hex()
        self.remote = None

    def sdp(self):
        port = self.sock.getsockname()[1]
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0",
                 "m=application 9 UDP/DTLS/SCTP webrtc-datachannel", "c=IN IP4 0.0.0.0",
                 f"a=candidate:1 1 udp 2130706431 127.0.0.1 {port} typ host",
                 f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.password}",
                 f"a=fingerprint:sha-256 {self.fingerprint}", f"a=setup:{self.setup}", "a=mid:0",
                 "a=sctp-port:5000", "a=max-message-size:262144", ""]
        return "\r\n".join(lines)

    def take_answer(self, ws):
        """The answer and a candidate on 127.0.0.1."""
        answer = ws.recv_type("answer", "error")
        assert answer.get("type") == "answer", answer
        fields = dict(line[2:].split(":", 1) for line in answer["sdp"].split("\r\n")
                      if line.startswith("a=ice-"))
        self.remote_ufrag, self.remote_password = fields["ice-ufrag"], fields["ice-pwd"]
        while self.remote is None:
            message = ws.recv_type("candidate")
            assert message.get("type") == "candidate", message
            words = message["candidate"].split(" ")
            if len(words) > 5 and words[4] == "127.0.0.1" and words[2].lower() == "udp":
                self.remote = ("127.0.0.1", int(words[5]))

    def request(self, bad=False):
        attributes = [(USERNAME, f"{self.remote_ufrag}:{self.ufrag}".encode()),
                      (PRIORITY, struct.pack("!I", 1853817087)),
                      (CONTROLLING, b"\0" * 8), (USE_CANDIDATE, b"")]
        return stun(REQUEST, os.urandom(12), attributes, self.remote_password, bad)

    def respond(self, packet, source):
        if struct.unpack("!H", packet[:2])[0] != REQUEST:
            return
        port = source[1] ^ (COOKIE >> 16)
        address = struct.unpack("!I", socket.inet_aton(source[0]))[0] ^ COOKIE
        mapped = struct.pack("!BBHI", 0, 1, port, address)
        self.sock.sendto(stun(SUCCESS, packet[8:20], [(XOR_MAPPED, mapped)], self.password), source)

    def receive(self, timeout):
        """The next packet that is not STUN, or None; answers STUN on the way."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if not select.select([self.sock], [], [], left)[0]:
                return None
            packet, source = self.sock.recvfrom(65536)
            if packet and packet[0] > 3:
                return packet
            if len(packet) >= 20:
                self.respond(packet, source)
                self.nominated |= packet[:2] == struct.pack("!H", SUCCESS)
        return None

    def check(self, timeout=20):
        """Until the other side has answered a check that nominates the pair."""
        end = time.monotonic() + timeout
        self.nominated = False
        while not self.nominated:
            assert time.monotonic() < end, "no answer to an ICE check"
            self.sock.sendto(self.request(), self.remote)
            self.receive(0.05)

    def close(self):
        self.sock.close()
