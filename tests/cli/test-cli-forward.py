#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wherry forward`: a real HTTP server (nginx) with 100 downloads at once (curl), and what else TCP
promises."""

import contextlib
import hashlib
import os
import random
import re
import resource
import socket
import struct
import subprocess
import sys
import tempfile

from wherry import Command, at
from wherryd import TIMEOUT, Daemon, run_tests

WHERRY, WHERRYD = sys.argv[1:3]
SANITIZED = os.environ.get("WHERRY_SANITIZED") == "1"


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def most_memory(pid):
    """MiB"""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) / 1024


class Tunnel:
    """Two ends of `wherry forward`, and a target."""

    def __init__(self, target, daemon, *args):
        self.stack = contextlib.ExitStack()
        to = f"127.0.0.1:{target}"
        self.server = self.stack.enter_context(
            Command(WHERRY, "forward", "r", "--json", "--to", to, *args, *at(daemon)))
        self.server.event("waiting")
        self.client = self.listen(daemon, *(["--direct"] if "--direct" in args else []))
        self.port = self.client.port

    def listen(self, daemon, *args):
        client = self.stack.enter_context(
            Command(WHERRY, "forward", "r", "0", "--json", *args, *at(daemon)))
        client.port = int(client.event("listening")["address"].rpartition(":")[2])
        client.event("met")
        return client

    def connect(self, client=None):
        return socket.create_connection(("127.0.0.1", (client or self.client).port), TIMEOUT)

    def __enter__(self):
        return self

    def __exit__(self, *why):
        return self.stack.__exit__(*why)


def listener():
    made = socket.create_server(("127.0.0.1", 0))
    made.settimeout(TIMEOUT)
    return made


def accept(server):
    made = server.accept()[0]
    made.settimeout(TIMEOUT)
    return made


def read_all(connection):
    got = b""
    while part := connection.recv(1 << 16):
        got += part
    return got


@contextlib.contextmanager
def nginx(folder):
    """Its port. It takes over a socket that is open, so the port is free."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        config = os.path.join(folder, "nginx.conf")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"""daemon off; worker_processes 1; pid {folder}/pid; error_log stderr;
user root;
events {{ worker_connections 1024; }}
http {{ access_log off; client_body_temp_path {folder}; proxy_temp_path {folder};
fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}""")
        os.set_inheritable(held.fileno(), True)
        process = subprocess.Popen(["nginx", "-p", folder, "-c", config], close_fds=False,
                                   stderr=subprocess.DEVNULL,
                                   env={**os.environ, "NGINX": f"{held.fileno()};"})
    try:
        yield port
    finally:
        process.terminate()
        process.wait()


def test_a_hundred_downloads_at_once():
    size = 200_000 if SANITIZED else 1_000_000
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    with tempfile.TemporaryDirectory() as folder, Daemon(WHERRYD) as daemon:
        os.mkdir(f"{folder}/www")
        os.chmod(folder, 0o755)
        expected = {}
        for n in range(100):
            content = random.Random(seed + n).randbytes(size + n)
            expected[n] = hashlib.sha256(content).digest()
            with open(f"{folder}/www/{n}", "wb") as file:
                file.write(content)
        with nginx(folder) as target, Tunnel(target, daemon) as tunnel:
            subprocess.run(["curl", "--no-progress-meter", "-f", "--parallel", "--parallel-immediate",
                            "--parallel-max", "100", "-m", str(TIMEOUT), "-o", f"{folder}/got-#1",
                            f"http://127.0.0.1:{tunnel.port}/[0-99]"], check=True,
                           stderr=subprocess.DEVNULL, timeout=2 * TIMEOUT, env={**os.environ, "no_proxy": "*"})
            for n in range(100):
                with open(f"{folder}/got-{n}", "rb") as file:
                    equal(hashlib.sha256(file.read()).digest(), expected[n])
            used = [most_memory(end.process.pid) for end in (tunnel.client, tunnel.server, daemon)]
            print("# MiB at most: client %.1f, server %.1f, wherryd %.1f" % tuple(used))
            assert SANITIZED or max(used) < 64, used


def test_half_closed_in_either_direction():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon) as tunnel:
            for first in (0, 1):
                ends = [tunnel.connect(), accept(server)]
                early, late = ends[first], ends[1 - first]
                early.sendall(b"question")
                early.shutdown(socket.SHUT_WR)
                equal(read_all(late), b"question")
                late.sendall(b"answer" * 100000)
                late.close()
                equal(read_all(early), b"answer" * 100000)
                early.close()
                tunnel.client.event("closed")


def test_directly():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon, "--direct") as tunnel:
            one, other = tunnel.connect(), accept(server)
            one.sendall(b"q" * 1_000_000)
            one.shutdown(socket.SHUT_WR)
            equal(len(read_all(other)), 1_000_000)
            other.sendall(b"a" * 1_000_000)
            other.close()
            equal(len(read_all(one)), 1_000_000)
            one.close()
            passed = daemon.metric("bytes_in_total")
            assert passed < 20000, f"{passed} bytes went by the relay"


def test_one_that_is_not_read_holds_up_no_other():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon) as tunnel:
            stuck, not_reading = tunnel.connect(), accept(server)
            stuck.settimeout(0.5)
            n = 0
            try:
                while True:
                    n += stuck.send(bytes(65536))
            except TimeoutError:
                pass
            assert n < 32 << 20, n
            other, reading = tunnel.connect(), accept(server)
            other.sendall(b"y" * 2_000_000)
            other.shutdown(socket.SHUT_WR)
            equal(len(read_all(reading)), 2_000_000)
            stuck.settimeout(TIMEOUT)
            stuck.shutdown(socket.SHUT_WR)
            equal(len(read_all(not_reading)), n)
            for end in (stuck, not_reading, other, reading):
                end.close()


def was_reset(connection):
    try:
        return connection.recv(1) != b""
    except ConnectionResetError:
        return True


def test_a_target_that_is_not_there():
    with Daemon(WHERRYD) as daemon, listener() as server:
        port = server.getsockname()[1]
        server.close()
        with Tunnel(port, daemon) as tunnel, tunnel.connect() as connection:
            assert was_reset(connection)
            assert "refused" in tunnel.client.event("closed")["error"]


def test_a_reset_is_no_end():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon) as tunnel:
            one, other = tunnel.connect(), accept(server)
            other.sendall(b"x")
            equal(one.recv(1), b"x")
            other.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            other.close()
            assert was_reset(one)
            one.close()


def test_no_more_than_may_be():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon, "--max-connections", "2") as tunnel:
            held = []
            for _ in range(2):
                held.append(tunnel.connect())
                held.append(accept(server))
            with tunnel.connect() as third:
                assert was_reset(third)
            held[0].close()
            equal(read_all(held[1]), b"")
            held[1].close()
            while tunnel.server.event("closed", "opened")["event"] != "closed":
                pass
            with tunnel.connect() as fourth, accept(server) as end:
                fourth.sendall(b"z")
                equal(end.recv(1), b"z")
            for end in held[2:]:
                end.close()


def test_no_file_descriptors_left_ends_nothing():
    with Daemon(WHERRYD) as daemon, listener() as server:
        with Tunnel(server.getsockname()[1], daemon) as tunnel:
            pid = tunnel.client.process.pid
            most = len(os.listdir(f"/proc/{pid}/fd")) + 4
            resource.prlimit(pid, resource.RLIMIT_NOFILE, (most, most))
            held = [tunnel.connect() for _ in range(8)]
            tunnel.client.wait_said("wherry forward: ")
            for one in held:
                one.close()
            with tunnel.connect() as last:
                last.sendall(b"z")
                got = b""
                while not got:
                    with contextlib.suppress(ConnectionResetError), accept(server) as end:
                        got = end.recv(1)
                equal(got, b"z")


def test_several_listen_and_the_side_that_connects_comes_again():
    with Daemon(WHERRYD) as daemon, listener() as server:
        port = server.getsockname()[1]
        with Tunnel(port, daemon) as tunnel:
            second = tunnel.listen(daemon)
            with tunnel.connect() as a, accept(server) as b, tunnel.connect(second) as c, \
                    accept(server) as d:
                a.sendall(b"a")
                c.sendall(b"c")
                equal((b.recv(1), d.recv(1)), (b"a", b"c"))
                equal(tunnel.server.interrupt(), 130)
                assert was_reset(a)
            tunnel.client.event("lost")
            with Command(WHERRY, "forward", "r", "--json", "--to", f"127.0.0.1:{port}",
                         *at(daemon)) as again:
                tunnel.client.event("met")
                again.event("met")
                with tunnel.connect() as e, accept(server) as f:
                    e.sendall(b"e")
                    equal(f.recv(1), b"e")


def test_usage():
    for args in (["r"], ["r", "80", "--to", "127.0.0.1:80"], ["r", "--to", "127.0.0.1"],
                 ["r", "http"], ["r", "nowhere:80"], ["r", "70000"]):
        with Command(WHERRY, "forward", *args) as command:
            equal(command.wait(), 2)


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
