#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wherry send and wherry receive, through a relay and directly."""

import hashlib
import os
import random
import shutil
import signal
import socket
import sys
import tempfile
import time

from wherry import Command, at, run
from wherryd import TIMEOUT, Daemon, free_port, run_tests

WHERRY, WHERRYD, HOSTILE = sys.argv[1:4]
FULL = "--full" in sys.argv
SANITIZED = os.environ.get("WHERRY_SANITIZED") == "1"
MIB = 1024 * 1024
# what forces bytes to a disk waits for what others write there
QUICK_DISK = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
# of the hostile senders
QUICK = ["climb", "absolute", "control", "symlink", "two-to-the-sixty", "wrong-hash"]
LARGE = (1024 if FULL else 8 if SANITIZED else 32) * MIB


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Place:
    """A folder to send from and one to receive into."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="wherry-files-", dir=None if FULL else QUICK_DISK)
        self.source = os.path.join(self.folder, "from")
        self.target = os.path.join(self.folder, "to")
        os.mkdir(self.source)
        os.mkdir(self.target)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder)

    def write(self, path, data):
        full = os.path.join(self.source, path)
        os.makedirs(os.path.dirname(full), exist_ok=True)
        with open(full, "wb") as file:
            file.write(data)
        return full

    def write_large(self, path, size):
        """Chance that a seed gives, piece by piece."""
        full = os.path.join(self.source, path)
        source = random.Random(5)
        with open(full, "wb") as file:
            for _ in range(size // MIB):
                file.write(source.randbytes(MIB))
        return full

    def received(self):
        """Each path that was received, with its kind."""
        found = {}
        for parent, folders, files in os.walk(self.target):
            for name in folders + files:
                full = os.path.join(parent, name)
                found[os.path.relpath(full, self.target)] = "folder" if name in folders else "file"
        return found


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def same_trees(one, other):
    names = sorted(os.listdir(one))
    equal(sorted(os.listdir(other)), names)
    for name in names:
        a, b = os.path.join(one, name), os.path.join(other, name)
        if os.path.isdir(a):
            same_trees(a, b)
        else:
            equal(digest(b), digest(a))


def send(daemon, *args):
    return Command(WHERRY, "send", "--json", *args, *at(daemon))


def receive(daemon, code, folder, *args):
    return Command(WHERRY, "receive", "--json", "--code", code, folder, *args, *at(daemon))


def memory(process):
    """Its largest resident set so far, in MiB."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM:"))


def test_a_folder():
    with Daemon(WHERRYD) as daemon, Place() as place:
        place.write("t/a/b.txt", b"text")
        place.write("t/large", random.Random(1).randbytes(3 * MIB + 3))
        place.write("t/empty", b"")
        os.symlink("/etc/passwd", os.path.join(place.source, "t/link"))
        with send(daemon, os.path.join(place.source, "t")) as sender:
            equal(sender.event("skipped")["path"], "t/link")
            code = sender.event("code")["code"]
            with receive(daemon, code.upper().replace("-", " "), place.target) as receiver:
                equal(receiver.wait(), 0)
                equal(sender.wait(), 0)
                equal(receiver.event("offer")["files"], 5)
        os.unlink(os.path.join(place.source, "t/link"))
        same_trees(place.source, place.target)


def test_the_relay_sees_nothing():
    """A member that hears everything in the room hears no name and no content."""
    with Daemon(WHERRYD) as daemon, Place() as place:
        place.write("secret-name", b"secret-content" * 100)
        with Command(WHERRY, "join", "r", "--all", "--json", "--stay", *at(daemon)) as watcher:
            watcher.event("joined")
            with send(daemon, os.path.join(place.source, "secret-name"), "--room", "r") as sender:
                code = sender.event("code")["code"]
                with receive(daemon, code, place.target, "--room", "r") as receiver:
                    equal((receiver.wait(), sender.wait()), (0, 0))
            equal(watcher.interrupt(), 130)
            heard = watcher.process.stdout.read()
            assert b"secret" not in heard and code.encode() not in heard, heard


def test_direct():
    """The bytes do not go through the relay: both ends and the relay count them."""
    size = 8 * MIB
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write_large("f", size)
        with send(daemon, path, "--direct") as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target) as receiver:
                equal((receiver.wait(), sender.wait()), (0, 0))
                equal(receiver.event("connected")["path"], "relay")
            last = sender.event("path")
            equal(last["path"], "direct")
            assert last["bytesSent"] > size, last
        equal(digest(os.path.join(place.target, "f")), digest(path))
        assert daemon.metric("bytes_in_total") < size / 10, daemon.get("/metrics")


def test_not_direct():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write("f", b"x")
        with send(daemon, path, "--direct") as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target, "--no-direct") as receiver:
                equal(sender.wait(), 7)
                equal(receiver.interrupt(), 130)
        equal(place.received(), {})


def test_a_wrong_code():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write("f", b"x")
        with send(daemon, path, "--room", "r") as sender:
            code = sender.event("code")["code"].split("-")
            other = "-".join(reversed(code))
            with receive(daemon, other, place.target, "--room", "r") as receiver:
                equal(receiver.wait(), 6)
                assert "code is wrong" in receiver.said(), receiver.said()
            # and the right one is still good
            with receive(daemon, "-".join(code), place.target, "--room", "r") as receiver:
                equal((receiver.wait(), sender.wait()), (0, 0))


def test_the_code_is_typed():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write("f", b"x")
        with send(daemon, path) as sender:
            code = sender.event("code")["code"]
            with Command(WHERRY, "receive", place.target, *at(daemon)) as receiver:
                receiver.write(code)
                equal((receiver.wait(), sender.wait()), (0, 0))
        equal(place.received(), {"f": "file"})


def test_usage():
    with Place() as place:
        for args in (["send"], ["send", "/nothing/such"], ["send", place.source, "--code", "abc"],
                     ["send", place.source, "--wait", "-1"],
                     ["receive", place.target, "--code", "one two three"],
                     ["receive", place.target, "--max-size", "much"],
                     ["receive", os.path.join(place.folder, "nothing"), "--code", "x"]):
            code, out, err = run(WHERRY, *args)
            assert code in (1, 2) and not out and err, (args, code, out, err)


def test_a_file_is_in_the_way():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write("f", b"new")
        with open(os.path.join(place.target, "f"), "wb") as file:
            file.write(b"old")
        with send(daemon, path) as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target) as receiver:
                equal((receiver.wait(), sender.wait()), (7, 7))
                assert "is there already" in receiver.said(), receiver.said()
        with open(os.path.join(place.target, "f"), "rb") as file:
            equal(file.read(), b"old")
        with send(daemon, path) as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target, "--overwrite") as receiver:
                equal((receiver.wait(), sender.wait()), (0, 0))
        with open(os.path.join(place.target, "f"), "rb") as file:
            equal(file.read(), b"new")


def test_interrupted_by_its_user():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write_large("f", LARGE)
        with send(daemon, path) as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target) as receiver:
                wait_for_part(place, 1)
                equal(receiver.interrupt(), 130)
                equal(sender.wait(), 5)
        equal(place.received(), {".f.wherry-part": "file"})


def test_hostile_senders():
    """They know the code; each is refused in words, and leaves nothing."""
    code = "acid-acorn-knight-knock-zipper-zodiac-bone"
    cases = [line.split("\t") for line in run(HOSTILE)[1].splitlines()]
    assert len(cases) > 20, cases
    if not FULL:  # the others are tried without a network, in file-hostile
        cases = [case for case in cases if case[0] in QUICK]
        equal(len(cases), len(QUICK))
    with Daemon(WHERRYD) as daemon, Place() as place:
        for name, says in cases:
            with receive(daemon, code, place.target) as receiver, \
                    Command(HOSTILE, name, code, *at(daemon)) as sender:
                result = receiver.wait()
                said = receiver.said()
                assert result in (1, 6, 7), f"{name}: {result}: {said}"
                assert says in said and "\x1b" not in said and "\x07" not in said, f"{name}: {said}"
                equal(sender.wait(), 0)
                assert says in sender.process.stdout.read().decode(), name
            equal((name, place.received(), sorted(os.listdir(place.folder))), (name, {}, ["from", "to"]))


def test_nobody_comes():
    with Daemon(WHERRYD) as daemon, Place() as place:
        path = place.write("f", b"x")
        with send(daemon, path, "--wait", "1") as sender:
            equal(sender.wait(), 3)


def wait_for_part(place, size):
    """Till so much has been received, by looking: the programs are not asked."""
    part = os.path.join(place.target, ".f.wherry-part")
    end = time.monotonic() + TIMEOUT * (10 if FULL else 1)
    while not os.path.exists(part) or os.stat(part).st_size < size:
        assert time.monotonic() < end, f"{size} bytes did not come"
        time.sleep(0.01)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def finish(who, place, daemon, listen, sender, receiver, again):
    """Kills it, starts it again, and waits for the end; how many bytes were sent in all."""
    part = os.path.join(place.target, ".f.wherry-part")
    if who == "receiver":
        kill(receiver.process)
        with again("receiver") as other:
            equal((other.wait(), sender.wait()), (0, 0))
    elif who == "sender":
        kill(sender.process)
        before = os.stat(part).st_size
        with again("sender") as other:
            equal((other.wait(), receiver.wait()), (0, 0))
            return before + other.event("done")["moved"]
    else:
        kill(daemon.process)
        with Daemon(WHERRYD, *listen, defaults=False):
            equal((receiver.wait(), sender.wait()), (0, 0))
    return sender.event("done")["moved"]


def resumed(who, direct):
    """A transfer that is killed in the middle: whoever it was, it goes on."""
    options = ["--direct"] if direct else []
    listen = ["--listen", f"127.0.0.1:{free_port()}", "--bind-address", "127.0.0.1"]
    with Place() as place, Daemon(WHERRYD, *listen, defaults=False) as daemon:
        path = place.write_large("f", LARGE)
        with send(daemon, path, *options) as sender:
            code = sender.event("code")["code"]

            def again(name):
                return send(daemon, path, "--code", code, *options) if name == "sender" \
                    else receive(daemon, code, place.target)

            with again("receiver") as receiver:
                wait_for_part(place, LARGE // 2)
                held = [memory(one.process) for one in (sender, receiver, daemon)]
                moved = finish(who, place, daemon, listen, sender, receiver, again)
        equal(digest(os.path.join(place.target, "f")), digest(path))
        equal(place.received(), {"f": "file"})
        way = "direct" if direct else "relay"
        print(f"# {who}, {way}: {moved - LARGE} bytes twice; MiB of sender, receiver and daemon: {held}",
              flush=True)
        assert moved <= LARGE + MIB
        assert SANITIZED or max(held) < 64


def test_receiver_killed():
    resumed("receiver", False)


def test_sender_killed():
    resumed("sender", False)


def test_daemon_killed():
    resumed("daemon", False)


def test_receiver_killed_direct():
    resumed("receiver", True)


def test_sender_killed_direct():
    resumed("sender", True)


def test_daemon_killed_direct():
    resumed("daemon", True)


def test_many_files():
    """Small ones, in folders."""
    n = 10000 if FULL else 1000
    with Daemon(WHERRYD) as daemon, Place() as place:
        for i in range(n):
            place.write(f"t/{i % 37}/{i}", str(i).encode() * (i % 11))
        with send(daemon, os.path.join(place.source, "t")) as sender:
            code = sender.event("code")["code"]
            with receive(daemon, code, place.target) as receiver:
                done = receiver.event("done")
                equal((receiver.wait(), sender.wait()), (0, 0))
                print(f"# {n} files in {done['ms']} ms", flush=True)
        same_trees(place.source, place.target)


TESTS = [test_a_folder, test_the_relay_sees_nothing, test_direct, test_not_direct, test_a_wrong_code,
         test_the_code_is_typed, test_usage, test_a_file_is_in_the_way, test_interrupted_by_its_user,
         test_hostile_senders, test_nobody_comes]
LONG = [test_many_files, test_receiver_killed, test_sender_killed, test_daemon_killed,
        test_receiver_killed_direct, test_sender_killed_direct, test_daemon_killed_direct]

CHOSEN = [test for test in TESTS + LONG if test.__name__ in sys.argv]
run_tests(CHOSEN or ([test_hostile_senders, *LONG] if FULL else TESTS + LONG))
