# SPDX-License-Identifier: LGPL-2.1-or-later
"""A daemon under attack, and two members on pion that talk all the while and must not notice."""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "relay"))

from daemon import BUILD, SANITIZED, Daemon, pion, resources, run_tests  # noqa: E402,F401
from wire import metrics, request  # noqa: E402

MIB = 1 << 20
# What a sanitizer may take longer.
SLOWER = 5 if SANITIZED else 1
FULL = "--full" in sys.argv


def times(count):
    """How often to do something: more in the full run, less where a sanitizer makes it slow."""
    return count * (5 if FULL else 1) // (10 if SANITIZED else 1)


PION = os.path.join(BUILD, "tests/interop/pion/wherry-pion")


class Participant:
    """wherry-pion room: what comes is handed to `on_message` on a thread of its own."""

    def __init__(self, url, name, on_message, room="talk"):
        self.process = subprocess.Popen([PION, "room", "--server", url, "--room", room, "--name",
                                         name], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)
        self.on_message = on_message
        self.ready = threading.Event()
        self.error = None
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            if not line.startswith("{"):  # pion logs there too
                continue
            event = json.loads(line)
            if event["event"] == "ready":
                self.id = event["id"]
                self.ready.set()
            elif event["event"] == "message":
                self.on_message(event)
            elif event["event"] == "error":
                self.error = event["message"]
        self.error = self.error or f"it ended with {self.process.wait()}"
        self.ready.set()  # whoever waits for it looks at the error

    def say(self, head, size):
        order = {"do": "send", "kind": "text", "head": head, "size": size}
        try:
            self.process.stdin.write(json.dumps(order) + "\n")
            self.process.stdin.flush()
        except (BrokenPipeError, ValueError):  # it ended, or it was told to
            self.error = self.error or "it ended"

    def stop(self):
        self.process.stdin.close()
        return self.process.wait(timeout=30)


class Talkers:
    """Two members: one says n, the other answers n, and so on without an end. Whatever is lost,
    doubled or out of order ends it."""

    SIZE = 200

    def __init__(self, url):
        self.rounds = 0
        self.longest = 0.0
        self.problem = None
        self.stopping = False
        self.asker = Participant(url, "asker", self._answered)
        self.answerer = Participant(url, "answerer", self._asked)
        self.heads = []
        for each in (self.asker, self.answerer):
            if not each.ready.wait(30 * SLOWER) or each.error is not None:
                raise AssertionError(f"a talker did not connect: {each.error}")
        # pion calls a channel open before it is acknowledged, that is, before it is subscribed
        self.met = threading.Event()
        end = time.monotonic() + 10 * SLOWER
        while not self.met.wait(0.05):
            assert time.monotonic() < end, "the talkers do not hear each other"
            for each in (self.asker, self.answerer):
                assert each.error is None, f"a talker ended: {each.error}"
            self.asker.say("hi:", 3)
        self.began = time.monotonic()
        self.asker.say("q0:", self.SIZE)

    def _check(self, event, head):
        if event["head"] != head or event["size"] != self.SIZE:
            self.problem = f"got {event['head']} of {event['size']} bytes instead of {head}"
        return self.problem is None

    def _asked(self, event):
        if event["head"] == "hi:":
            self.answerer.say("hello:", 6)
        elif self._check(event, f"q{self.rounds}:"):
            self.answerer.say(f"a{self.rounds}:", self.SIZE)

    def _answered(self, event):
        if event["head"] == "hello:":
            self.met.set()
            return
        if not self._check(event, f"a{self.rounds}:") or self.stopping:
            return
        now = time.monotonic()
        self.longest = max(self.longest, now - self.began)
        time.sleep(0.002)  # not a wait for anything: they talk, they do not shout
        self.rounds += 1
        self.began = time.monotonic()
        self.asker.say(f"q{self.rounds}:", self.SIZE)

    def check(self, least=1):
        """They talk, and nothing was lost: `least` more round trips from now."""
        goal = self.rounds + least
        end = time.monotonic() + 10 * SLOWER
        while self.rounds < goal and self.problem is None and time.monotonic() < end:
            time.sleep(0.005)
        for each in (self.asker, self.answerer):
            assert each.process.poll() is None, f"a talker ended: {each.error}"
            assert each.error is None, each.error
        assert self.problem is None, self.problem
        assert self.rounds >= goal, f"the talkers stand still at round {self.rounds}"

    def stop(self):
        self.stopping = True
        for each in (self.asker, self.answerer):
            assert each.stop() == 0, each.error


class Watch:
    """Asks /healthz over and over: how long the hub let somebody wait at most."""

    def __init__(self, url):
        self.url = url
        self.longest = 0.0
        self.failed = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._stop.wait(0.1):
            begun = time.monotonic()
            try:
                status = request(self.url, "/healthz")[0]
            except OSError:
                status = 0
            if status != 200:
                self.failed += 1
            self.longest = max(self.longest, time.monotonic() - begun)

    def stop(self):
        self._stop.set()
        self._thread.join()


class Scene:
    """`with Scene(...) as scene:` the attack; what must hold afterwards is checked at the end."""

    def __init__(self, *arguments, descriptors=None, watched=True):
        self.log = tempfile.TemporaryFile("w+")
        self.daemon = Daemon(*arguments, descriptors=descriptors, log=self.log)
        self.url = self.daemon.url
        self.pid = self.daemon.pid
        self.watched = watched

    def __enter__(self):
        try:
            self.talkers = Talkers(self.url)
            self.talkers.check(3)
        except BaseException:
            self._fail()
            raise
        self.before = resources(self.pid)
        self.counters = metrics(self.url)
        self.watch = Watch(self.url) if self.watched else None
        return self

    def rose(self, name):
        """By how much a counter rose since the scene began."""
        return metrics(self.url)[name + "_total"] - self.counters[name + "_total"]

    def settle(self, seconds=20):
        """Waits until descriptors and threads that work are what they were before."""
        end = time.monotonic() + seconds * SLOWER
        busy = self.before["threads"] - self.before["parked"]
        while True:
            now = resources(self.pid)
            # a request of our own may be under way
            if now["fds"] <= self.before["fds"] + 1 and now["threads"] - now["parked"] <= busy:
                return now
            assert time.monotonic() < end, f"before: {self.before}, now: {now}"
            time.sleep(0.05)

    def until(self, seconds=20, **values):
        """Waits until these metrics have these values."""
        end = time.monotonic() + seconds * SLOWER
        while True:
            now = metrics(self.url)
            if all(now[name] == value for name, value in values.items()):
                return
            assert time.monotonic() < end, f"{values} expected: {now}"
            time.sleep(0.05)

    def check(self):
        assert self.daemon.process.poll() is None, "wherryd ended"
        self.talkers.check(5)

    def __exit__(self, kind, value, trace):
        if self.watch is not None:
            self.watch.stop()
        if kind is not None:
            for each in (self.talkers.asker, self.talkers.answerer):
                each.process.kill()
            self._fail()
            return
        try:
            self.check()
            after = self.settle()
            self.report(after)
            self.talkers.stop()
            self.daemon.__exit__(None, None, None)
        except BaseException:
            self._fail()
            raise

    def _fail(self):
        """The end of the daemon, and the last that it logged."""
        self.daemon.__exit__(*sys.exc_info())
        self.log.seek(0)
        for line in self.log.read()[-6000:].splitlines():
            print(f"# wherryd: {line}")

    def report(self, after):
        talkers, grown = self.talkers, after["rss"] - self.before["rss"]
        print(f"# {talkers.rounds} round trips, longest {talkers.longest * 1000:.0f} ms; memory "
              f"{after['rss'] / MIB:.1f} MiB ({grown / MIB:+.1f})")
        # what an allocator keeps for the next time; what grows with each attack is more
        assert SANITIZED or grown < 64 * MIB, f"memory grew by {grown} bytes"
        assert talkers.longest < 5 * SLOWER, f"the talkers waited {talkers.longest:.1f} s"
        assert self.rose("bugs") == 0, "the daemon noticed a bug"
        if self.watch is not None:
            print(f"# longest wait for /healthz {self.watch.longest * 1000:.0f} ms")
            assert self.watch.failed == 0, f"/healthz failed {self.watch.failed} times"
            assert self.watch.longest < 5 * SLOWER, "the hub was busy for too long"
