#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wherry pipe`: every byte, both ends, and no more memory than is needed. The third argument is
how many MiB the large one has."""

import hashlib
import os
import random
import re
import select
import signal
import sys
import threading

from wherry import Command, at
from wherryd import Daemon, run_tests

WHERRY, WHERRYD = sys.argv[1:3]
MEBIBYTES = int(sys.argv[3])
SANITIZED = os.environ.get("WHERRY_SANITIZED") == "1"


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


def pipe(daemon, *args, **popen):
    return Command(WHERRY, "pipe", "r", *args, *at(daemon), bufsize=0, **popen)


def pair(one, other):
    one.wait_said("Connected with")
    other.wait_said("Connected with")


def most_memory(pid):
    """MiB"""
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        return int(re.search(r"^VmHWM:\s+(\d+) kB$", status.read(), re.MULTILINE)[1]) / 1024


def test_both_ways_each_to_its_end():
    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        one.process.stdin.write(b"\0\xff\n\r\n")
        one.process.stdin.close()
        equal(other.process.stdout.read(), b"\0\xff\n\r\n")  # its end too
        other.process.stdin.write(b"and back")
        other.process.stdin.close()
        equal(one.process.stdout.read(), b"and back")
        equal((one.wait(), other.wait()), (0, 0))


def test_nothing_at_all():
    with (Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other):
        one.process.stdin.close()
        other.process.stdin.close()
        equal((one.process.stdout.read(), other.process.stdout.read()), (b"", b""))
        equal((one.wait(), other.wait()), (0, 0))


def test_a_large_one_in_little_memory():
    seed = random.randrange(1 << 32)
    print(f"# seed {seed}")
    block = random.Random(seed).randbytes(1 << 20)
    sent, got = hashlib.sha256(), hashlib.sha256()

    def feed(file):
        for n in range(MEBIBYTES):
            part = n.to_bytes(4, "big") + block[4:]
            sent.update(part)
            file.write(part)

    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        feeder = threading.Thread(target=feed, args=[one.process.stdin])
        feeder.start()
        left = MEBIBYTES << 20
        while left > 0:
            part = other.process.stdout.read(1 << 20)
            assert part, f"{left} bytes are missing"
            got.update(part)
            left -= len(part)
        feeder.join()
        equal(got.hexdigest(), sent.hexdigest())
        used = [most_memory(end.process.pid) for end in (one, other, daemon)]
        print("# MiB at most: sender %.1f, receiver %.1f, wherryd %.1f" % tuple(used))
        assert SANITIZED or max(used) < 64, used
        one.process.stdin.close()
        other.process.stdin.close()
        equal((one.wait(), other.wait()), (0, 0))


def test_who_does_not_read_holds_up_who_writes():
    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        pair(one, other)
        file = one.process.stdin.fileno()
        os.set_blocking(file, False)
        sent = hashlib.sha256()
        n = 0
        # until nothing goes for a second
        while select.select([], [file], [], 1)[1]:
            part = os.urandom(65536)
            done = os.write(file, part)
            sent.update(part[:done])
            n += done
        assert (1 << 19) < n < (3 << 20), n
        one.process.stdin.close()
        other.process.stdin.close()
        equal(hashlib.sha256(other.process.stdout.read()).hexdigest(), sent.hexdigest())
        equal((one.wait(), other.wait()), (0, 0))


def test_who_is_interrupted_is_missed():
    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        pair(one, other)
        one.process.stdin.write(b"part")
        equal(other.process.stdout.read(4), b"part")
        equal(one.interrupt(), 130)
        equal(other.wait(), 5)
        assert "before its end: 4 bytes" in other.said(), other.said()


def test_who_is_killed_is_missed():
    with (Daemon(WHERRYD, "--resume-window-ms", "200") as daemon, pipe(daemon) as one,
          pipe(daemon) as other):
        pair(one, other)
        one.process.send_signal(signal.SIGKILL)
        equal(other.wait(), 5)


def test_a_reader_that_has_enough():
    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        pair(one, other)
        other.process.stdout.close()
        one.process.stdin.write(b"x")
        equal((one.wait(), other.wait()), (5, 1))
        assert "roken" not in other.said(), other.said()


def test_nobody_comes():
    with Daemon(WHERRYD) as daemon, pipe(daemon, "--wait", "1") as one:
        equal(one.wait(), 3)


def test_directly():
    size = 4 << 20
    data = os.urandom(size)
    with (Daemon(WHERRYD) as daemon, pipe(daemon, "--direct") as one,
          pipe(daemon, "--peer") as other):
        feeder = threading.Thread(target=feed_and_close, args=[one.process.stdin, data])
        feeder.start()
        other.process.stdin.write(b"back")
        other.process.stdin.close()
        equal(hashlib.sha256(other.process.stdout.read()).digest(), hashlib.sha256(data).digest())
        equal(one.process.stdout.read(), b"back")
        feeder.join()
        equal((one.wait(), other.wait()), (0, 0))
        passed = daemon.metric("bytes_in_total")
        assert passed < 20000, f"{passed} bytes went by the relay"


def feed_and_close(file, data):
    file.write(data)
    file.close()


def test_directly_is_for_both_or_neither():
    with (Daemon(WHERRYD) as daemon, pipe(daemon, "--direct", "--wait", "2") as one,
          pipe(daemon, "--wait", "2") as other):
        equal((one.wait(), other.wait()), (3, 3))
        assert "--direct" in one.said() + other.said()


def test_who_is_interrupted_is_missed_directly():
    with (Daemon(WHERRYD) as daemon, pipe(daemon, "--direct") as one,
          pipe(daemon, "--direct") as other):
        pair(one, other)
        one.process.stdin.write(b"part")
        equal(other.process.stdout.read(4), b"part")
        equal(one.interrupt(), 130)
        equal(other.wait(), 5)


def test_a_large_one_over_a_cut():
    """The server does not answer for so long that both lose their connection."""
    data = os.urandom(1 << 20)
    sent, got = hashlib.sha256(), hashlib.sha256()
    with Daemon(WHERRYD) as daemon, pipe(daemon) as one, pipe(daemon) as other:
        pair(one, other)

        def feed():
            while "Connected again" not in one.said():
                sent.update(data)
                one.process.stdin.write(data)
            one.process.stdin.close()

        feeder = threading.Thread(target=feed)
        feeder.start()
        other.process.stdin.close()
        got.update(other.process.stdout.read(1 << 20))
        daemon.process.send_signal(signal.SIGSTOP)
        reader = threading.Thread(target=lambda: got.update(other.process.stdout.read()))
        reader.start()
        one.wait_said("coming back")
        other.wait_said("coming back")
        daemon.process.send_signal(signal.SIGCONT)
        feeder.join()
        reader.join()
        equal(got.hexdigest(), sent.hexdigest())
        equal((one.wait(), other.wait()), (0, 0))


def test_topics_and_members_keep_apart():
    with (Daemon(WHERRYD) as daemon, pipe(daemon, "-t", "x") as x, pipe(daemon, "--name", "b") as b,
          pipe(daemon, "--to", "d", "--name", "c") as c):
        for end in (x, b, c):
            end.wait_said("Waiting")
        with pipe(daemon, "--name", "d") as d:
            d.wait_said("Connected with")
            met = c if "with c" in d.said() else b  # which waits for anybody
            met.wait_said("Connected with d")
            d.process.stdin.close()
            met.process.stdin.close()
            equal((d.wait(), met.wait()), (0, 0))
        with pipe(daemon, "-t", "x") as y:
            pair(x, y)
            for end in (x, y):
                end.process.stdin.close()
            equal((x.wait(), y.wait()), (0, 0))


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_") and ("large" in name if MEBIBYTES >= 1024
                                                else "cut" not in name)])
