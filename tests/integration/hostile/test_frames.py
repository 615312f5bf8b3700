#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What comes over TCP and is no signaling: through the sockets of a running daemon."""

import json
import random
import time
import zlib

from scene import FULL, MIB, SLOWER, Scene, resources, run_tests
from wire import BINARY, CLOSE, FIN, PING, RSV1, TEXT, WebSocket, connect, frame, read_all, request, send_and_read

DEEP = 100_000


def ping_answered(ws):
    ws.send({"type": "ping", "data": 7})
    answer = ws.recv_type("pong")
    return answer.get("data") == 7


def refused(url, text, codes=("bad-message",)):
    """It is answered with an error, and the socket goes on."""
    with WebSocket(url) as ws:
        ws.send(text)
        answer = ws.recv()
        assert answer.get("code") in codes, (text[:80], answer)
        assert ping_answered(ws), text[:80]


def ended(url, data, codes):
    """Frames after which the socket is closed, with one of the codes (0: cut off)."""
    with WebSocket(url) as ws:
        try:
            ws.sock.sendall(data)
        except ConnectionError:
            pass  # it did not wait for the end
        answer = ws.recv_type("nothing")
        assert answer["close"] in codes, (data[:40], answer)


def malformed_json_is_refused():
    """Each is bad-message, unknown-type or what its field says, and never the end of the socket."""
    objects = ["", " ", "{", "}", "[]", "null", "7", '"join"', "{}", '{"type":null}', '{"type":7}',
               '{"type":["join"]}', '{"type":""}', '{"type":"join"', '{"type":"join",}', "{'type':1}",
               '{"type":"join"}{"type":"join"}', '{"type":"join"} x', '{"type":"join","type":"leave"}',
               '/* */{"type":"ping"}', '{"type":"ping"}//', 'var x={"type":"ping"}',
               '{"type":"ping","data":1e}', '{"type":"ping","data":01}', '{"type":"ping","data":.5}',
               '{"type":"ping","data":NaN}', '{"type":"ping","data":+1}', '{"type":"ping","data":0x1}',
               '{"type":"ping","data":"\\u00"}', '{"type":"ping","data":"\\x41"}',
               '{"type":"ping","data":"\t"}', '{"type":"ping","data":"a\\u0000b"}',
               '{"type":"ping","data":"\\ud800"}', '{"type":"ping","data":"\\udc00\\ud800"}',
               '{"type":"ping","data":"a\0b"}', "\0", "\ufeff{\"type\":\"ping\"}",
               '{"type":"ping","tid":{}}', '{"type":"ping","tid":true}',
               '{"type":"join"}', '{"type":"join","room":7}', '{"type":"join","room":"a","mirror":3}',
               '{"type":"join","room":"a","name":[]}', '{"type":"offer"}', '{"type":"offer","sdp":{}}',
               '{"type":"call","channels":{}}', '{"type":"call","channels":[7]}',
               '{"type":"call","channels":[{"label":"x","id":-1}]}',
               '{"type":"call","channels":[{"label":"x","id":65535}]}',
               '{"type":"call","channels":[{"label":"x","id":1e99}]}',
               '{"type":"nonsense"}', '{"type":"joined"}', '{"type":"join","room":"a/b"}',
               '{"type":"join","room":""}', '{"type":"join","room":"%s"}' % ("r" * 129),
               '{"type":"join","room":"a","name":"%s"}' % ("n" * 65),
               "[" * DEEP, "[" * DEEP + "]" * DEEP, '{"type":"ping","data":%s7%s}' % ("[" * 40, "]" * 40),
               '{"a":' * 10_000, '{"type":"ping","data":%s' % ("[" * 60_000)]
    codes = ("bad-message", "unknown-type", "bad-room", "too-large")
    with Scene() as scene:
        for text in objects:
            if len(text.encode()) > 65536:
                ended(scene.url, frame(FIN | TEXT, text.encode()), (1009,))
            else:
                refused(scene.url, text, codes)
        for bad in (b"\xff", b"\xc0\x80", b'{"type":"ping","data":"\xed\xa0\x80"}', b'{"type":"\xf8"}',
                    b'{"type":"ping","data":"\xe2\x82"}'):
            # RFC 6455 section 8.1: a text frame that is not UTF-8 fails the connection
            with WebSocket(scene.url) as ws:
                ws.send(bad)
                answer = ws.recv()
                assert answer.get("close") in (0, 1007) or answer.get("code") == "bad-message", answer
        assert scene.rose("bad_messages") >= 40, scene.rose("bad_messages")


def ten_bad_messages_close_the_socket():
    """The tenth bad message in a minute: close 1008. Too many good ones: rate-limited."""
    with Scene() as scene:
        with WebSocket(scene.url) as ws:
            for _ in range(12):
                ws.send("{}")
            answers = [ws.recv() for _ in range(10)]
            assert all(a.get("code") in ("bad-message", "unknown-type") for a in answers), answers
            assert ws.recv() == {"close": 1008}
        with WebSocket(scene.url) as ws:
            for _ in range(400):
                ws.send({"type": "ping"})
            answers = [ws.recv() for _ in range(400)]
            limited = [a for a in answers if a.get("code") == "rate-limited"]
            assert 100 < len(limited) <= 200, len(limited)
            ws.send_frame(FIN | PING, b"there?")
            assert ws.recv() == {"pong": b"there?"}
        assert scene.rose("rate_limited") == len(limited)


def oversized_messages_close_the_socket():
    """64 KiB is taken, a byte more is not; 10 MB in fragments are not collected."""
    with Scene() as scene:
        with WebSocket(scene.url) as ws:
            text = json.dumps({"type": "ping", "data": ""})
            ws.send(text.replace('""', '"%s"' % ("x" * (65536 - len(text)))))
            assert ws.recv()["type"] == "pong"
        ended(scene.url, frame(FIN | TEXT, b" " * 65537), (1009,))
        ended(scene.url, frame(FIN | TEXT, b"x" * 10, length=1 << 62), (1009, 1002, 0))
        ended(scene.url, frame(FIN | TEXT, b"x" * 10, length=(1 << 64) - 1), (1009, 1002, 0))
        pieces = [frame(TEXT, b"x" * 1000)] + [frame(0, b"x" * 1000)] * 10_000
        ended(scene.url, b"".join(pieces), (1009,))
        # a million fragments of nothing: no message, and no memory
        with WebSocket(scene.url) as ws:
            ws.sock.sendall(frame(TEXT, b""))
            for _ in range(10 if not FULL else 100):
                ws.sock.sendall(frame(0, b"") * 10_000)
            ws.send_frame(FIN | 0, b'{"type":"ping"}')
            ws.send_frame(FIN | PING, b"end")
            assert ws.recv().get("type") == "pong"
        assert scene.rose("bad_messages") >= 3


def deflate_is_not_spoken():
    """permessage-deflate is not accepted; a bomb that is sent all the same ends the socket."""
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = squeeze.compress(b"x" * (60 * MIB)) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    assert len(bomb) < 65536
    offers = ("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits",)
    with Scene() as scene:
        for _ in range(5):
            with WebSocket(scene.url, headers=offers) as ws:
                assert "extensions" not in ws.head.lower(), ws.head
                ws.send_frame(FIN | RSV1 | TEXT, bomb)
                answer = ws.recv()
                assert answer.get("close") == 1002 or answer.get("code") == "bad-message", answer


def frames_against_the_rules():
    """RFC 6455 sections 5.1 to 5.5: unmasked, reserved, fragmented control, stray continuation."""
    frames = [frame(FIN | TEXT, b'{"type":"ping"}', mask=None), frame(FIN | 3, b"x"), frame(FIN | 11, b"x"),
              frame(FIN | 0x20 | TEXT, b"{}"), frame(FIN | 0x10 | TEXT, b"{}"), frame(PING, b"x"),
              frame(FIN | PING, b"x" * 126), frame(FIN | CLOSE, b"x"), frame(FIN | CLOSE, b"\x00\x00"),
              frame(FIN | CLOSE, b"\x03\xe8\xff\xff"), frame(FIN | 0, b"x"),
              frame(TEXT, b"{") + frame(FIN | TEXT, b"}")]
    with Scene() as scene:
        for data in frames:
            with WebSocket(scene.url) as ws:
                ws.sock.sendall(data + frame(FIN | CLOSE, b"\x03\xe8"))
                answer = ws.recv_type("nothing")
                assert "close" in answer, (data[:20], answer)
        with WebSocket(scene.url) as ws:
            ws.send_frame(FIN | BINARY, b'{"type":"ping"}')
            assert ws.recv().get("code") == "bad-message"
            assert ping_answered(ws)
        rng = random.Random(7)
        print("# seed 7")
        for _ in range(200):  # noise, in the middle of a connection
            with WebSocket(scene.url) as ws:
                send_and_read(ws.sock, rng.randbytes(rng.randrange(1, 3000)))


def garbage_instead_of_http():
    """Noise, huge lines, endless headers, strange requests: no answer or an error, and an end."""
    rng = random.Random(11)
    print("# seed 11")
    host = b"Host: localhost\r\n"
    lines = [b"GET / HTTP/1.1\r\n" + host + b"X: " + b"x" * 200_000 + b"\r\n\r\n",
             b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + host + b"\r\n",
             b"GET / HTTP/1.1\r\n" + host + b"".join(b"X%d: y\r\n" % i for i in range(20_000)) + b"\r\n",
             b"G" * 300_000, b"\n" * 100_000, b"\r\n" * 50_000, b"\0" * 1000, b"GET\r\n\r\n",
             b"GET / HTTP/9.9\r\n" + host + b"\r\n", b"get / http/1.1\r\n" + host + b"\r\n",
             b"GET http://evil.example/ HTTP/1.1\r\n" + host + b"\r\n",
             b"GET //evil.example/ HTTP/1.1\r\n" + host + b"\r\n",
             b"OPTIONS * HTTP/1.1\r\n" + host + b"\r\n", b"CONNECT localhost:1 HTTP/1.1\r\n" + host + b"\r\n",
             b"GET /%00 HTTP/1.1\r\n" + host + b"\r\n", b"GET /%ff%fe HTTP/1.1\r\n" + host + b"\r\n",
             b"GET /../../etc/passwd HTTP/1.1\r\n" + host + b"\r\n",
             b"GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\n" + host + b"\r\n",
             b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n",
             b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 99999999999\r\n\r\nx",
             b"POST / HTTP/1.1\r\n" + host + b"Content-Length: -1\r\n\r\nx",
             b"POST / HTTP/1.1\r\n" + host + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
             b"POST / HTTP/1.1\r\n" + host + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             b"POST / HTTP/1.1\r\n" + host + b"Expect: 100-continue\r\nContent-Length: 9000000\r\n\r\n",
             b"GET / HTTP/1.1\r\n" + host + host + b"\r\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
             b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"]
    lines += [rng.randbytes(rng.randrange(1, 4000)) for _ in range(200)]
    with Scene() as scene:
        for data in lines:
            with connect(scene.url) as sock:
                answer = send_and_read(sock, data)
                assert b"root:" not in answer, data[:60]
                if answer and not answer.startswith(b"HTTP/1.1 200"):
                    assert answer[:10] in (b"HTTP/1.1 4", b"HTTP/1.1 5", b"HTTP/1.0 4",
                                            b"HTTP/1.0 5"), answer[:80]
                if b"evil" in data:
                    assert not answer.startswith(b"HTTP/1.1 200"), (data, answer[:80])


def pages_of_other_origins_stay_outside():
    """A page of another origin, and a name that was bound anew to our address: 403."""
    port = None
    with Scene() as scene:
        port = scene.url.rsplit(":", 1)[1].strip("/")
        upgrade = ("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
        strangers = ["http://evil.example", "https://evil.example", "null", "http://localhost.evil.example",
                     f"http://evil.example:{port}", "file://", "", "http://127.0.0.1:1", "chrome-extension://x"]
        for origin in strangers:
            for path, more in (("/connect", upgrade), ("/metrics", ()), ("/", ())):
                status = request(scene.url, path, (f"Origin: {origin}", *more))[0]
                assert status == 403, (origin, path, status)
        hosts = ["evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "localhost.", "",
                 "127.0.0.1:1:2", "127.0.0.1@evil.example", "[::1", "10.0.0.1"]
        for host in hosts:
            for path, more in (("/connect", upgrade), ("/metrics", ())):
                lines = [f"GET {path} HTTP/1.1", f"Host: {host}", *more, "", ""]
                with connect(scene.url) as sock:
                    sock.sendall("\r\n".join(lines).encode())
                    answer = read_all(sock)
                assert answer.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400")), (host, answer[:60])
        assert scene.rose("bad_origin") >= 3 * len(strangers) + len(hosts)
        with WebSocket(scene.url, headers=(f"Origin: http://127.0.0.1:{port}",)) as ws:
            assert ping_answered(ws)


def slow_headers_end_at_the_deadline():
    """2000 connections that say nothing or dribble headers: others get in, and after 10 s each has
    been closed and its descriptor is back."""
    with Scene() as scene:
        idle = [connect(scene.url) for _ in range(2000)]
        slow = [connect(scene.url) for _ in range(20)]
        begun = time.monotonic()
        for sock in slow:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n")
        with WebSocket(scene.url) as ws:
            ws.send({"type": "join", "room": "in-between"})
            assert ws.recv()["type"] == "joined"
        assert resources(scene.pid)["fds"] >= scene.before["fds"] + 1000, "they are not there at all"
        while slow and time.monotonic() - begun < 30 * SLOWER:
            for sock in list(slow):
                try:
                    sock.sendall(b"X: y\r\n")
                except ConnectionError:
                    slow.remove(sock)
            time.sleep(0.2)  # that is the attack
        assert not slow, "a client that dribbles its headers is still there"
        assert all(read_all(sock) == b"" for sock in idle)
        print(f"# over after {time.monotonic() - begun:.1f} s")
        assert scene.rose("sockets_refused") >= 2000
        for sock in idle:
            sock.close()


if __name__ == "__main__":
    run_tests(malformed_json_is_refused, ten_bad_messages_close_the_socket,
              oversized_messages_close_the_socket, deflate_is_not_spoken, frames_against_the_rules,
              garbage_instead_of_http, pages_of_other_origins_stay_outside,
              slow_headers_end_at_the_deadline)
