#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/docs/protocol.md section 1, sentence by sentence, through real sockets of the real daemon."""

import re
import sys

from wherryd import Daemon, Socket, run_tests

BINARY = sys.argv[1]
DAEMON = None
SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
       "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
       + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=sctp-port:5000\r\n")


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def open_socket():
    return Socket(DAEMON)


def refused(client, code, message):
    """The message is answered by an error with this code, its type and its tid."""
    for tid in (7, "a \" b"):
        answer = client.ask(**message, tid=tid)
        equal((answer["type"], answer["code"], answer.get("ref"), answer.get("tid")),
              ("error", code, message["type"] if code != "unknown-type" else answer.get("ref"), tid))
        assert answer["message"], answer


def candidates(client):
    """The server's candidates, up to the empty one that ends them."""
    found = []
    while True:
        message = client.receive()
        equal(message["type"], "candidate")
        equal((message["sdpMid"], message["sdpMLineIndex"]), ("0", 0))
        if message["candidate"] == "":
            return found
        found.append(message)


def ping(client):
    """What came before the pong, which is everything that was sent so far."""
    client.send(type="ping", data="mark")
    messages = []
    while (message := client.receive()) != {"type": "pong", "data": "mark"}:
        messages.append(message)
    return messages


def handshake(*headers):
    with Socket(DAEMON, *headers) as client:
        equal(client.status, 101)
        return {name.lower(): value for name, value in client.headers}


def test_subprotocol():
    """wherry.1 if it is asked for, none otherwise; compression never."""
    none = handshake("Sec-WebSocket-Extensions: permessage-deflate")
    assert "sec-websocket-protocol" not in none, none
    assert "sec-websocket-extensions" not in none, none
    equal(handshake("Sec-WebSocket-Protocol: wherry.1")["sec-websocket-protocol"], "wherry.1")
    equal(handshake("Sec-WebSocket-Protocol: chat, wherry.1")["sec-websocket-protocol"], "wherry.1")


def test_one_certificate():
    """Members are offered the same one."""
    prints = set()
    for name in ("ann", "bob"):
        with open_socket() as client:
            client.ask(type="join", room="certificate", name=name)
            client.send(type="call")
            while (message := client.receive())["type"] != "offer":
                pass
            prints.add(re.search("a=fingerprint:(.*)", message["sdp"])[1])
    equal(len(prints), 1)


def test_before_a_join():
    with open_socket() as client:
        for message in ({"type": "answer", "sdp": SDP}, {"type": "candidate", "candidate": ""},
                        {"type": "signal", "to": "f" * 16, "data": 1}, {"type": "msg"},
                        {"type": "leave"}):
            refused(client, "not-joined", message)
        equal(client.ask(type="ping", tid=1), {"type": "pong", "tid": 1})
        equal(client.ask(type="ping", data={"a": [None]}), {"type": "pong", "data": {"a": [None]}})
        refused(client, "unauthorized", {"type": "join", "room": "r", "token": "sesame"})
        refused(client, "bad-room", {"type": "join", "room": "a/b"})
        refused(client, "bad-room", {"type": "join"})
        equal(client.ask(type="join", room="r", name="Ann", more=[1], history=3)["type"], "joined")


def test_bad_messages():
    """Each kind is told apart; the tenth in a minute closes the socket with 1008."""
    with open_socket() as client:
        client.ask(type="join", room="bad")
        refused(client, "unknown-type", {"type": "dance"})
        refused(client, "bad-sdp", {"type": "offer", "sdp": "v=0\r\n"})
        refused(client, "bad-candidate", {"type": "candidate", "candidate": "candidate:1 1 udp 1 x"})
        refused(client, "bad-message", {"type": "signal", "to": "me", "data": 1})
        # these are no bad messages
        refused(client, "no-such-member", {"type": "signal", "to": "f" * 16, "data": 1})
        refused(client, "already-joined", {"type": "join", "room": "bad"})
        client.send_frame(0x81, b'{"type":"ping","data":"\\ud800"}')
        equal(client.receive()["code"], "bad-message")
        client.send_frame(0x82, b'{"type":"ping"}')
        equal(client.receive()["code"], "bad-message")
        equal(client.receive(), {"close": 1008})


def test_too_large():
    for n in (33, 1025):
        channels = [{"label": "x", "id": i} for i in range(n)]
        with open_socket() as client:
            refused(client, "too-large", {"type": "call", "channels": channels})
    with open_socket() as client:
        client.send(type="ping", data="x" * 65536)
        equal(client.receive(), {"close": 1009})


def test_rate_limited():
    with open_socket() as client:
        for _ in range(230):
            client.send(type="ping")
        answers = [client.receive() for _ in range(230)]
        limited = [answer for answer in answers if answer["type"] == "error"]
        assert 5 <= len(limited) <= 30, len(limited)
        assert all(answer["code"] == "rate-limited" for answer in limited), limited


def test_call():
    """Description, candidates, one empty candidate; again on the same session."""
    with open_socket() as client:
        offer = client.ask(type="call", tid="one")
        equal((offer["type"], offer["tid"]), ("offer", "one"))
        assert "a=setup:actpass" in offer["sdp"] and "a=max-message-size:262144" in offer["sdp"]
        assert "a=candidate" not in offer["sdp"], "they are trickled"
        found = candidates(client)
        assert found and all(" 127.0.0.1 " in each["candidate"] for each in found), found
        ufrag = re.search("a=ice-ufrag:(.*)\r", offer["sdp"])[1]
        assert all(each["usernameFragment"] == ufrag for each in found), found
        refused(client, "already-joined", {"type": "join", "room": "r"})
        # cat-noises has the id 0: what cannot be done leaves no trace
        refused(client, "bad-sdp", {"type": "call", "channels": [{"label": "x", "id": 0}]})
        again = client.ask(type="call", channels=[{"label": "x", "id": 1}], tid=2)
        equal((again["type"], again["tid"]), ("offer", 2))
        equal(re.search("a=ice-ufrag:(.*)\r", again["sdp"])[1], ufrag)
        refused(client, "bad-sdp", {"type": "offer", "sdp": SDP})  # while ours has no answer
        refused(client, "bad-sdp", {"type": "answer", "sdp": SDP.replace("actpass", "holdconn")})


def test_offer():
    """The answer echoes tid, says active, and comes before the candidates. What is refused changes
    nothing: the next offer is answered as if there had been none before."""
    twice = [{"label": "a", "id": 4}, {"label": "b", "id": 4}]
    with open_socket() as client:
        equal(client.ask(type="offer", sdp=SDP, channels=twice)["code"], "bad-message")
        answer = client.ask(type="offer", sdp=SDP, channels=twice[:1], tid=1)
        equal((answer["type"], answer["tid"]), ("answer", 1))
        assert "a=setup:active" in answer["sdp"], answer["sdp"]
        assert candidates(client)
        refused(client, "bad-sdp", {"type": "offer", "sdp": SDP, "channels": twice[1:]})
        refused(client, "bad-sdp", {"type": "answer", "sdp": SDP.replace("actpass", "active")})
        equal(client.ask(type="offer", sdp=SDP, tid=9)["tid"], 9)
        equal(ping(client), [])  # nothing changed, so nothing is gathered
        # new credentials: an ICE restart, with candidates and their end
        restart = client.ask(type="offer", sdp=SDP.replace("abcd\r", "efgh\r").replace("pwd:a", "pwd:b"))
        equal(restart["type"], "answer")
        assert re.search("ice-ufrag.*", restart["sdp"])[0] != re.search("ice-ufrag.*", answer["sdp"])[0]
        assert candidates(client)
        equal(ping(client), [])


def test_without_waiting():
    """join and offer may be sent at once; joined is the first answer."""
    with open_socket() as client:
        client.send(type="join", room="hurry", tid=1)
        client.send(type="offer", sdp=SDP, tid=2)
        equal([client.receive().get("tid") for _ in range(2)], [1, 2])
        assert candidates(client)


def test_presence_signal_and_msg():
    with open_socket() as ann, open_socket() as bob, open_socket() as eve:
        hers = ann.ask(type="join", room="talk", name="Ann", tid=1)
        assert re.fullmatch("[0-9a-f]{16}", hers["peer"]), hers
        equal((hers["room"], hers["members"], hers["more"], hers["tid"]), ("talk", [], False, 1))
        equal((hers["iceServers"], hers["maxMessageSize"]), ([], 262144))
        assert "resume" not in hers and "mirror" in hers["features"], hers
        his = bob.ask(type="join", room="talk")
        equal(his["members"], [{"peer": hers["peer"], "name": "Ann"}])
        equal(ann.receive(), {"type": "member-joined", "peer": his["peer"]})
        equal(eve.ask(type="join", room="elsewhere")["members"], [])

        data = b'{"n" : 1.50e400,\n"\\u00e9":"\\/", "n":[]}'
        ann.send_frame(0x81, b'{"type":"signal","to":"%s","data":%s}' % (his["peer"].encode(), data))
        equal(bob.receive_frame()[1],
              b'{"type":"signal","from":"%s","data":%s}' % (hers["peer"].encode(), data))
        said = b'{ "type":"msg","x" :-0,"tid":"t","y":12345678901234567890'
        bob.send_frame(0x81, said + b"}")
        for client in (ann, bob):
            equal(client.receive_frame()[1], said + b',"from":"%s"}' % his["peer"].encode())
        bob.send_frame(0x81, b'{"type":"msg","from":"me"}')
        equal(bob.receive()["code"], "bad-message")

        equal(bob.ask(type="leave", tid="bye"), {"type": "left", "reason": "left", "tid": "bye"})
        equal(bob.receive(), {"close": 1000})
        equal(ann.receive(), {"type": "member-left", "peer": his["peer"], "reason": "left"})
        equal((ping(ann), ping(eve)), ([], []))


def test_room_ends_with_its_last_member():
    with open_socket() as client:
        client.ask(type="join", room="short")
        equal(client.ask(type="leave")["type"], "left")
    with open_socket() as client:
        equal(client.ask(type="join", room="short")["members"], [])
    equal(DAEMON.metric("bugs_total"), 0)


if __name__ == "__main__":
    with Daemon(BINARY) as DAEMON:
        run_tests([value for name, value in sorted(globals().items()) if name.startswith("test_")])
