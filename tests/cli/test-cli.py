#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What holds for every subcommand of `wherry`: help, usage, exit codes, Ctrl-C."""

import array
import contextlib
import fcntl
import json
import os
import re
import signal
import socket
import subprocess
import sys
import termios

from wherry import Command, at, run
from wherryd import Daemon, Socket, clean_environment, run_tests

WHERRY, WHERRYD = sys.argv[1:3]


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def commands():
    code, out, _ = run(WHERRY, "help")
    equal(code, 0)
    return re.findall(r"^  (\w+) ", out, re.MULTILINE)


def test_help_fits_a_screen():
    for command in [None, *commands()]:
        code, out, err = run(WHERRY, *filter(None, [command]), "--help")
        equal((code, err), (0, ""))
        lines = out.splitlines()
        assert len(lines) <= 24 and all(len(line) <= 80 for line in lines), f"{command}:\n{out}"
        if command:
            equal(run(WHERRY, "help", command)[1], out)


def test_wrong_usage_is_2():
    for args in ([], ["nothing-such"], ["echo"], ["echo", "a", "b"], ["echo", "--nothing-such"],
                 ["echo", "a", "--ice-server", "http://x"],
                 ["echo", "a", "--ice-server", "turn:me@x"], ["echo", "a", "--bind-address", "here"]):
        code, out, err = run(WHERRY, *args)
        equal((code, out), (2, ""))
        assert err, args


def test_a_password_is_not_said_again():
    _, _, err = run(WHERRY, "echo", "a", "--ice-server", "turn:hunter2@x")
    assert "hunter2" not in err, err


def test_nobody_listening_is_3():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    code, out, err = run(WHERRY, "echo", "a", "--server", f"http://127.0.0.1:{port}/")
    equal((code, out), (3, ""))
    assert f"127.0.0.1:{port}" in err and "wherry doctor" in err, err


def test_join_and_interrupt():
    with Daemon(WHERRYD) as daemon, Socket(daemon) as watcher:
        equal(watcher.ask(type="join", room="r")["type"], "joined")
        with Command(WHERRY, "echo", "r", "--name", "me", "--json", *at(daemon)) as echo:
            joined = echo.event("joined")
            seen = watcher.receive()
            equal((seen["type"], seen["peer"], seen["name"]), ("member-joined", joined["id"], "me"))
            equal(echo.interrupt(), 130)
            seen = watcher.receive()
            equal((seen["type"], seen["reason"]), ("member-left", "left"))
            equal(echo.event("end"), {"event": "end", "messages": 0, "bytes": 0, "dropped": 0})


def test_no_escape_sequences_off_a_terminal():
    with Daemon(WHERRYD) as daemon:
        with Command(WHERRY, "echo", "r", "--json", *at(daemon)) as echo:
            echo.event("joined")
            equal(echo.interrupt(), 130)
            assert "\x1b" not in echo.said() and "\r" not in echo.said(), echo.said()


def test_a_closed_standard_output_is_survived():
    read_end, write_end = os.pipe()
    os.close(read_end)
    done = subprocess.run([WHERRY, "help"], stdout=write_end, stderr=subprocess.PIPE,
                          env=clean_environment(), timeout=60, check=False)
    os.close(write_end)
    assert done.returncode >= 0, done


def test_closed_standard_files_are_no_others():
    """Nor is what is opened next taken for them: standard input has an end, and at once."""
    with Daemon(WHERRYD) as daemon:
        done = subprocess.run([WHERRY, "join", "r", *at(daemon)], stderr=subprocess.PIPE,
                              env=clean_environment(), timeout=60, check=False,
                              preexec_fn=lambda: os.closerange(0, 2))
        equal(done.returncode, 0)


def test_ctrl_c_while_nobody_reads():
    with (Daemon(WHERRYD) as daemon,
          Command(WHERRY, "join", "r", "--json", "--stay", *at(daemon)) as stuck,
          Command(WHERRY, "join", "r", "--json", *at(daemon)) as other):
        stuck.event("joined")
        for _ in range(2000):
            other.write(json.dumps({"text": "x" * 200}))
        waiting = array.array("i", [0])
        while waiting[0] < 50000:  # of the 65536 that a pipe holds, without what is between pages
            fcntl.ioctl(stuck.process.stdout, termios.FIONREAD, waiting)
        for _ in range(20):  # one may come just before it writes, and is not seen then
            stuck.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                stuck.process.wait(1)
                break
        equal(stuck.process.poll(), 130)


def test_arguments_behind_two_dashes():
    for args in (["send", "--", "-x"], ["send", ".", "--", "-x"], ["send", "--", "-x", "--"]):
        code, _, err = run(WHERRY, *args)
        equal(code, 1)
        assert "-x: " in err, err


def test_nothing_is_not_the_folder_it_is_run_in():
    code, _, err = run(WHERRY, "send", "")
    equal((code, "code is" in err), (1, False))


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
