#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How every subcommand behaves on a terminal, in a pipe, and when it is interrupted.
test-cli-terminal.py WHERRY WHERRYD"""

import os
import re
import signal
import socket
import subprocess
import sys
import tempfile

from terminal import COLOURS, CTRL_C, Terminal
from wherry import TIMEOUT, Command, at, run
from wherryd import Daemon, clean_environment, run_tests

CODE = "deck-bone-robot-chip-mammal-sonic-summer"
COMPLAINT = re.compile(r"^(\^C)?wherry( \w+)?:", re.MULTILINE)

WHERRY, WHERRYD = map(os.path.abspath, sys.argv[1:3])


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def commands():
    return re.findall(r"^  (\w+) ", run(WHERRY, "help")[1], re.MULTILINE)


def joining():
    """What goes to a server and waits there, with the arguments that it takes."""
    known = {"join": ["r"], "echo": ["r"], "pipe": ["r"], "send": [__file__],
             "receive": ["--code", CODE], "forward": ["r", "0"]}
    return [[name, *known[name]] for name in commands() if name in known]


def test_colours_are_for_terminals():
    for env, coloured in (({}, True), ({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False),
                          ({"TERM": "dumb"}, False)):
        with (Daemon(WHERRYD) as daemon, Command(WHERRY, "join", "r", "--stay", *at(daemon)) as bob,
              Terminal(WHERRY, "join", "r", *at(daemon), env=env) as ada):
            ada.until("Joined")
            bob.write("hello ada")
            ada.until("hello ada")
            ada.type("hello bob\r")
            out = bob.process.stdout.readline().decode()
            ada.type(CTRL_C)
            equal(ada.end(), 130)
            equal(bool(COLOURS.search(ada.seen)), coloured)
            equal(bob.interrupt(), 130)
            out += bob.said()
            assert "hello bob" in out and "\x1b" not in out and "\r" not in out, out


def test_progress_is_for_terminals():
    """It is drawn over and over on one line, and taken away at the end."""
    with (Daemon(WHERRYD) as daemon, tempfile.TemporaryDirectory() as folder,
          tempfile.TemporaryDirectory() as other):
        with open(os.path.join(folder, "file"), "wb") as file:
            file.write(os.urandom(1 << 20) * 8)
        with Terminal(WHERRY, "send", file.name, *at(daemon), "-n", "Ada") as ada:
            code = ada.until(r"\x1b\[1m([a-z-]+)\x1b\[0m\n")[1]
            with Command(WHERRY, "receive", other, "--code", code, *at(daemon)) as bob:
                ada.until(r"\r\x1b\[K.*%.*MB")
                equal((ada.end(), bob.wait()), (0, 0))
                assert re.search(r"\r\x1b\[KDone", ada.seen), ada.seen
                out = bob.process.stdout.read().decode() + bob.said()
                assert "Done" in out and "\x1b" not in out and "\r" not in out and "%" not in out, out


def test_a_reader_that_goes_away_ends_it_quietly():
    """wherry … | true, with SIGPIPE as a shell leaves it."""
    for args in ([], *([command] for command in commands())):
        read_end, write_end = os.pipe()
        os.close(read_end)
        done = subprocess.run([WHERRY, "help", *args], stdout=write_end, stderr=subprocess.PIPE,
                              env=clean_environment(), timeout=TIMEOUT, check=False,
                              restore_signals=True)
        os.close(write_end)
        equal((done.returncode, done.stderr), (0, b""))


def test_ctrl_c_while_a_server_does_not_answer():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        silent.settimeout(TIMEOUT)
        for command in joining():
            with Terminal(WHERRY, *command, "--server", url) as terminal:
                with silent.accept()[0] as connection:
                    connection.recv(1)  # it asks
                    terminal.type(CTRL_C)
                    equal((command, terminal.end()), (command, 130))
                    equal(terminal.mode(), terminal.before)
                    assert not COMPLAINT.search(terminal.seen), terminal.seen


def test_ctrl_c_and_sigterm_in_a_room():
    for command in joining():
        with Daemon(WHERRYD) as daemon, tempfile.TemporaryDirectory() as folder:
            with Terminal(WHERRY, *command, "-v", *at(daemon), cwd=folder) as terminal:
                terminal.until("(?i)joined|waiting|code")
                terminal.type(CTRL_C)
                equal((command, terminal.end()), (command, 130))
                equal(terminal.mode(), terminal.before)
                assert not COMPLAINT.search(terminal.seen), terminal.seen
            with Terminal(WHERRY, *command, "-v", *at(daemon), cwd=folder) as terminal:
                terminal.until("(?i)joined|waiting|code")
                terminal.process.send_signal(signal.SIGTERM)
                equal((command, terminal.end()), (command, 130))
                equal(terminal.mode(), terminal.before)


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
