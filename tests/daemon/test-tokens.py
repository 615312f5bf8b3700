#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/docs/tokens.md, by the real daemon: who comes in, and what is said to who does not."""

import base64
import hmac
import http.client
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

from tokens import base64url, es256, secret_key, token, write_keys
from wherryd import Daemon, Socket, clean_environment, run_tests

BINARY, PAGE = sys.argv[1:3]
SECRET = b"0123456789abcdef0123456789abcdef"
POINT = {"kty": "EC", "kid": "e", "alg": "ES256", "crv": "P-256",
         "x": "b3gggohAfpEqPtDOi8xMHgwtuaDX7hNnLdqq4PCwWMA",
         "y": "iYf1NQZxQSeifxh3qKvCfKMVddEb6ZyrS2J-9Zi-5Fg"}
POINT_PEM = ("-----BEGIN PUBLIC KEY-----\n"
             "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEb3gggohAfpEqPtDOi8xMHgwtuaDX\n"
             "7hNnLdqq4PCwWMCJh/U1BnFBJ6J/GHeoq8J8oxV10RvpnKtLYn71mL7kWA==\n"
             "-----END PUBLIC KEY-----\n")


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def start(directory, *args, keys=None):
    path = os.path.join(directory, "keys.json")
    write_keys(path, *(keys or [secret_key("k", SECRET), POINT]))
    return Daemon(BINARY, "--token-keys", path, *args)


def join(daemon, token_text=None, room="r", headers=(), **more):
    """What is answered, on a socket of its own."""
    if token_text is not None:
        more["token"] = token_text
    with Socket(daemon, *headers) as client:
        return client.ask(type="join", room=room, **more)


def test_worked_example():
    """The program of the page makes a key and a token that the daemon takes."""
    with open(PAGE, encoding="utf-8") as file:
        program = re.search(r"```python\n(.*?)```", file.read(), re.DOTALL)[1]
    with tempfile.TemporaryDirectory() as directory:
        made = subprocess.run([sys.executable, "-c", program], cwd=directory, check=True,
                              capture_output=True, text=True, env=clean_environment()).stdout
        with Daemon(BINARY, "--token-keys", os.path.join(directory, "keys.json")) as daemon:
            with Socket(daemon) as ann, Socket(daemon) as other:
                equal(ann.ask(type="join", room="lobby", token=made.strip())["type"], "joined")
                joined = other.ask(type="join", room="lobby", token=made.strip(), name="Root")
                equal(joined["members"][0]["name"], "Ann")
                equal(joined["members"][0]["attributes"], {"role": "guest"})
                equal(ann.receive()["name"], "Ann")
            equal(join(daemon, made.strip(), room="secret")["code"], "forbidden")
            assert made.strip() not in daemon.log() and "everybody" not in daemon.log()


def test_without_keys():
    """Open to this machine alone; a token is never ignored, nor a proxy."""
    with Daemon(BINARY) as daemon:
        equal(join(daemon)["type"], "joined")
        equal(join(daemon, "sesame")["code"], "unauthorized")
        for header in ("X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1", "Via: 1.1 x"):
            equal(join(daemon, headers=[header])["code"], "unauthorized")
    with Daemon(BINARY, "--insecure-open") as daemon:
        equal(join(daemon, headers=["X-Forwarded-For: 192.0.2.1"])["type"], "joined")
    refused = subprocess.run([BINARY, "--listen", "0.0.0.0:0"], env=clean_environment(),
                             capture_output=True, text=True, check=False)
    equal(refused.returncode, 2)
    assert "token-keys" in refused.stderr, refused.stderr


def test_refused():
    """Whatever is wrong, the code and the words are the same; a room is another matter."""
    now = int(time.time())
    good = token(SECRET)
    unsigned = base64url(b'{"alg":"none"}') + "." + good.split(".")[1] + "."
    swapped = token(POINT_PEM.encode(), kid="e")
    as_es256 = token(POINT_PEM.encode(), header={"alg": "ES256"}, kid="e")
    tampered = good.split(".")
    tampered[1] = token(SECRET, rooms=["*"]).split(".")[1]
    bad = {
        "none": None, "empty": "", "no token": "sesame", "wrong key": token(b"x" * 32),
        "unknown key": token(SECRET, kid="other"), "no key": token(SECRET, header={"kid": None}),
        "alg none": unsigned, "swapped": swapped, "swapped header": as_es256,
        "tampered": ".".join(tampered), "truncated": good[:-4],
        "over": token(SECRET, exp=now - 31), "endless": token(SECRET, exp=None),
        "not yet": token(SECRET, nbf=now + 60), "from the future": token(SECRET, iat=now + 60),
        "for others": token(SECRET, aud="others"),
    }
    with tempfile.TemporaryDirectory() as directory, start(directory) as daemon:
        answers = {name: join(daemon, each) for name, each in bad.items()}
        for name, answer in answers.items():
            assert (answer["type"], answer.get("code")) == ("error", "unauthorized"), (name, answer)
        equal(len({answer["message"] for answer in answers.values()}), 1)
        equal(join(daemon, good, room="other")["code"], "forbidden")
        # the implied join of the room echo is one too
        with Socket(daemon) as client:
            equal(client.ask(type="call")["code"], "unauthorized")
            equal(client.ask(type="join", room="r", token=good)["type"], "joined")
        equal(join(daemon, token(SECRET, exp=now - 1))["type"], "joined")  # within the skew
        equal(daemon.metric("tokens_refused_total"), len(bad) + 1)


def test_es256():
    private = int.from_bytes(SECRET, "big")
    with tempfile.TemporaryDirectory() as directory, start(directory) as daemon:
        for _ in range(8):  # numbers with the highest bit set, too
            equal(join(daemon, es256(private))["type"], "joined")
        equal(join(daemon, es256(private + 1))["code"], "unauthorized")
        equal(join(daemon, es256(private, kid="k"))["code"], "unauthorized")
        equal(join(daemon, es256(private, exp=1))["code"], "unauthorized")
        good = es256(private).split(".")
        for bad in ("", "A" * 86, good[2] + good[2], good[2][:-3]):
            equal(join(daemon, ".".join([*good[:2], bad]))["code"], "unauthorized")


def test_skew_and_audience():
    now = int(time.time())
    with tempfile.TemporaryDirectory() as directory, \
            start(directory, "--token-skew-seconds", "0", "--token-audience", "us") as daemon:
        equal(join(daemon, token(SECRET, aud="us"))["type"], "joined")
        equal(join(daemon, token(SECRET))["code"], "unauthorized")
        equal(join(daemon, token(SECRET, aud="us", exp=now - 1))["code"], "unauthorized")


def test_ends_while_connected():
    with tempfile.TemporaryDirectory() as directory, \
            start(directory, "--token-skew-seconds", "0") as daemon, \
            Socket(daemon) as ann, Socket(daemon) as bob:
        bob.ask(type="join", room="r", token=token(SECRET))
        joined = ann.ask(type="join", room="r", token=token(SECRET, exp=time.time() + 3))
        equal(bob.receive()["type"], "member-joined")
        equal(ann.receive(), {"type": "left", "reason": "expired"})
        equal(bob.receive(), {"type": "member-left", "peer": joined["peer"], "reason": "expired"})
        equal(daemon.metric("left_expired_total"), 1)


def test_listens_only():
    with tempfile.TemporaryDirectory() as directory, start(directory) as daemon, \
            Socket(daemon) as ann:
        ann.ask(type="join", room="r", token=token(SECRET, publish=[]))
        equal(ann.ask(type="msg", text="hi")["code"], "forbidden")


def test_rotation():
    """By the file alone, and by SIGHUP; what is broken changes nothing."""
    second = b"another secret of thirty-two byt"
    with tempfile.TemporaryDirectory() as directory, \
            start(directory, keys=[secret_key("1", SECRET)]) as daemon:
        path = os.path.join(directory, "keys.json")
        old, new = token(SECRET, kid="1"), token(second, kid="2")
        equal(join(daemon, new)["code"], "unauthorized")
        write_keys(path, secret_key("1", SECRET), secret_key("2", second))
        equal(join(daemon, new)["type"], "joined")
        equal(join(daemon, old)["type"], "joined")
        write_keys(path, secret_key("2", second))
        equal(join(daemon, old)["code"], "unauthorized")
        with open(path, "w", encoding="utf-8") as file:
            file.write("{")
        equal(join(daemon, new)["type"], "joined")
        daemon.process.send_signal(signal.SIGHUP)
        equal(join(daemon, new)["type"], "joined")
        equal(daemon.end(), 0)


def test_guesses_behind_a_proxy():
    """Counted by who the trusted proxy says it is; who says so itself is somebody else."""
    with tempfile.TemporaryDirectory() as directory, \
            start(directory, "--trusted-proxy", "127.0.0.0/8") as daemon:
        bad = ["X-Forwarded-For: 203.0.113.1, 192.0.2.1"]
        codes = [join(daemon, "no", headers=bad)["code"] for _ in range(60)]  # one a second comes back
        equal(codes[:20], ["unauthorized"] * 20)
        assert codes[-1] == "rate-limited", codes
        equal(join(daemon, token(SECRET), headers=bad)["code"], "rate-limited")
        equal(join(daemon, token(SECRET), headers=["X-Forwarded-For: 192.0.2.2"])["type"], "joined")
        assert "joined from 192.0.2.2" in daemon.log()
        assert daemon.metric("guesses_refused_total") > 0
        # on this machine they are not counted
        for _ in range(30):
            equal(join(daemon, "no")["code"], "unauthorized")


def test_proxy_that_is_not_trusted():
    """Whom it forwards has no more than others for coming from this machine: all are one address."""
    with tempfile.TemporaryDirectory() as directory, start(directory) as daemon:
        headers = [[f"X-Forwarded-For: 192.0.2.{n}"] for n in range(60)]
        codes = [join(daemon, "no", headers=each)["code"] for each in headers]
        equal(codes[:20], ["unauthorized"] * 20)
        equal(codes[-1], "rate-limited")
        equal(join(daemon, token(SECRET))["type"], "joined")
    with Daemon(BINARY, "--insecure-open", "--members-per-address", "1") as daemon, \
            Socket(daemon, "X-Forwarded-For: 192.0.2.1") as client:
        equal(client.ask(type="join", room="r")["type"], "joined")
        assert join(daemon, headers=["X-Forwarded-For: 192.0.2.2"])["type"] == "error"
        equal(join(daemon)["type"], "joined")
        assert "trusted-proxy" in daemon.log()


def test_turn_credentials():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "secret")
        with open(path, "w", encoding="utf-8") as file:
            file.write("north\nnot this\n")
        with start(directory, "--turn-rest-secret-file", path, "--turn-rest-uri",
                   "turn:127.0.0.1:3478", "--turn-rest-lifetime-seconds", "600") as daemon:
            servers = join(daemon, token(SECRET))["iceServers"]
            equal([each["urls"] for each in servers], [["turn:127.0.0.1:3478"]])
            end, who = servers[0]["username"].split(":")
            assert 590 <= int(end) - time.time() <= 601, end
            equal(who, "ann")
            code = hmac.new(b"north", servers[0]["username"].encode(), "sha1").digest()
            equal(servers[0]["credential"], base64.b64encode(code).decode())
            soon = join(daemon, token(SECRET, exp=int(time.time()) + 60))["iceServers"][0]
            assert int(soon["username"].split(":")[0]) - time.time() <= 91, soon


def ask(daemon, method, path, body="", bearer=None, kind="application/sdp"):
    """The status of an HTTP request."""
    connection = http.client.HTTPConnection(daemon.host, daemon.port, timeout=60)
    headers = {"Content-Type": kind} if body else {}
    if bearer is not None:
        headers["Authorization"] = "Bearer " + bearer
    connection.request(method, path, body or None, headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    if answer.status in (401, 403):
        assert answer.headers["WWW-Authenticate"].startswith("Bearer"), answer.headers
    return answer.status


def test_http():
    """The same rights by HTTP: there is no second door."""
    admin, member = token(SECRET, admin=True), token(SECRET, publish=["chat/*"])
    with tempfile.TemporaryDirectory() as directory, start(directory) as daemon:
        for bad in (None, "", "sesame", token(b"x" * 32), token(SECRET, exp=1)):
            equal(ask(daemon, "POST", "/rooms/r/members", "v=0", bad), 401)
            equal(ask(daemon, "GET", "/rooms", bearer=bad), 401)
            equal(ask(daemon, "POST", "/rooms/r/topics/chat%2Fde", "hi", bad, "text/plain"), 401)
        equal(ask(daemon, "POST", "/rooms/r/members", "v=0", member), 400)
        equal(ask(daemon, "GET", "/rooms", bearer=member), 403)
        equal(ask(daemon, "GET", "/rooms", bearer=admin), 200)
        with Socket(daemon) as ann:
            joined = ann.ask(type="join", room="r", token=token(SECRET, sub="bad"))
            for path, status in (("/rooms/r/topics/chat%2Fde", 202), ("/rooms/r/topics/state", 403),
                                 ("/rooms/other/topics/chat%2Fde", 403)):
                equal(ask(daemon, "POST", path, "hi", member, "text/plain"), status)
            place = "/rooms/r/members/" + joined["peer"]
            equal(ask(daemon, "DELETE", place + "?ban=60", bearer=member), 403)
            equal(ask(daemon, "DELETE", place + "?ban=60", bearer=admin), 200)
            equal(ann.receive(), {"type": "left", "reason": "banned"})
        # by its subject, whatever its name and the token
        equal(join(daemon, token(SECRET, sub="bad", name="Other"))["code"], "forbidden")
        equal(ask(daemon, "POST", "/rooms/r/topics/x", "hi", token(SECRET, sub="bad"),
                  "text/plain"), 403)
        equal(join(daemon, token(SECRET))["type"], "joined")


if __name__ == "__main__":
    run_tests([test_worked_example, test_without_keys, test_refused, test_es256,
               test_skew_and_audience, test_ends_while_connected, test_listens_only, test_rotation,
               test_guesses_behind_a_proxy, test_proxy_that_is_not_trusted,
               test_turn_credentials, test_http])
