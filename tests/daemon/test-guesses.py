#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Guesses at tokens and resume tokens, from a machine of its own: each is refused with a code, few are
looked at, and the daemon does not grow by them. A veth pair joins two network namespaces."""

import base64
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from tokens import base64url, secret_key, token, write_keys
from wherryd import Daemon, Socket, run_tests

BINARY, GUESSES = sys.argv[1], int(sys.argv[2])
SANITIZED = os.environ.get("WHERRY_SANITIZED") == "1"
SECRET = b"0123456789abcdef0123456789abcdef"
SERVER, CLIENT = "10.77.0.1", "10.77.0.2"
SOCKETS = 50
FRAMES = 400  # of each socket: twice its burst, so that its own limit is met too
GROWTH_MAX = 8 << 20
CLONE_NEWNET = 0x40000000
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True, stderr=subprocess.PIPE)


def lay_wire():
    ip("link", "add", "wherry0", "type", "veth", "peer", "name", "wherry1")
    ip("address", "add", SERVER + "/24", "dev", "wherry0")
    ip("link", "set", "wherry0", "up")


def enter_network():
    """Why not, or None: this process is then on the server's machine."""
    if LIBC.unshare(CLONE_NEWNET) != 0:
        return "no network namespace may be made here (not root)"
    try:
        ip("link", "set", "lo", "up")
        lay_wire()
    except FileNotFoundError:
        return "there is no ip: install iproute2"
    except subprocess.CalledProcessError as error:
        return f"no interface can be made here: {error.stderr!r}"
    return None


def on_other_machine(function):
    """What function returns, called in a process that has the other end of the wire; the wire goes
    with it."""
    if not os.path.exists("/proc/sys/net/ipv4/conf/wherry0"):
        lay_wire()
    down, up = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(1800)
            LIBC.unshare(CLONE_NEWNET)
            os.write(up[1], b"1")
            os.read(down[0], 1)  # the wire is here
            ip("address", "add", CLIENT + "/24", "dev", "wherry1")
            ip("link", "set", "wherry1", "up")
            os.write(up[1], json.dumps(function()).encode())
            status = 0
        except Exception:
            print("# " + traceback.format_exc().replace("\n", "\n# "), flush=True)
        finally:
            os._exit(status)
    os.close(up[1])
    os.read(up[0], 1)
    ip("link", "set", "wherry1", "netns", str(child))
    os.write(down[1], b"1")
    text = b""
    while chunk := os.read(up[0], 65536):
        text += chunk
    for end in (*down, up[0]):
        os.close(end)
    assert os.waitpid(child, 0)[1] == 0, "the other machine failed: see above"
    return json.loads(text)


def start(keys):
    daemon = Daemon(BINARY, "--listen", "0.0.0.0:0", "--token-keys", keys, "--joins-per-address",
                    "0", defaults=False)
    daemon.host = SERVER
    return daemon


def resident(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))


def frame(payload):
    assert 126 <= len(payload) < 65536
    return b"\x81\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload


def make_guesses(n, resume=None):
    """Frames with a join each: a token whose code is chance; or with this token a resume token that
    is."""
    head = token(SECRET).rpartition(".")[0]
    chance = base64.urlsafe_b64encode(os.urandom(33 * n)).decode()
    frames = []
    for i in range(n):
        guess = chance[44 * i:44 * (i + 1)]
        message = {"type": "join", "room": "r", "token": head + "." + guess[:43]}
        if resume is not None:
            message |= {"token": resume, "resume": {"token": guess[:32], "seen": {}, "direct": {}}}
        frames.append(frame(json.dumps(message).encode()))
    return b"".join(frames)


def guess(daemon, total, resume=None):
    """How often each code came."""
    codes = {}
    while total > 0:
        sockets = [Socket(daemon) for _ in range(min(SOCKETS, (total + FRAMES - 1) // FRAMES))]
        asked = []
        for client in sockets:
            n = min(FRAMES, total)
            total -= n
            asked.append(n)
            client.connection.sendall(make_guesses(n, resume))
        for client, n in zip(sockets, asked):
            for _ in range(n):
                answer = client.receive()
                code = answer.get("code", answer["type"])
                codes[code] = codes.get(code, 0) + 1
            client.connection.close()
    return codes


def test_tokens():
    """Some are looked at; then a right one is not either; where nobody guessed it is."""
    total = GUESSES // 10 if SANITIZED else GUESSES
    with tempfile.TemporaryDirectory() as directory:
        keys = os.path.join(directory, "keys.json")
        write_keys(keys, secret_key("k", SECRET))
        with start(keys) as daemon:
            def far():
                began = time.monotonic()
                warm = guess(daemon, SOCKETS * FRAMES // 10)
                before = resident(daemon)
                codes = guess(daemon, total)
                grown = resident(daemon) - before
                with Socket(daemon) as client:
                    client.connection.sendall(make_guesses(30))
                    client.send(type="join", room="r", token=token(SECRET))
                    last = [client.receive() for _ in range(31)][-1]
                return {"warm": warm, "codes": codes, "grown": grown, "right": last.get("code"),
                        "seconds": time.monotonic() - began}
            found = on_other_machine(far)
            print(f"# {total} guesses in {found['seconds']:.1f} s: {found['codes']}; "
                  f"grown by {found['grown'] >> 10} KiB")
            assert set(found["codes"]) <= {"unauthorized", "rate-limited"}, found
            assert sum(found["codes"].values()) == total, found
            looked_at = found["codes"].get("unauthorized", 0) + found["warm"]["unauthorized"]
            assert 20 <= looked_at <= 20 + found["seconds"] + 2, found
            assert found["right"] == "rate-limited", found
            if not SANITIZED:
                assert found["grown"] <= GROWTH_MAX, found
            daemon.host = "127.0.0.1"
            assert daemon.metric("guesses_refused_total") > 0
            with Socket(daemon) as client:
                assert client.ask(type="join", room="r", token=token(SECRET))["type"] == "joined"


def test_resume_tokens():
    """With a right token, at what another member could come back with."""
    with tempfile.TemporaryDirectory() as directory:
        keys = os.path.join(directory, "keys.json")
        write_keys(keys, secret_key("k", SECRET))
        with start(keys) as daemon:
            began = time.monotonic()
            codes = on_other_machine(lambda: guess(daemon, 1000, token(SECRET)))
            seconds = time.monotonic() - began
            print(f"# in {seconds:.1f} s: {codes}")
            assert set(codes) == {"resume-refused", "rate-limited"}, codes
            assert 20 <= codes["resume-refused"] <= 20 + seconds + 2, codes


if __name__ == "__main__":
    REASON = enter_network()
    if REASON is not None:
        print(f"1..0 # SKIP {REASON}")
        sys.exit(0)
    run_tests([test_tokens, test_resume_tokens])
