#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/docs/protocol.md section 2, its table and its list of errors line by line, through real
connections of the real daemon."""

import base64
import hmac
import json
import re
import socket
import sys
import tempfile

from wherryd import Daemon, Socket, run_tests

BINARY = sys.argv[1]
DAEMON = None
SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\n"
       "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\na=mid:0\r\n"
       "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=fingerprint:sha-256 "
       + ":".join(["AB"] * 32) + "\r\na=setup:actpass\r\na=sctp-port:5000\r\n")
FRAGMENT = "application/trickle-ice-sdpfrag"
M_LINE = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\na=mid:0\r\n"
CANDIDATE = "a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host\r\n"


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1])
        self.headers = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            self.headers[name.lower()] = value
        self.text = self.body.decode("utf-8", "replace")


def send(daemon, raw):
    """What comes back until the server ends the connection."""
    with daemon.connect() as connection:
        try:
            connection.sendall(raw)
        except OSError:  # it has said enough before it heard all
            pass
        answer = b""
        while chunk := connection.recv(65536):
            answer += chunk
    return Answer(answer)


def ask(method, path, body=None, *headers, daemon=None):
    daemon = daemon or DAEMON
    body = body.encode() if isinstance(body, str) else body
    lines = [f"{method} {path} HTTP/1.1", f"Host: {daemon.host}:{daemon.port}", *headers]
    if body is not None:
        lines.append(f"Content-Length: {len(body)}")
    return send(daemon, "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b""))


def offer(room="lobby", *headers, sdp=SDP, query="", daemon=None):
    return ask("POST", f"/rooms/{room}/members{query}", sdp, "Content-Type: application/sdp",
               *headers, daemon=daemon)


def patch(location, body, etag="*", kind=FRAGMENT):
    headers = [f"If-Match: {etag}"] if etag is not None else []
    return ask("PATCH", location, body, f"Content-Type: {kind}", *headers)


def refused(answer, status, code=None):
    """One line that says why."""
    equal((answer.status, answer.headers.get("wherry-error")), (status, code))
    assert answer.headers["content-type"].startswith("text/plain"), answer.headers
    assert re.fullmatch(r"[^\n]+\n", answer.text), answer.text


def leave(*answers):
    for answer in answers:
        equal(ask("DELETE", answer.headers["location"]).status, 200)


def restart(ufrag, candidate=CANDIDATE):
    return f"a=ice-ufrag:{ufrag}\r\na=ice-pwd:{ufrag * 6}\r\n{M_LINE}{candidate}a=end-of-candidates\r\n"


# ---- the table ----

def test_offer_in_answer_out():
    """201, the answer with all candidates, Location, ETag; the location ends in 128 bits that are
    not the public id."""
    first, second = offer(), offer()
    for answer in (first, second):
        equal((answer.status, answer.headers["content-type"]), (201, "application/sdp"))
        assert "a=setup:active" in answer.text and "a=end-of-candidates" in answer.text
        assert re.search(r"a=candidate:.* 127\.0\.0\.1 ", answer.text), answer.text
        secret = re.fullmatch("/rooms/lobby/members/([0-9a-f]{32})", answer.headers["location"])[1]
        peer = answer.headers["wherry-member"]
        assert re.fullmatch("[0-9a-f]{16}", peer) and peer not in secret, (peer, secret)
        assert re.fullmatch('"[0-9a-f]+"', answer.headers["etag"]), answer.headers
    assert first.headers["location"] != second.headers["location"]
    leave(first, second)


def test_ice_servers():
    with Daemon(BINARY, "--stun-server", "stun:127.0.0.1:9") as daemon:
        answer = offer(daemon=daemon)  # nobody answers there: the answer comes all the same
        equal(answer.status, 201)
        equal(answer.headers["link"], '<stun:127.0.0.1:9>; rel="ice-server"')


def test_turn_servers():
    """With credentials of the member's own, as for coturn's use-auth-secret."""
    with tempfile.NamedTemporaryFile("w") as secret:
        secret.write("sesame-sesame-sesame-sesame\n")
        secret.flush()
        with Daemon(BINARY, "--turn-rest-secret-file", secret.name, "--turn-rest-uri",
                    "turn:127.0.0.1:3478?transport=udp") as daemon:
            first, second = offer(daemon=daemon), offer(daemon=daemon)
        found = re.fullmatch(r'<turn:127\.0\.0\.1:3478\?transport=udp>; rel="ice-server"; '
                             r'username="(\d+:[0-9a-f]{16})"; credential="([A-Za-z0-9+/=]+)"; '
                             r'credential-type="password"', first.headers["link"])
        assert found and found[1].split(":")[1] == first.headers["wherry-member"], first.headers
        mac = hmac.digest(b"sesame-sesame-sesame-sesame", found[1].encode(), "sha1")
        equal(base64.b64decode(found[2]), mac)
        assert first.headers["link"] != second.headers["link"]


def test_guesses():
    """Who tries addresses of members is slowed down; who has one is not, nor is anybody else."""
    with Daemon(BINARY, "--insecure-open", "--trusted-proxy", "127.0.0.0/8") as daemon:
        member = offer(daemon=daemon)
        wrong = [ask("DELETE", f"/rooms/lobby/members/{n:032x}", None, "X-Forwarded-For: 192.0.2.1",
                     daemon=daemon) for n in range(60)]
        limited = [answer for answer in wrong if answer.status == 429]
        assert len(limited) >= 20 and wrong[0].status == 404, [answer.status for answer in wrong]
        refused(limited[0], 429, "rate-limited")
        refused(ask("DELETE", "/rooms/lobby/members/" + "0" * 32, None, "X-Forwarded-For: 192.0.2.2",
                    daemon=daemon), 404, "no-such-member")
        equal(ask("DELETE", member.headers["location"], None, "X-Forwarded-For: 192.0.2.1",
                  daemon=daemon).status, 200)
        # far away nobody lists, kicks or publishes without a token
        for method, path in (("GET", "/rooms"), ("POST", "/rooms/x/topics/y")):
            refused(ask(method, path, "", "X-Forwarded-For: 192.0.2.1", daemon=daemon), 403, "forbidden")


def test_names_and_channels():
    with Socket(DAEMON) as watcher:
        watcher.ask(type="join", room="häfen/x".replace("/", " "))
        declared = json.dumps([{"label": "a", "id": 4}, {"label": "b", "id": 6, "maxRetransmits": 0}])
        answer = offer("h%C3%A4fen%20x", f"Wherry-Channels: {declared}", query="?name=J%C3%BCrgen&mirror=false")
        equal(answer.status, 201)
        equal(watcher.receive(), {"type": "member-joined", "peer": answer.headers["wherry-member"],
                                  "name": "Jürgen"})
        leave(answer)
        equal(watcher.receive(), {"type": "member-left", "peer": answer.headers["wherry-member"],
                                  "reason": "left"})
    for bad in ("[", "{}", '[{"label":1,"id":1}]', '[],"type":"join"', '[{"label":"a","id":1},{"label":"b","id":1}]'):
        equal((bad, offer("lobby", f"Wherry-Channels: {bad}").status), (bad, 400))
    many = json.dumps([{"label": "x", "id": i} for i in range(33)])
    refused(offer("lobby", f"Wherry-Channels: {many}"), 413, "too-large")
    refused(offer(query="?name=" + "x" * 65), 400, "bad-message")
    refused(offer(query="?name=%ff"), 400, "bad-message")
    refused(offer(query="?mirror=perhaps"), 400, "bad-message")
    refused(offer(query="?attributes=%7B%7D,%22x%22:1"), 400, "bad-message")
    refused(offer(query="?attributes=1"), 400, "bad-message")
    refused(offer(query="?history=x"), 400, "bad-message")
    refused(offer(query="?will=%7B%22topic%22:1%7D"), 400, "bad-message")


def test_topics():
    for kind in ("text/plain", "application/octet-stream"):
        equal(ask("POST", "/rooms/nobody/topics/x", "hello", f"Content-Type: {kind}").status, 202)
    member = offer("spoken")
    equal(ask("POST", "/rooms/spoken/topics/a/b%2Fc%20d", b"").status, 202)
    room = json.loads(ask("GET", "/rooms/spoken").text)
    equal(room["topics"], [{"topic": "a/b/c d", "publishers": 0, "subscribers": 0}])
    refused(ask("POST", "/rooms/spoken/topics/x", b"\xff", "Content-Type: text/plain"), 400, "bad-message")
    refused(ask("POST", "/rooms/spoken/topics/x", b"x", "Content-Type: text/plain; charset=latin1"), 415)
    refused(ask("POST", "/rooms/spoken/topics/wherry:notices", b"x"), 403, "forbidden")
    refused(ask("POST", "/rooms/echo/topics/x", b"x"), 403, "forbidden")
    refused(ask("POST", "/rooms/spoken/topics/", b"x"), 400, "bad-message")
    refused(ask("POST", "/rooms/spoken/topics/" + "x" * 1025, b"x"), 400, "bad-message")
    refused(ask("POST", "/rooms/spoken/topics/x", b"x" * 262145), 413, "too-large")
    leave(member)


def test_trickle():
    member = offer()
    location, etag = member.headers["location"], member.headers["etag"]
    same = "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
    for body in (same + M_LINE + CANDIDATE, M_LINE + CANDIDATE + "a=end-of-candidates\r\n",
                 "a=end-of-candidates\r\n", M_LINE.replace("mid:0", "mid:7") + CANDIDATE):
        equal((patch(location, body, etag).status, patch(location, body, '"x", ' + etag).status), (204, 204))
    leave(member)


def test_ice_restart():
    """200, our fragment with new credentials, a new ETag; the old one is 412 from then on."""
    member = offer()
    location, etag = member.headers["location"], member.headers["etag"]
    ufrags = {re.search("ice-ufrag:(.*)\r", member.text)[1]}
    for ufrag in ("efgh", "ijkl"):
        answer = patch(location, restart(ufrag), etag)
        equal((answer.status, answer.headers["content-type"]), (200, FRAGMENT))
        assert "a=candidate:" in answer.text and "a=mid:0" in answer.text, answer.text
        assert len(re.search("ice-pwd:(.*)\r", answer.text)[1]) >= 22, answer.text
        ufrags.add(re.search("ice-ufrag:(.*)\r", answer.text)[1])
        assert answer.headers["etag"] != etag
        refused(patch(location, M_LINE + CANDIDATE, etag), 412)
        etag = answer.headers["etag"]
        equal(patch(location, M_LINE + CANDIDATE, etag).status, 204)
    equal(len(ufrags), 3)
    refused(patch(location, restart("ijkl").replace("pwd:ijkl", "pwd:mnop"), etag), 400, "bad-sdp")
    equal(patch(location, restart("mnop"), "*").status, 200)  # RFC 9725 section 4.3.3
    leave(member)


def test_delete():
    member = offer()
    leave(member)
    refused(ask("DELETE", member.headers["location"]), 404, "no-such-member")
    refused(patch(member.headers["location"], CANDIDATE), 404, "no-such-member")


def test_lists():
    member = offer("listed", query="?name=Ann&attributes=%7B%22a%22:%5B1%5D%7D")
    rooms = json.loads(ask("GET", "/rooms").text)
    assert {"room": "listed", "members": 1, "connected": 0, "topics": 0} in rooms["rooms"], rooms
    assert rooms["counters"]["joins"] >= 1, rooms
    equal(json.loads(ask("GET", "/rooms/listed").text),
          {"room": "listed", "topics": [],
           "members": [{"peer": member.headers["wherry-member"], "name": "Ann", "connected": False,
                        "address": "127.0.0.1", "queued": 0, "topics": [],
                        "attributes": {"a": [1]}}]})
    equal(ask("HEAD", "/rooms").body, b"")
    refused(ask("GET", "/rooms/nobody"), 404)
    leave(member)


def test_kick_and_ban():
    with Socket(DAEMON) as watcher:
        watcher.ask(type="join", room="watched", name="Watcher")

        def away(reason, query=""):
            member = offer("watched", query="?name=Mallory")
            peer = member.headers["wherry-member"]
            equal(watcher.receive()["type"], "member-joined")
            refused(ask("DELETE", f"/rooms/elsewhere/members/{peer}"), 404, "no-such-member")
            refused(ask("DELETE", f"/rooms/watched/members/{peer}?ban=0"), 400, "bad-message")
            equal(ask("DELETE", f"/rooms/watched/members/{peer}{query}").status, 200)
            equal(watcher.receive(), {"type": "member-left", "peer": peer, "reason": reason})
            refused(ask("DELETE", member.headers["location"]), 404, "no-such-member")

        away("kicked")
        away("banned", "?ban=60")
        refused(offer("watched", query="?name=Mallory"), 403, "forbidden")
        with Socket(DAEMON) as again:
            equal(again.ask(type="join", room="watched", name="Mallory")["code"], "forbidden")
        # on loopback everybody has one address: others may still come, and Mallory elsewhere
        leave(offer("watched"), offer("other", query="?name=Mallory"))


def test_options():
    for path, methods in (("/rooms", "GET, HEAD, OPTIONS"), ("/rooms/x", "GET, HEAD, OPTIONS"),
                          ("/rooms/x/members", "POST, OPTIONS"), ("/rooms/x/topics/y", "POST, OPTIONS"),
                          ("/rooms/x/members/" + "a" * 16, "DELETE, OPTIONS"),
                          ("/rooms/x/members/" + "a" * 32, "PATCH, DELETE, OPTIONS")):
        answer = ask("OPTIONS", path)
        equal((answer.status, answer.headers["allow"]), (204, methods))
        wrong = ask("PUT", path, "")
        equal((wrong.status, wrong.headers["allow"]), (405, methods))
    equal(ask("OPTIONS", "/rooms/x/members").headers["accept-post"], "application/sdp")
    equal(ask("OPTIONS", "/rooms/x/members/" + "a" * 32).headers["accept-patch"], FRAGMENT)


def preflight(daemon, origin):
    return ask("OPTIONS", "/rooms/x/members", None, f"Origin: {origin}",
               "Access-Control-Request-Method: POST",
               "Access-Control-Request-Headers: content-type,wherry-channels", daemon=daemon)


def test_cors():
    """As allowed-origin says, or cors-origins in its place; errors can be read too."""
    app, other = "https://app.example", "https://other.example"
    with Daemon(BINARY, "--allowed-origin", app) as daemon:
        answer = preflight(daemon, app)
        equal((answer.status, answer.headers["access-control-allow-origin"]), (204, app))
        equal(answer.headers["access-control-allow-methods"], "POST, OPTIONS")
        assert "Wherry-Channels" in answer.headers["access-control-allow-headers"], answer.headers
        assert "credentials" not in str(answer.headers).lower(), answer.headers
        refused(preflight(daemon, other), 403)
        refused(preflight(daemon, "null"), 403)
        for answer in (offer("x", f"Origin: {app}", daemon=daemon),
                       offer("x", f"Origin: {app}", sdp="v=0\r\n", daemon=daemon)):
            equal((answer.headers["access-control-allow-origin"], answer.headers["vary"]), (app, "Origin"))
            for header in ("Location", "ETag", "Link", "Retry-After", "Wherry-Error"):
                assert header in answer.headers["access-control-expose-headers"], answer.headers
    with Daemon(BINARY, "--allowed-origin", app, "--cors-origins", other) as daemon:
        equal(preflight(daemon, other).status, 204)
        refused(preflight(daemon, app), 403)
        equal(offer(daemon=daemon, room="x").status, 201)  # no page at all


# ---- bad input ----

def test_bad_bodies():
    for sdp in ("", "hello", "v=0\r\n", SDP.replace("a=ice-pwd", "a=x"), SDP.replace("m=application 9", "m=application 0"),
                "\0" * 100):
        refused(offer(sdp=sdp), 400, "bad-sdp")
    for kind in ("text/plain", "application/json", "application/sdp2"):
        refused(ask("POST", "/rooms/lobby/members", SDP, f"Content-Type: {kind}"), 415)
    refused(ask("POST", "/rooms/lobby/members", SDP), 415)
    member = offer()
    location, etag = member.headers["location"], member.headers["etag"]
    refused(patch(location, CANDIDATE, etag, "application/sdp"), 415)
    refused(patch(location, CANDIDATE, None), 428)
    for tag in ('"x"', "W/" + etag, etag.strip('"'), ""):
        refused(patch(location, CANDIDATE, tag), 412)
    for body in ("", "hello", M_LINE, "a=ice-ufrag:abcd\r\n", CANDIDATE * 129):
        refused(patch(location, body, etag), 400, "bad-sdp")
    leave(member)


def test_large_bodies():
    """413 above 64 KiB, however it is sent; what is far larger is not read."""
    refused(offer(sdp=SDP + "a=x\r\n" * 14000), 413, "too-large")
    host = f"Host: {DAEMON.host}:{DAEMON.port}\r\n"
    chunked = (f"POST /rooms/lobby/members HTTP/1.1\r\n{host}Content-Type: application/sdp\r\n"
               "Transfer-Encoding: chunked\r\n\r\n").encode()
    piece = b"1000\r\n" + b"x" * 4096 + b"\r\n"
    refused(send(DAEMON, chunked + piece * 17 + b"0\r\n\r\n"), 413, "too-large")
    whole = b"%x\r\n%s\r\n0\r\n\r\n" % (len(SDP), SDP.encode())
    good = send(DAEMON, chunked + whole)
    equal(good.status, 201)
    leave(good)
    with DAEMON.connect() as connection:
        connection.sendall(chunked)
        try:
            for _ in range(10000):  # 40 MB, if it were read
                connection.sendall(piece)
            raise AssertionError("an endless body was read")
        except OSError:
            pass
    huge = send(DAEMON, (f"POST /rooms/lobby/members HTTP/1.1\r\n{host}Content-Type: application/sdp\r\n"
                         "Content-Length: 99999999999\r\n\r\n").encode())
    equal(huge.status, 413)


def test_wrong_secrets():
    """Unknown, malformed and of another room: one answer."""
    member = offer("mine")
    secret = member.headers["location"].rsplit("/", 1)[1]
    answers = [ask("DELETE", path) for path in (
        "/rooms/other/members/" + secret, "/rooms/mine/members/" + "0" * 32,
        "/rooms/mine/members/" + secret[:-1], "/rooms/mine/members/" + secret.upper() + "Z",
        "/rooms/mine/members/", "/rooms/mine/members/x", "/rooms/mine/members/" + "x" * 4000)]
    for answer in answers:
        refused(answer, 404, "no-such-member")
        equal(answer.text, answers[0].text)
    leave(member)


def test_paths():
    for path in ("/rooms/", "/rooms//members", "/rooms/a%2Fb/members", "/rooms/%0a/members",
                 "/rooms/" + "x" * 129 + "/members"):
        refused(ask("POST", path, SDP, "Content-Type: application/sdp"), 400, "bad-room")
    for path in ("/rooms/%ff/members", "/rooms/%00/members", "/rooms/a%zz/members", "/rooms/x/topics/%ff"):
        equal(ask("POST", path, SDP, "Content-Type: application/sdp").status, 400)
    for path in ("/roomsx", "/rooms/x/", "/rooms/x/members/a/b", "/rooms/x/what", "/rooms/x/topics",
                 "/rooms/../../etc/passwd/x"):
        refused(ask("GET", path), 404)
    longest = "é" * 64
    member = offer("%C3%A9" * 64)
    equal(member.headers["location"].split("/")[2], "%C3%A9" * 64)
    assert longest in ask("GET", "/rooms").text
    leave(member)


def test_who_may():
    """Lists, kicks and topics are for programs of this machine that speak for themselves."""
    for method, path in (("GET", "/rooms"), ("GET", "/rooms/x"), ("POST", "/rooms/x/topics/y"),
                         ("DELETE", "/rooms/x/members/" + "a" * 16)):
        for header in ("Forwarded: for=1.2.3.4", "X-Forwarded-For: 1.2.3.4", "X-Real-IP: 1.2.3.4", "Via: 1.1 x"):
            answer = ask(method, path, "", header)
            refused(answer, 403, "forbidden")
            assert answer.headers["www-authenticate"].startswith("Bearer"), answer.headers
        answer = ask(method, path, "", "Authorization: Bearer sesame")
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"].startswith("Bearer"), answer.headers
        assert "sesame" not in answer.text
        refused(ask(method, path, "", "Origin: https://evil.example"), 403)
        rebound = send(DAEMON, f"{method} {path} HTTP/1.1\r\nHost: evil.example\r\n\r\n".encode())
        refused(rebound, 403)
    equal(ask("GET", "/rooms", None, f"Origin: http://{DAEMON.host}:{DAEMON.port}").status, 200)


def test_full():
    with Daemon(BINARY, "--members-per-room", "1", "--max-peers", "2") as daemon:
        first, second = offer("a", daemon=daemon), offer("b", daemon=daemon)
        equal((first.status, second.status), (201, 201))
        refused(ask("DELETE", second.headers["location"] + "x", daemon=daemon), 404, "no-such-member")
        equal(ask("DELETE", second.headers["location"], daemon=daemon).status, 200)
        refused(offer("a", daemon=daemon), 409, "room-full")
        equal(offer("b", daemon=daemon).status, 201)
        full = offer("c", daemon=daemon)
        refused(full, 503, "server-full")
        assert int(full.headers["retry-after"]) > 0, full.headers


def test_rate_limited():
    member = offer()
    location = member.headers["location"]
    answers = [patch(location, "a=end-of-candidates\r\n") for _ in range(230)]
    limited = [answer for answer in answers if answer.status == 429]
    assert limited and answers[199].status == 204, [answer.status for answer in answers]
    refused(limited[0], 429, "rate-limited")
    assert int(limited[0].headers["retry-after"]) > 0, limited[0].headers
    leave(member)


def test_zz_nothing_is_left():
    equal(DAEMON.metric("bugs_total"), 0)
    equal(json.loads(ask("GET", "/rooms").text)["rooms"], [])


if __name__ == "__main__":
    socket.setdefaulttimeout(60)
    with Daemon(BINARY) as DAEMON:
        run_tests([value for name, value in sorted(globals().items()) if name.startswith("test_")])
