#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What `wherry doctor` finds: each case has one cause, or two, which the verdict must name with its
evidence. In a network namespace of its own, so that UDP can be forbidden there."""

import ctypes
import fcntl
import json
import os
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import termios
import time

from machine import ADDRESS, enter_machine
from patients import Agent, Examined, Firewall, Talker, Turn, equal
from wherry import Command, run
from coturn import Coturn  # beside wherryd.py
from wherryd import TIMEOUT, Daemon, free_port, run_tests
import tokens

WHERRY, WHERRYD = sys.argv[1:3]
LOOPBACK = ["--bind-address", "127.0.0.1"]
# too long for DNS (RFC 1035 section 2.3.4), so that nobody is asked and nobody is waited for
NO_NAME = "x" * 64 + ".invalid"
SECRET = b"0123456789abcdef0123456789abcdef"


def url(daemon):
    return f"http://{daemon.host}:{daemon.port}/"


# ---- a server ----

def test_all_is_well():
    with Daemon(WHERRYD) as daemon:
        seen = Examined(url(daemon), *LOOPBACK).expect(0)
        assert seen.verdict["well"]
        for name in ("tcp", "websocket", "join", "pair", "connected"):
            equal(seen.step(name)["result"], "good")
        assert len(seen.step("pair")["transaction"]) == 24
        code, out, err = run(WHERRY, "doctor", url(daemon), *LOOPBACK)
        equal((code, err), (0, ""))
        assert "all is well" in out and "candidate" in out and "->" in out, out


def test_it_leaves_the_room():
    with Daemon(WHERRYD) as daemon:
        Examined(url(daemon), *LOOPBACK).expect(0)
        until = time.monotonic() + TIMEOUT
        while daemon.metric("members") != 0:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_nothing_listens():
    port = free_port()
    seen = Examined(f"http://127.0.0.1:{port}/", *LOOPBACK).expect(3, "nothing-listening")
    evidence = seen.causes["nothing-listening"]["evidence"]
    assert f"127.0.0.1:{port}" in evidence and "refused" in evidence, evidence
    code, out, _ = run(WHERRY, "doctor", env={"WHERRY_SERVER": f"http://127.0.0.1:{port}/"})
    equal(code, 3)
    assert "Nothing listens at" in out and "Evidence:" in out and "What to do:" in out, out


def test_a_name_that_is_none():
    Examined(f"http://{NO_NAME}/").expect(3, "name-not-found")


def test_no_url():
    Examined("ftp://127.0.0.1/").expect(2, "bad-url")


def test_another_web_server():
    answer = b"HTTP/1.1 404 Not Found\r\nServer: other/1.0\r\nContent-Length: 4\r\n\r\nnone"
    with Talker(answer) as other:
        seen = Examined(f"ws://127.0.0.1:{other.port}/").expect(3, "no-websocket")
        data = seen.causes["no-websocket"]["data"]
        equal((data["status"], data["server"], data["body"]), ("404", "other/1.0", "none"))
    with Talker(b"HTTP/1.1 502 Bad Gateway\r\n\r\n") as other:
        Examined(f"http://127.0.0.1:{other.port}/").expect(3, "unavailable")
    # who says yes to anything has not read the key (RFC 6455 section 4.1)
    with Talker(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: x\r\n\r\n") as other:
        Examined(f"http://127.0.0.1:{other.port}/").expect(3, "no-websocket")


def test_no_web_server():
    with Talker(b"SSH-2.0-\x1b[31mOpenSSH_9.2\r\n") as other:
        seen = Examined(f"http://127.0.0.1:{other.port}/").expect(3, "not-http")
        assert "SSH-2.0" in seen.causes["not-http"]["evidence"]
    with Talker(b"") as other:
        Examined(f"http://127.0.0.1:{other.port}/").expect(3, "http-silent")
    with Talker(b"HTTP/1.1 400 Bad Request\r\n\r\n") as other:
        Examined(f"https://127.0.0.1:{other.port}/").expect(3, "tls")


def test_an_untrusted_certificate():
    with tempfile.TemporaryDirectory() as directory:
        key, certificate = (os.path.join(directory, name) for name in ("key", "certificate"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        "/CN=wherry.test", "-keyout", key, "-out", certificate],
                       check=True, stderr=subprocess.DEVNULL)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with Talker(b"", context) as other:
            seen = Examined(f"https://127.0.0.1:{other.port}/").expect(6, "certificate")
            assert "wherry.test" in seen.causes["certificate"]["evidence"]


def test_tokens():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "keys.json")
        tokens.write_keys(path, tokens.secret_key("k", SECRET))
        with Daemon(WHERRYD, "--token-keys", path) as daemon:
            def ask(token, *args):
                env = {"WHERRY_TOKEN": token} if token else None
                return Examined(url(daemon), *LOOPBACK, *args, env=env)

            good = tokens.token(SECRET)
            ask(good, "--room", "r").expect(0)
            ask(good, "--room", "elsewhere").expect(4, "forbidden")
            ask(None).expect(4, "token-missing")
            wrong = tokens.token(b"another secret of thirty-two bytes")
            seen = ask(wrong, "--room", "r").expect(4, "token-refused")
            assert wrong not in seen.all and wrong.split(".")[2] not in seen.all
            assert "server's answer" in seen.causes["token-refused"]["evidence"]
            over = ask(tokens.token(SECRET, exp=1000000000), "--room", "r")
            assert "2001-09-09" in over.expect(4, "token-refused").causes["token-refused"][
                "evidence"]
            ask("no token at all").expect(4, "token-refused")
            # what can be known without a join is told all the same
            assert "UDP reaches" in seen.step("udp")["text"]
            assert seen.step("candidate")["candidate"].startswith("candidate:")


# ---- UDP ----

def test_udp_blocked():
    with Daemon(WHERRYD, "--tunnel", "false") as daemon, Firewall("input"):
        seen = Examined(url(daemon), *LOOPBACK).expect(3, "udp-blocked")
        pair = seen.step("pair")
        equal((pair["outcome"], pair["requests"]), ("silent", 3))
        evidence = seen.causes["udp-blocked"]["evidence"]
        assert pair["address"] in evidence and pair["transaction"] in evidence, evidence


def test_udp_blocked_and_the_tunnel_helps():
    with Daemon(WHERRYD) as daemon, Firewall("input"):
        seen = Examined(url(daemon), *LOOPBACK).expect(3, "udp-blocked")
        equal(seen.step("tunnel")["result"], "good")
        assert seen.causes["udp-blocked"]["data"]["tunneled"]


def test_udp_blocked_and_tcp_not():
    with Daemon(WHERRYD, "--ice-tcp", "true") as daemon, Firewall("input"):
        seen = Examined(url(daemon), *LOOPBACK).expect(3, "udp-blocked")
        results = {step["transport"]: step["result"] for step in seen.steps
                   if step["step"] == "pair"}
        equal(results, {"UDP": "bad", "TCP": "good"})
        assert "ICE-TCP" in seen.causes["udp-blocked"]["what"]


def test_udp_blocked_and_turn_helps():
    blocked = "10.77.0.7"
    subprocess.run(["ip", "address", "add", blocked + "/24", "dev", "wherry0"], check=True)
    try:
        with Coturn("ann:good", address=ADDRESS) as turn, \
                Daemon(WHERRYD, "--listen", ADDRESS + ":0", "--insecure-open",
                       "--bind-address", ADDRESS, defaults=False) as daemon, \
                Firewall("input", f"meta l4proto udp ip saddr {blocked} drop"):
            seen = Examined(url(daemon), "--bind-address", blocked, "--ice-server",
                            f"turn:ann:good@{ADDRESS}:{turn.port}?transport=tcp")
        seen.expect(0)
        equal((seen.step("pair")["result"], seen.step("detour")["result"]), ("bad", "note"))
        assert "relay" in seen.step("connected")["local"]
    finally:
        subprocess.run(["ip", "address", "delete", blocked + "/24", "dev", "wherry0"], check=True)


def test_udp_forbidden_by_this_machine():
    with Daemon(WHERRYD) as daemon, Firewall("output"):
        seen = Examined(url(daemon), *LOOPBACK).expect(3, "udp-forbidden-here")
        assert "EPERM" in seen.causes["udp-forbidden-here"]["evidence"]


def test_a_server_of_its_own_machine_alone():
    with Daemon(WHERRYD) as daemon:
        Examined(url(daemon), "--bind-address", ADDRESS).expect(3, "server-address")


# ---- STUN and TURN ----

def test_turn():
    with Coturn("ann:good") as turn:
        for transport in ("udp", "tcp"):
            at = f"turn:127.0.0.1:{turn.port}?transport={transport}"
            seen = Examined(at, "--user", "ann", "--credential", "good").expect(0)
            step = seen.step("turn")
            assert step["relayed"].startswith("127.0.0.1:") and step["lifetime"] > 0, step
            seen = Examined(at, "--user", "ann", "--credential", "wrong").expect(4, "turn-password")
            data = seen.causes["turn-password"]["data"]
            equal((data["code"], data["realm"]), (401, "wherry.test"))
            assert data["transaction"] in seen.causes["turn-password"]["evidence"]
            assert "401" in seen.causes["turn-password"]["evidence"]
            assert "wrong" not in seen.err + seen.causes["turn-password"]["what"]
            Examined(at).expect(4, "turn-no-password")
        Examined(f"turn:ann:good@127.0.0.1:{turn.port}").expect(0)
        seen = Examined(f"stun:127.0.0.1:{turn.port}").expect(0)
        equal(seen.step("stun")["mapped"], seen.step("stun")["local"])
        # nothing stays allocated: a user with one allocation gets one again and again
        for _ in range(3):
            Examined(f"turn:ann:good@127.0.0.1:{turn.port}").expect(0)


def test_a_server_that_names_a_turn_server_with_a_wrong_password():
    with tempfile.TemporaryDirectory() as directory, Coturn(secret="right") as turn:
        path = os.path.join(directory, "secret")
        for secret, causes in (("right", []), ("wrong", ["turn-password"])):
            with open(path, "w", encoding="utf-8") as file:
                file.write(secret + "\n")
            with Daemon(WHERRYD, "--turn-rest-secret-file", path, "--turn-rest-uri",
                        f"turn:127.0.0.1:{turn.port}") as daemon:
                seen = Examined(url(daemon), *LOOPBACK).expect(4 if causes else 0, *causes)
                # it connects directly all the same
                equal(seen.step("connected")["result"], "good")


def test_stun_servers_that_are_none():
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        seen = Examined(f"stun:127.0.0.1:{port}").expect(3, "stun-silent")
        equal(seen.step("stun")["requests"], 3)
        requests = [silent.recv(2048) for _ in range(3)]
        equal({request[8:20].hex() for request in requests}, {seen.step("stun")["transaction"]})
        equal(struct.unpack("!HHI", requests[0][:8])[::2], (1, 0x2112A442))
    seen = Examined(f"stun:127.0.0.1:{port}").expect(3, "stun-silent")
    assert "ICMP" in seen.causes["stun-silent"]["evidence"]
    with Talker(b"HTTP/1.1 400 Bad Request\r\n\r\n") as other:
        seen = Examined(f"turn:127.0.0.1:{other.port}?transport=tcp").expect(3, "turn-silent")
        equal(seen.step("turn")["outcome"], "not-stun")
    Examined(f"stun:{NO_NAME}").expect(3, "stun-silent")
    nowhere = Examined("stun:[2001:db8::1]").expect(3, "stun-silent").causes["stun-silent"]
    assert "unreachable" in nowhere["evidence"] and "ip route" in nowhere["todo"], nowhere


def test_turn_servers_with_ways_of_their_own():
    for ways, code, causes in (((), 0, []), (("sha256",), 0, []), (("stale",), 0, []),
                               (("noise",), 0, []), (("sha256", "noise"), 0, []),
                               (("always-stale",), 4, ["ice-server-refuses"]),
                               (("quota",), 4, ["ice-server-refuses"]),
                               (("forged",), 4, ["ice-server-refuses"])):
        with Turn(ways) as turn:
            seen = Examined(turn.url).expect(code, *causes)
            if code:
                assert all(method == 3 for method, _ in turn.seen), turn.seen
                assert len(turn.seen) < 8, turn.seen
                continue
            equal(seen.step("turn")["relayed"], "127.0.0.1:5000")
            # what was allocated is given back: a Refresh with lifetime 0
            method, attributes = turn.seen[-1]
            equal((method, attributes[0x0d]), (4, bytes(4)))
            equal(0x1c in attributes, "sha256" in ways)
            wrong = Examined(turn.url.replace("good", "bad"))
            equal(wrong.expect(4, "turn-password").causes["turn-password"]["data"]["code"], 401)


# ---- two causes at once ----

def test_udp_blocked_and_a_wrong_password():
    with Coturn("ann:good") as turn, Daemon(WHERRYD) as daemon, Firewall("input"):
        seen = Examined(url(daemon), *LOOPBACK, "--ice-server",
                        f"turn:ann:wrong@127.0.0.1:{turn.port}?transport=tcp")
        seen.expect(3, "udp-blocked", "turn-password")
        equal(seen.causes["turn-password"]["exit"], 4)


def test_a_wrong_token_and_udp_forbidden():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "keys.json")
        tokens.write_keys(path, tokens.secret_key("k", SECRET))
        with Daemon(WHERRYD, "--token-keys", path) as daemon, Firewall("output"):
            seen = Examined(url(daemon), *LOOPBACK, env={"WHERRY_TOKEN": "x"})
            seen.expect(4, "token-refused", "udp-forbidden-here")


def test_nothing_listens_and_stun_is_silent():
    with socket.socket(type=socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        seen = Examined(f"http://127.0.0.1:{free_port()}/", "--ice-server",
                        f"stun:127.0.0.1:{silent.getsockname()[1]}")
        seen.expect(3, "nothing-listening", "stun-silent")


# ---- descriptions ----

SDP = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=mid:0
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {fingerprint}
a=setup:{setup}
a=sctp-port:5000
a=max-message-size:262144
{candidates}"""


def sdp(candidates="", setup="actpass"):
    text = SDP.format(fingerprint=":".join(["AB"] * 32), setup=setup, candidates=candidates)
    return text.replace("\n", "\r\n")


def paste(text):
    return Examined("-", text=text)


def candidate(address, port):
    return f"a=candidate:1 1 udp 2015364095 {address} {port} typ host\n"


def test_a_good_description():
    with Agent(b"abcdefghijklmnopqrstuvwx") as agent:
        text = sdp(candidate("127.0.0.1", agent.port) + "a=end-of-candidates\n")
        seen = paste(text).expect(0)
        equal(seen.step("reached")["outcome"], "answered")
        assert agent.users and agent.users[0].startswith("abcd:"), agent.users
        paste(json.dumps({"type": "offer", "sdp": text}) + "\n").expect(0)
        answer = sdp(candidate("127.0.0.1", agent.port), setup="active")
        seen = paste(json.dumps({"type": "answer", "sdp": answer})).expect(0)
        assert "end-of-candidates" in seen.all


def test_descriptions_that_nobody_answers():
    port = free_port(socket.SOCK_DGRAM)
    seen = paste(sdp(candidate("127.0.0.1", port))).expect(3, "description-unreachable")
    cause = seen.causes["description-unreachable"]
    assert f"127.0.0.1:{port}" in cause["evidence"] and "ICMP" in cause["evidence"], cause
    many = "".join(candidate("127.0.0.1", port) for _ in range(9))
    seen = paste(sdp(many)).expect(3, "description-unreachable")
    assert "5 more" in seen.causes["description-unreachable"]["evidence"]
    paste(sdp()).expect(3, "description-no-candidates")
    hidden = candidate("6a1b2c3d-0000-4000-8000-000000000000.local", 50000)
    paste(sdp(hidden)).expect(3, "description-hidden")


def test_descriptions_that_are_none():
    for text in ("", "hello", '{"type":"offer"}', '{"type":"offer","sdp":"v=0', "{}", "[1]",
                 "\x1b[31m{", '{"type":"offer","sdp":7}'):
        paste(text).expect(1, "not-a-description")
    # cut off in the middle
    whole = sdp(candidate("127.0.0.1", 9))
    seen = Examined("-", text=whole[:whole.index("a=fingerprint")])
    assert "description-incomplete" in seen.causes and seen.code == 1, seen.all
    assert "fingerprint" in seen.causes["description-incomplete"]["evidence"]
    seen = Examined("-", text=whole.replace("sha-256 AB", "sha-256 XY"))
    assert "description-refused" in seen.causes and seen.code == 1, seen.all
    code, out, err = run(WHERRY, "doctor", "-", text="x" * 300000)
    equal((code, out), (1, ""))
    assert "KiB" in err


def test_a_terminal_is_safe_from_names():
    text = sdp("a=candidate:1 1 udp 1 \x1b[31m 9 typ host\n")
    code, out, _ = run(WHERRY, "doctor", "-", text=text)
    assert code != 0 and "\x1b" not in out, out


# ---- the rest ----

def test_interrupted():
    with socket.create_server(("127.0.0.1", 0)) as server:
        with Command(WHERRY, "doctor", f"http://127.0.0.1:{server.getsockname()[1]}/") as doctor:
            asking, _ = server.accept()
            assert asking.recv(10)
            equal(doctor.interrupt(), 130)
            asking.close()
    with Command(WHERRY, "doctor", "-") as doctor:
        doctor.write("v=0")
        waiting = ctypes.c_int(1)
        until = time.monotonic() + TIMEOUT
        while waiting.value and time.monotonic() < until:  # till it has read that
            fcntl.ioctl(doctor.process.stdin, termios.FIONREAD, waiting)
            time.sleep(0.01)
        equal(doctor.interrupt(), 130)


def test_usage():
    for args in (["a", "b"], ["turn:x", "--user", "me"], ["--nothing"]):
        code, out, err = run(WHERRY, "doctor", *args)
        equal((code, out), (2, ""))
        assert err


if __name__ == "__main__":
    missing = [name for name in ("ip", "nft", "turnserver", "openssl") if not shutil.which(name)]
    if missing:
        print(f"1..0 # SKIP there is no {missing[0]}: see data/packages")
        sys.exit(0)
    reason = enter_machine()
    if reason:
        print(f"1..0 # SKIP {reason}")
        sys.exit(0)
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
