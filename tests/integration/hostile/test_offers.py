#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Descriptions that are broken or lie, and members that never connect."""

import hashlib
import json
import os
import random
import socket
import subprocess
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from ice import Pair
from scene import FULL, SANITIZED, SLOWER, Scene, pion, run_tests, times
from wire import FIN, TEXT, WebSocket, metrics

SDP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "wire", "sdp")
# Every client's offer, and those that are mutated.
OFFERS = ["chromium", "firefox", "pion", "aiortc", "libdatachannel", "werift", "gstreamer"]
SEED = 20260207
PER_SOCKET = 10


def offer_of(name):
    with open(os.path.join(SDP, f"{name}-offer.json")) as f:
        return json.load(f)["sdp"]


def mutate(rng, data):
    """One to four changes of bytes: flips, deletions, repetitions, pieces moved, numbers blown up."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 5)):
        at = rng.randrange(len(data))
        kind = rng.randrange(7)
        piece = data[at:at + rng.randrange(1, 40)]
        if kind == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif kind == 1:
            data[at] = rng.randrange(256)
        elif kind == 2:
            del data[at:at + len(piece)]
        elif kind == 3:
            data[at:at] = piece * rng.randrange(1, 20)
        elif kind == 4:
            to = rng.randrange(len(data))
            data[to:to] = piece
        elif kind == 5:
            data[at:at] = rng.choice([b"\r\n", b"\n", b"\0", b"99999999999999999999", b"-1", b"=", b":",
                                      b"%s%n", b"a=candidate:", b"m=application 9 UDP/DTLS/SCTP x"])
        else:
            lines = bytes(data).split(b"\r\n")
            rng.shuffle(lines)
            data = bytearray(b"\r\n".join(lines))
        if not data:
            data = bytearray(b"v")
    return bytes(data)


class Tally:
    """What a server said to many offers; each is answered once, or refused once by a known code."""

    CODES = ("bad-sdp", "bad-message", "too-large", "unknown-type", "not-joined", "rate-limited")

    def __init__(self, url):
        self.url = url
        self.lock = threading.Lock()
        self.answered = 0
        self.refused = {}

    def offer_group(self, frames):
        while frames:
            frames = frames[self.offer(frames):]

    def offer(self, frames):
        """Up to ten frames on a socket of their own, all at once; none is left without a word.
        Returns how many were heard: text that is not UTF-8 ends the socket."""
        answered, refused = 0, []
        with WebSocket(self.url, timeout=60 * SLOWER) as ws:
            try:
                for data in frames:
                    ws.send(data)
            except ConnectionError:
                pass  # one of them was so bad that the socket is closed: recv() will tell
            while answered + len(refused) < len(frames):
                message = ws.recv_type("answer", "error", "pong", "joined", "left")
                if "close" in message:
                    assert message["close"] in (1007, 0), message
                    refused.append("closed")
                    break
                if message["type"] == "error":
                    assert message["code"] in self.CODES, message
                    refused.append(message["code"])
                else:
                    answered += 1
            try:
                ws.send({"type": "leave"})
                ws.recv_type("left", "error")
            except ConnectionError:
                pass
        with self.lock:
            self.answered += answered
            for code in refused:
                self.refused[code] = self.refused.get(code, 0) + 1
        return answered + len(refused)

    def offer_all(self, frames):
        groups = [frames[i:i + PER_SOCKET] for i in range(0, len(frames), PER_SOCKET)]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.offer_group, groups))


def as_offer(sdp):
    return json.dumps({"type": "offer", "sdp": sdp})


# A socket that is closed for its bad messages leaves its member the rest of this.
LIMIT = ("--connect-limit-ms", str(3000 * SLOWER))


def every_prefix_of_an_offer_is_answered_or_refused():
    """Of one client's offer, in the full run of all of them."""
    with Scene(*LIMIT) as scene:
        tally = Tally(scene.url)
        for name in OFFERS if FULL else ["chromium"]:
            sdp = offer_of(name)
            tally.offer_all([as_offer(sdp[:n]) for n in range(0, len(sdp), 10 if SANITIZED else 1)])
        print(f"# {tally.answered} answered, refused: {tally.refused}")
        assert tally.refused.get("bad-sdp", 0) > times(100), tally.refused
        told = sum(n for code, n in tally.refused.items() if code != "closed")
        assert scene.rose("bad_messages") >= told


def mutated_offers_are_answered_or_refused():
    """10,000 (with a sanitizer 1000), most of the description, some of the whole frame."""
    rng = random.Random(SEED)
    print(f"# seed {SEED}")
    offers = [offer_of(name).encode() for name in OFFERS]
    frames = []
    for _ in range(times(10_000)):
        sdp = rng.choice(offers)
        if rng.randrange(4):
            frames.append(as_offer(mutate(rng, sdp).decode("latin-1")))
        else:
            frames.append(mutate(rng, as_offer(sdp.decode()).encode()))
    with Scene(*LIMIT) as scene:
        tally = Tally(scene.url)
        tally.offer_all(frames)
        print(f"# {tally.answered} answered, refused: {tally.refused}")
        assert tally.answered + sum(tally.refused.values()) == len(frames)
        assert tally.answered > times(500) and tally.refused["bad-sdp"] > times(1000), tally.refused
        told = sum(n for code, n in tally.refused.items() if code != "closed")
        assert scene.rose("bad_messages") >= told


def a_wrong_fingerprint_never_connects():
    """pion, with a fingerprint that is not its certificate's: left, and no channel."""
    with Scene("--connect-limit-ms", "15000") as scene:
        for _ in range(3):
            result = [e for e in pion("stranger", "--server", scene.url) if e["event"] == "result"][0]
            assert result["reason"] in ("failed", "timeout"), result
        assert scene.rose("dtls_unverified") >= 3
        assert metrics(scene.url)["members_connected"] == 2


def openssl(folder, port, *arguments):
    return subprocess.Popen(["openssl", "s_client", "-dtls1_2", "-connect", f"127.0.0.1:{port}",
                             *arguments], cwd=folder, stdin=subprocess.PIPE,
                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def handshake(url, pair, folder, *arguments):
    """openssl speaks DTLS over a valid pair; returns what the member is told at the end."""
    inner = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    inner.bind(("127.0.0.1", 0))
    with WebSocket(url, timeout=60 * SLOWER) as ws, inner:
        ws.send({"type": "join", "room": "talk", "name": "stranger"})
        ws.send({"type": "offer", "sdp": pair.sdp()})
        pair.take_answer(ws)
        pair.check()
        client = openssl(folder, inner.getsockname()[1], *arguments)
        inner.settimeout(10 * SLOWER)
        data, source = inner.recvfrom(65536)
        inner.connect(source)
        inner.settimeout(0.01)
        result = {}
        reader = threading.Thread(target=lambda: result.update(ws.recv_type("left")))
        reader.start()
        while reader.is_alive():
            if data:
                pair.sock.sendto(data, pair.remote)
            packet = pair.receive(0.01)
            data = None
            try:
                if packet is not None:
                    inner.send(packet)
                data = inner.recv(65536)
            except (TimeoutError, ConnectionError):
                pass
        client.kill()
        client.wait()
        return result


def a_client_without_or_with_another_certificate_never_connects():
    """Over a valid pair, as the DTLS client: no certificate, one that was not announced, and, so
    that the test can fail, the one that was."""
    with tempfile.TemporaryDirectory() as folder, Scene("--connect-limit-ms", "8000") as scene:
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                        "-nodes", "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=x"],
                       cwd=folder, check=True, capture_output=True)
        der = subprocess.run(["openssl", "x509", "-in", "cert.pem", "-outform", "DER"], cwd=folder,
                             check=True, capture_output=True).stdout
        right = ":".join(f"{byte:02X}" for byte in hashlib.sha256(der).digest())
        wrong = ":".join(["00"] * 32)
        own = ("-cert", "cert.pem", "-key", "key.pem")
        for fingerprint, arguments, counter in ((right, (), 0), (wrong, own, 1), (right, own, 0)):
            before = scene.rose("dtls_unverified")
            pair = Pair(fingerprint)
            begun = time.monotonic()
            result = handshake(scene.url, pair, folder, *arguments)
            pair.close()
            print(f"# {arguments[:1]} {fingerprint[:5]}: {result} after {time.monotonic() - begun:.1f} s")
            assert result.get("type") == "left", result
            assert result["reason"] in ("failed", "timeout"), result
            if arguments and fingerprint == right:
                # verified, and then no SCTP ever comes
                assert result["reason"] == "timeout", result
            else:
                assert result["reason"] == "failed", result
            assert scene.rose("dtls_unverified") - before >= counter
        assert metrics(scene.url)["members_connected"] == 2


def joins_that_never_connect_time_out():
    """5000 joins, a tenth of them with an offer whose ICE comes to nothing: each is told left, timeout,
    and nothing of them stays."""
    sdp = offer_of("chromium")
    each_time = 250 if SANITIZED else 2500

    def stay(sockets):
        for ws in sockets:
            message = ws.recv_type("left")
            assert message.get("reason") == "timeout", message
            assert ws.recv_type("nothing") == {"close": 1000}
            ws.sock.close()

    with Scene("--connect-limit-ms", str(1500 * SLOWER), watched=False) as scene:
        for _ in range(2):
            sockets = []
            for n in range(each_time):
                ws = WebSocket(scene.url, timeout=60 * SLOWER)
                ws.send({"type": "join", "room": f"ghosts-{n % 50}", "name": "ghost"})
                if n % 10 == 0:
                    ws.send(as_offer(sdp))
                sockets.append(ws)
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(stay, [sockets[i::4] for i in range(4)]))
        assert scene.rose("left_timeout") == 2 * each_time
        scene.until(members=2, rooms=1, peers=2)


def too_few_descriptors_are_server_full():
    """A wherryd that may open 256 files, and 60 clients that each want a peer: some get one, the
    others are told server-full, and when they have gone there is room again."""
    sdp = offer_of("chromium")
    with Scene("--connect-limit-ms", str(3000 * SLOWER), descriptors=256, watched=False) as scene:
        for _ in range(3):
            sockets = [WebSocket(scene.url, timeout=60 * SLOWER) for _ in range(58)]
            for ws in sockets:
                ws.send_frame(FIN | TEXT, as_offer(sdp).encode())
            answers = [ws.recv_type("answer", "error") for ws in sockets]
            full = [a for a in answers if a.get("code") == "server-full"]
            given = [a for a in answers if a.get("type") == "answer"]
            print(f"# {len(given)} answers, {len(full)} refused")
            assert len(full) + len(given) == len(sockets), answers
            assert full and len(given) >= 5, (len(full), len(given))
            for ws in sockets:
                ws.sock.close()
            scene.settle()
        assert scene.rose("joins_refused") > 0


if __name__ == "__main__":
    run_tests(every_prefix_of_an_offer_is_answered_or_refused, mutated_offers_are_answered_or_refused,
              a_wrong_fingerprint_never_connects,
              a_client_without_or_with_another_certificate_never_connects,
              joins_that_never_connect_time_out, too_few_descriptors_are_server_full)
