#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wherry peer` as a person and as a script has it: two of them, and against aiortc."""

import json
import pathlib
import re
import signal
import subprocess
import sys
import termios

from machine import ADDRESS, enter_machine
from steps import compare, steps
from terminal import BACKSPACE, CTRL_BACKSLASH, CTRL_C, CTRL_D, CTRL_U, CTRL_Z, Terminal
from wherry import run
from coturn import Coturn  # beside wherryd.py
from wherryd import TIMEOUT, clean_environment, run_tests

WHERRY = sys.argv[1]
HERE = pathlib.Path(__file__).resolve().parent
AIORTC = HERE.parent / "interop" / "aiortc" / "direct.py"
JSON_LINE = r'^(\{"type":"(?:offer|answer)".*\})$'
LOCAL_FLAGS = 3  # in what termios.tcgetattr() returns
TTY_LINE_MAX = 4095


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def peer(*args):
    return Terminal(WHERRY, "peer", *args)


class Script:
    """wherry peer with pipes."""

    def __init__(self, *args):
        self.process = subprocess.Popen(
            [WHERRY, "peer", *args], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, env=clean_environment())
        self.said = ""

    def __enter__(self):
        signal.alarm(TIMEOUT)
        return self

    def __exit__(self, kind, value, trace):
        signal.alarm(0)
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print("# " + (self.said + self.process.stderr.read()).replace("\n", "\n# "))
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()

    def write(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def description(self):
        """What it prints for the other side: complete, on one line."""
        line = self.process.stdout.readline()
        description = json.loads(line)
        equal(list(description), ["type", "sdp"])
        assert description["sdp"].endswith("\r\na=end-of-candidates\r\n"), description["sdp"]
        return line.rstrip("\n")

    def until(self, pattern):
        while (line := self.process.stderr.readline()):
            self.said += line
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError(f"it never said {pattern}")

    def rest(self):
        """(exit status, standard output, standard error) from here on. Its input is left open."""
        code = self.process.wait(TIMEOUT)  # what it says meanwhile is less than a pipe holds
        err = self.process.stderr.read()
        self.said += err
        return code, self.process.stdout.read(), err

    def end(self):
        """The same, at the end of its input."""
        self.process.stdin.close()
        return self.rest()

    def interrupt(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.rest()


def flow(one, other):
    """Both noises have come at both."""
    for side, noise in ((one, "lion"), (other, "bear")):
        start = side.at
        for what in ("channel cat-noises: message in, 8192 bytes",
                     f"channel {noise}-noises: message in, 16384 bytes",
                     "channel cat-noises: buffered amount low, 0 bytes",
                     r"channel (bear|lion)-noises: buffered amount low, 0 bytes"):
            side.at = start
            side.until(what)


def connect(one, other):
    other.until("now paste")
    other.paste(one.until(JSON_LINE)[1])
    one.paste(other.until(JSON_LINE)[1])
    flow(one, other)


def test_two_by_paste():
    with peer("1", "host") as one, peer("0", "host") as other:
        connect(one, other)
        one.type(CTRL_C)
        equal(one.end(), 130)
        start = other.at
        for noise in ("cat", "lion", "bear"):
            other.at = start
            other.until(f"channel {noise}-noises: closed")
        other.type(CTRL_D)
        equal(other.end(), 0)
        for side, name in ((one, "offering"), (other, "answering")):
            equal(side.mode(), side.before)
            said = "\n".join(line for line in side.seen.split("\n") if not line.startswith("{"))
            compare(said, HERE / "steps" / f"peer-{name}.log")


def test_longer_than_a_line_of_the_terminal():
    with peer("1") as one, peer("0") as other:
        offer = one.until(JSON_LINE)[1]
        other.until("now paste")
        padded = offer[:-1] + ',"padding":"' + "x" * 3 * TTY_LINE_MAX + '"}'
        other.paste(padded)
        one.paste(other.until(JSON_LINE)[1])
        flow(one, other)
        assert "xxxxxxxxxxxx" not in other.seen, "what is pasted is not shown"


def test_scripts_and_the_end_of_input():
    """Nothing but the description on standard output."""
    with Script("1") as one, Script("0") as other:
        other.write(one.description())
        one.write(other.description())
        one.until("channel lion-noises: message in, 16384 bytes")
        other.until("channel bear-noises: message in, 16384 bytes")
        code, out, said = one.end()
        equal((code, out), (0, ""))
        assert said.index("end of input: closing") < said.index("cat-noises: closed") \
            < said.index("connection state: closed") < said.index("all closed"), said
        other.until("channel cat-noises: closed")
        equal(other.interrupt(signal.SIGTERM)[:2], (130, ""))


WRONG = [
    ("nonsense", "JSON"),
    ('{"type":"offer"', "JSON.*early"),
    ("[]", "object"),
    ('{"type":"offer"}', "sdp"),
    ('{"sdp":"v=0"}', "type"),
    ('{"type":"greeting","sdp":""}', "offer.*answer"),
    ('{"type":"answer","sdp":"v=0"}', "it is an answer; this side answers, and needs an offer"),
    ('{"type":"rollback"}', "it is no offer"),
    ('{"type":"offer","sdp":"v=0\\r\\n"}', "description"),
    ('{"type":"offer","sdp":"\\u001b[2J"}', "description"),
    ("\x1b[31m" + "\u202e", "JSON"),
    ("x" * 270_000, "it has more than 262144 bytes"),
]


def test_a_wrong_line_says_why_and_asks_again():
    with Script("1") as one, Script("0") as other:
        offer = one.description()
        for line, why in WRONG:
            other.write(line)
            other.until(f"that line cannot be used: .*{why}")
            other.until("now paste the other side's offer")
        other.write("")
        other.write(offer)
        answer = other.description()
        one.write(offer)
        one.until("it is an offer; this side offers, and needs the answer to its own")
        one.until("now paste the other side's answer")
        one.write(answer)
        one.until("channel lion-noises: message in")
        one.write(answer)
        one.until("a line was not read")
        assert "\x1b" not in other.said and "\u202e" not in other.said, other.said


OFFER = """v=0
o=- 1 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=application 9 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 0.0.0.0
a=candidate:1 1 udp 2130706431 10.77.0.2 5001 typ host
a=candidate:2 1 udp 1694498815 192.0.2.1 5002 typ srflx raddr 10.77.0.2 rport 5001
a=candidate:3 1 udp 1862270975 192.0.2.2 5003 typ prflx raddr 10.77.0.2 rport 5001
a=candidate:4 1 udp 16777215 192.0.2.3 5004 typ relay raddr 192.0.2.1 rport 5002
a=candidate:5 1 tcp 1518280447 10.77.0.2 9 typ host tcptype active
a=candidate:6 1 udp 2130706430 5f1d2a2e-3e9c-4d51-a5c9-f0e2b7c1a0aa.local 5005 typ host
a=candidate:7 1 udp 2130706429 fd00::1 5006 typ host
a=ice-ufrag:ufRA
a=ice-pwd:0123456789abcdefghijkl
a=fingerprint:sha-256 """ + ":".join(["AB"] * 32) + """
a=setup:actpass
a=mid:0
a=sctp-port:5000
a=max-message-size:262144
a=end-of-candidates
"""
TYPE_OF = {"1": "host", "2": "srflx", "3": "prflx", "4": "relay", "6": "host", "7": "host"}


def test_candidate_types():
    """Only those that are named are offered and used, and each candidate says so."""
    for types in ([], ["host"], ["srflx"], ["host", "relay"], ["prflx", "srflx"]):
        named = types or ["host", "srflx", "prflx", "relay"]
        with Script("0", *types) as side:
            side.write(json.dumps({"type": "offer", "sdp": OFFER.replace("\n", "\r\n")}))
            sdp = json.loads(side.description())["sdp"]
            said = side.end()[2]
            equal("a=candidate:" in sdp, "host" in named)
            equal(ADDRESS in sdp, "host" in named)
            local = re.findall(r"local candidate: .* type=host .* used=(\w+)", said)
            equal(set(local), {"yes" if "host" in named else "no"})
            remote = dict(re.findall(r"remote candidate: foundation=(\d) .* used=(\w+)$", said,
                                     re.MULTILINE))
            equal(remote, {"5": "no"} | {number: "yes" if kind in named else "no"
                                         for number, kind in TYPE_OF.items()})
            equal("(….local)" in said, "host" in named)
    lines = [what for _, what in steps(said) if what.startswith("remote candidate")]
    equal(lines[1], "remote candidate: foundation=2 protocol=udp priority=1694498815 "
          "address=192.0.2.1 port=5002 type=srflx related=10.77.0.2:5001 media-line=0 mid=0 "
          "ufrag=ufRA used=yes")
    equal(lines[4], "remote candidate: foundation=5 protocol=tcp priority=1518280447 "
          "address=10.77.0.2 port=9 type=host tcptype=active related=none media-line=0 mid=0 "
          "ufrag=ufRA used=no")


def test_what_is_not_named_is_not_used():
    """One side has nothing that the other one takes: no pair, whatever its checks come from."""
    with Script("1") as one, Script("0", "relay", "srflx") as other:
        other.write(one.description())
        one.write(other.description())
        other.until("ICE connection state: checking")
        one.until("remote description taken")
        other.until("ICE connection state: failed")
        code, _, said = other.end()
        assert code == 0 and "connection state: connected" not in other.said, said


def test_relay_alone():
    """Neither side tells or uses an address of its own."""
    with Coturn("ada:secret") as coturn:
        args = ["relay", "--bind-address", "127.0.0.1", "--ice-server", f"turn:ada:secret@127.0.0.1:{coturn.port}"]
        with Script("1", *args) as one, Script("0", *args) as other:
            for from_, to in ((one, other), (other, one)):
                line = from_.description()
                assert " typ relay " in line and " typ host" not in line, line
                to.write(line)
            for side in (one, other):
                side.until("channel cat-noises: message in, 8192 bytes")
                for which in ("local candidate:", "remote candidate:", "selected local candidate:",
                              "selected remote candidate:"):
                    found = re.findall(rf" ms  {which} .* type=(\w+) ", side.said)
                    equal(set(found), {"relay"})


def test_a_slow_person():
    """ICE of the side that answers has given up when the answer comes to the other one."""
    with Script("1", "host") as one, Script("0", "host") as other:
        other.write(one.description())
        answer = other.description()
        other.until("ICE connection state: failed")
        other.until("nothing has answered so far")
        one.write(answer)
        one.until("channel lion-noises: message in, 16384 bytes")
        other.until("channel bear-noises: message in, 16384 bytes")


def test_a_server_that_gives_no_candidate():
    with Coturn("ada:secret") as coturn:
        with Script("1", "--ice-server", f"turn:ada:wrong@127.0.0.1:{coturn.port}") as side:
            side.until(rf"no candidate from turn:127.0.0.1:{coturn.port}.*: error 701: ")
            assert " typ host" in side.description()
            assert "wrong" not in side.end()[2]


def test_usage():
    for args in ([], ["2"], ["x"], ["1", "tcp"], ["1", "host", "none"], ["1", "all"]):
        code, out, err = run(WHERRY, "peer", *args)
        equal((code, out), (2, ""))
        assert "wherry peer: " in err, err


def test_typed_by_hand():
    with peer("0") as side:
        side.until("now paste")
        side.type(b"{}x")
        side.until(r"\{\}x")
        side.type(BACKSPACE)
        side.until("\x08 \x08")
        side.type(b"\r")
        side.until("that line cannot be used: .*type")
        side.until("now paste")
        side.type("grüße".encode() + CTRL_U + b"[]" + CTRL_D + b"\r")
        side.until("that line cannot be used: .*object")
        side.until("now paste")
        side.type(CTRL_D)
        equal(side.end(), 0)


def is_raw(side):
    return side.mode()[LOCAL_FLAGS] & (termios.ICANON | termios.ECHO) == 0


def test_the_terminal_is_given_back():
    with peer("0") as side:
        side.until("now paste")
        assert is_raw(side)
        side.type(CTRL_Z)
        side.until_stopped()
        equal(side.mode(), side.before)
        side.process.send_signal(signal.SIGCONT)
        side.type(b"{}\r")
        side.until("that line cannot be used")
        assert is_raw(side)
        side.type(CTRL_BACKSLASH)
        equal(side.end(), -signal.SIGQUIT)
        equal(side.mode(), side.before)
    with peer("0") as side:
        side.until("now paste")
        side.process.send_signal(signal.SIGTERM)
        equal(side.end(), 130)
        equal(side.mode(), side.before)


def test_the_other_side_is_gone():
    """It closes all the same, without waiting long; a second Ctrl-C does not wait at all."""
    for again in (False, True):
        with peer("1") as one, peer("0") as other:
            connect(one, other)
            other.process.kill()
            other.process.wait()
            one.type(CTRL_C)
            one.until("channel bear-noises: closing")
            if again:
                one.type(CTRL_C)
            else:
                one.until("channel cat-noises: the other side does not answer")
                one.until("all closed")
            equal(one.end(), 130)
            equal(one.mode(), one.before)


class Aiortc:
    """tests/interop/aiortc/direct.py"""

    def __init__(self):
        self.process = subprocess.Popen(["/usr/bin/python3", AIORTC], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.events = []
        self.until(event="ready")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()

    def order(self, **order):
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()

    def until(self, **what):
        """The first event that has these members."""
        seen = 0
        while True:
            for event in self.events[seen:]:
                if what.items() <= event.items():
                    return event
            seen = len(self.events)
            line = self.process.stdout.readline()
            assert line, f"aiortc ended before {what}: {self.events}"
            self.events.append(json.loads(line))


CAT = {"do": "create", "channel": "cat", "label": "cat-noises", "negotiated": True, "id": 0}


def with_aiortc(offering):
    noise = "bear" if offering else "lion"
    with Script("1" if offering else "0", "host") as side, Aiortc() as aiortc:
        aiortc.order(**CAT)
        if offering:
            aiortc.order(**json.loads(side.description()))
            answer = aiortc.until(type="answer")
            side.write(json.dumps(answer))
        else:
            aiortc.order(do="offer")
            side.write(json.dumps(aiortc.until(type="offer")))
            aiortc.order(**json.loads(side.description()))
        aiortc.until(event="message", channel="cat", kind="binary", size=8192)
        found = aiortc.until(event="channel", label=f"{noise}-noises")
        equal(found["ordered"], False)
        aiortc.until(event="message", channel=found["channel"], kind="binary", size=16384)
        aiortc.order(do="send", channel="cat", kind="text", head="", size=17)
        side.until("channel cat-noises: message in, 17 bytes, text")
        aiortc.order(do="create", channel="dino", label="dinosaur-noises")
        side.until("new channel from the other side: dinosaur-noises, id . in band, reliable, ordered"
                   .replace("id .", r"id \d+,"))
        aiortc.until(event="open", channel="dino")
        aiortc.order(do="send", channel="dino", kind="binary", head="", size=16384)
        side.until("channel dinosaur-noises: message in, 16384 bytes, binary")
        code, _, said = side.interrupt()
        aiortc.until(event="closed", channel="dino")
        equal(code, 130)
        for channel in ("cat", noise, "dinosaur"):
            assert f"channel {channel}-noises: closed" in said, said


def test_aiortc_answers():
    with_aiortc(True)


def test_aiortc_offers():
    with_aiortc(False)


# until ICE gives up, or gathering does
LONG_TESTS = [
    test_what_is_not_named_is_not_used, test_a_slow_person, test_a_server_that_gives_no_candidate,
]
TESTS = [
    test_two_by_paste, test_longer_than_a_line_of_the_terminal, test_scripts_and_the_end_of_input,
    test_a_wrong_line_says_why_and_asks_again, test_candidate_types,
    test_relay_alone, test_usage, test_typed_by_hand, test_the_terminal_is_given_back, test_the_other_side_is_gone,
    test_aiortc_answers, test_aiortc_offers,
]

if __name__ == "__main__":
    REASON = enter_machine()
    if REASON is not None:
        print(f"Bail out! {REASON}")
        sys.exit(1)
    run_tests(LONG_TESTS if "--long" in sys.argv else TESTS)
