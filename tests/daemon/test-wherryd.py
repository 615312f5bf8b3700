#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The wherryd binary: options, environment, file, exit codes, signals."""

import os
import signal
import subprocess
import sys
import tempfile

from tokens import secret_key, write_keys
from wherryd import Daemon, Socket, TIMEOUT, clean_environment, raise_soft_limit, run_tests

BINARY = sys.argv[1]


def run(*args, env=None):
    """(status, standard output, standard error) of a wherryd that ends by itself."""
    done = subprocess.run([BINARY, *args], env=clean_environment(env), capture_output=True,
                          text=True, timeout=TIMEOUT)
    return done.returncode, done.stdout, done.stderr


def config_file(text):
    file = tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False)
    with file:
        file.write(text)
    return file.name


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def test_version_and_help():
    status, out, _ = run("--version")
    equal(status, 0)
    assert out.startswith("wherryd "), out
    status, out, _ = run("--help")
    equal(status, 0)
    for key in ("--listen", "--bind-address", "--port-range", "--stun-server", "--turn-server",
                "--max-peers", "--threads", "--external-address", "--outbox-bytes", "--memory-budget",
                "--block-limit-ms", "--config", "--insecure-open", "--verbose"):
        assert key in out, f"{key} is missing from --help"


def test_bad_flags():
    for args in (["--nonsense"], ["surplus"], ["--listen", "127.0.0.1"], ["--listen", "a.b:1"],
                 ["--listen", "127.0.0.1:65536"], ["--bind-address", "here"],
                 ["--port-range", "5"], ["--port-range", "9-5"], ["--port-range", "0-5"],
                 ["--stun-server", "a:b:c"], ["--turn-server", "turn:host"],
                 ["--external-address", "x"], ["--max-peers", "-1"], ["--max-peers", "many"],
                 ["--threads", "0"], ["--threads", "65"], ["--threads", "many"], ["--threads", "2x"],
                 ["--outbox-bytes", "1X"], ["--outbox-bytes", "1"], ["--outbox-bytes", ""],
                 ["--memory-budget", "99999999999999999999"], ["--memory-budget", "1M"],
                 ["--outbox-messages", "-1"], ["--policy", "drop"],
                 ["--policy-lossy", ""], ["--outbox-low", "2M"], ["--block-limit-ms", "0"], ["--block-limit-ms", "soon"],
                 ["--allowed-origin", "example.org"], ["--allowed-host", "a/b"],
                 ["--max-peers", "1", "--max-peers", "2"]):
        status, out, err = run(*args)
        equal((status, out), (2, ""))
        assert err.startswith("wherryd: "), err
        if args[0].startswith("--") and args not in (["--memory-budget", "1M"],
                                                            ["--outbox-low", "2M"]):
            assert args[0] in err, f"{args}: {err}"


def test_password_is_not_repeated():
    _, _, err = run("--turn-server", "turn:user:sesame@")
    assert "sesame" not in err, err


def test_bad_variable_and_file():
    status, _, err = run(env={"WHERRY_OUTBOX_BYTES": "lots"})
    equal(status, 2)
    assert "WHERRY_OUTBOX_BYTES" in err, err
    for text, names in (("[wherryd]\noutbox-bytes=lots\n", ["[wherryd]", "outbox-bytes"]),
                        ("[wherryd]\noutbox=1M\n", ["[wherryd]", "outbox", "no such key"]),
                        ("[server]\nx=1\n", ["[server]", "no such group"]),
                        ("[room a*]\nmirror=no\n", ["[room a*]", "mirror"]),
                        ("[topic a*]\nmirror=maybe\n", ["[topic a*]", "mirror"]),
                        ("[room a*]\npolicy=newest\n", ["[room a*] policy", "“drop-newest”"]),
                        ("[topic a]\nmembers-per-room=5\n", ["[topic a]", "members-per-room"]),
                        ("[wherryd]\nlisten=\n", ["listen"]),
                        ("outbox-bytes=1M\n", [])):
        path = config_file(text)
        try:
            status, _, err = run("--config", path)
            equal(status, 2)
            for name in [path, *names]:
                assert name in err, f"{name} is not in {err!r}"
        finally:
            os.unlink(path)
    status, _, err = run("--config", "/nonexistent/wherryd.conf")
    equal(status, 2)
    assert "/nonexistent/wherryd.conf" in err, err


def test_refuses_to_be_open():
    for address in ("0.0.0.0:0", "[::]:0", "192.0.2.1:0"):
        status, out, err = run("--listen", "127.0.0.1:0", "--listen", address)
        equal((status, out), (2, ""))
        assert "--insecure-open" in err, err
    with Daemon(BINARY, "--insecure-open", "--listen", "0.0.0.0:0", "--bind-address", "127.0.0.1",
                defaults=False) as daemon:
        equal(daemon.host, "0.0.0.0")
        equal(daemon.end(), 0)


def test_port_in_use():
    with Daemon(BINARY) as daemon:
        status, out, err = run("--listen", f"127.0.0.1:{daemon.port}")
        equal((status, out), (1, ""))
        assert str(daemon.port) in err, err
        equal(daemon.end(), 0)


def test_precedence():
    """A flag before a variable before the file before the default."""
    path = config_file("[wherryd]\nmax-message-size=10K\n\n[room small]\nmembers-per-room=1\n")
    cases = (([], {}, 262144),
             (["--config", path], {}, 10240),
             ([], {"WHERRY_CONFIG": path}, 10240),
             (["--config", path], {"WHERRY_MAX_MESSAGE_SIZE": "20K"}, 20480),
             (["--config", path, "--max-message-size", "30k"],
              {"WHERRY_MAX_MESSAGE_SIZE": "20K"}, 30720))
    try:
        for args, env, expected in cases:
            with Daemon(BINARY, *args, env=env) as daemon, Socket(daemon) as client:
                equal(client.ask(type="join", room="small")["maxMessageSize"], expected)
                if path in args:
                    with Socket(daemon) as second:
                        equal(second.ask(type="join", room="small")["code"], "room-full")
                equal(daemon.end(), 0)
    finally:
        os.unlink(path)


def test_lists():
    """Keys that repeat, in a variable and in the file."""
    path = config_file("[wherryd]\nlisten=127.0.0.1:0;127.0.0.1:0\n"
                       "bind-address=127.0.0.1\nallowed-origin=https://a.example;https://b.example\n")
    try:
        with Daemon(BINARY, "--config", path, defaults=False) as daemon:
            assert "listening" in daemon.process.stdout.readline()
            equal(daemon.get("/healthz", "Origin: https://b.example")[0], 200)
            equal(daemon.get("/healthz", "Origin: https://c.example")[0], 403)
            equal(daemon.end(), 0)
    finally:
        os.unlink(path)
    with Daemon(BINARY, env={"WHERRY_ALLOWED_ORIGIN": "https://a.example,https://b.example"}) as daemon:
        equal(daemon.get("/healthz", "Origin: https://b.example")[0], 200)
        equal(daemon.end(), 0)


def test_example_file():
    """The example with every key uncommented is accepted."""
    with open(os.path.join(os.environ["G_TEST_SRCDIR"], "../data/wherryd.conf.example")) as file:
        lines = file.read().split("\n")
    text = "\n".join(line[1:] if line[:1] == "#" and line[1:2] not in ("", " ") else line
                     for line in lines)
    text = text.replace("127.0.0.1:8888;[::1]:8888", "127.0.0.1:0").replace(
        "#listen", "listen").replace("external-address=203.0.113.7", "external-address=127.0.0.1")
    assert "[topic position*]" in text and "\nmirror=lossy" in text, text
    with tempfile.TemporaryDirectory() as directory:
        write_keys(os.path.join(directory, "keys.json"), secret_key("k", bytes(32)))
        with open(os.path.join(directory, "turn-secret"), "w", encoding="utf-8") as file:
            file.write("north\n")
        path = config_file(text.replace("/etc/wherry", directory))
        try:
            with Daemon(BINARY, "--config", path, "--port-range", "1-65535",
                        defaults=False) as daemon:
                equal(daemon.end(), 0)
        finally:
            os.unlink(path)


def test_default_addresses():
    """On loopback alone: its address, what the machine has towards the network, nothing link-local."""
    with Daemon(BINARY, "--listen", "127.0.0.1:0", defaults=False) as daemon, \
            Socket(daemon) as client:
        equal(client.ask(type="call")["type"], "offer")
        addresses = []
        while (message := client.receive())["candidate"]:
            addresses.append(message["candidate"].split()[4])
        assert "127.0.0.1" in addresses, addresses
        assert len(addresses) <= 3, addresses
        assert not any(address.startswith(("fe80", "169.254")) for address in addresses), addresses
        equal(daemon.end(), 0)


def test_members_are_told():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Daemon(BINARY) as daemon, Socket(daemon) as member, Socket(daemon) as guest:
            equal(member.ask(type="join", room="r")["type"], "joined")
            equal(guest.ask(type="ping")["type"], "pong")
            daemon.process.send_signal(number)
            for client in (member, guest):
                equal(client.receive(), {"type": "left", "reason": "shutdown"})
                equal(client.receive(), {"close": 1001})
                client.send_frame(0x88, b"\x03\xe9")
            equal(daemon.process.wait(TIMEOUT), 0)


def test_second_signal():
    with Daemon(BINARY) as daemon, Socket(daemon) as client:
        daemon.process.send_signal(signal.SIGTERM)
        equal(client.receive()["type"], "left")  # it has the first, and waits for our close
        daemon.process.send_signal(signal.SIGTERM)
        equal(daemon.process.wait(TIMEOUT), 1)


def test_raises_the_file_limit():
    with Daemon(BINARY, preexec=raise_soft_limit(200)) as daemon:
        with open(f"/proc/{daemon.process.pid}/limits") as file:
            line, = [line for line in file if line.startswith("Max open files")]
        soft, hard = line.split()[3:5]
        equal(soft, hard)
        equal(daemon.end(), 0)


def test_limits_reach_the_relay():
    with Daemon(BINARY, "--max-peers", "1", "--connect-limit-ms", "300") as daemon:
        with Socket(daemon) as first, Socket(daemon) as second:
            equal(first.ask(type="call")["type"], "offer")
            second.send(type="call", tid=5)
            answer = second.receive()
            equal((answer.get("code"), answer.get("tid")), ("server-full", 5))
            message = first.receive()
            while message["type"] == "candidate":
                message = first.receive()
            equal(message, {"type": "left", "reason": "timeout"})
        equal(daemon.end(), 0)


def test_what_it_says():
    """One line for each event, nothing on standard output but the address, no library's debugging."""
    with Daemon(BINARY, "--verbose") as daemon, Socket(daemon) as client:
        client.send(type="join", room="r", name="\x1b[31mAnn", token="sesame")
        equal(client.receive()["type"], "error")
        equal(client.ask(type="join", room="quiet")["type"], "joined")
        equal(daemon.end(), 0)
        equal(daemon.process.stdout.read(), "")
        log = daemon.log()
        assert "room quiet" in log, log
        assert "sesame" not in log and "\x1b" not in log and "libnice" not in log, log


if __name__ == "__main__":
    run_tests([value for name, value in sorted(globals().items()) if name.startswith("test_")])
