# SPDX-License-Identifier: LGPL-2.1-or-later
"""A wherryd under test: started on a free port, sampled, and ended with exit code 0 or else.

Programs here print TAP. The build directory comes in the environment variable WHERRY_BUILD."""

import json
import os
import subprocess
import sys
import threading
import time

BUILD = os.environ["WHERRY_BUILD"]
PAGE = os.sysconf("SC_PAGE_SIZE")
# A sanitizer's shadow and quarantine are no memory of ours: bounds on bytes mean nothing there.
SANITIZED = os.environ.get("WHERRY_SANITIZED") == "1"


def rss(pid):
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * PAGE


def thread_names(pid):
    names = []
    for task in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{task}/comm") as f:
                names.append(f.read().strip())
        except (FileNotFoundError, ProcessLookupError):
            pass  # ended meanwhile
    return names


def resources(pid):
    """threads: all of them, those kept for the next members ("parked") among them"""
    names = thread_names(pid)
    return {"rss": rss(pid), "fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": len(names), "parked": names.count("parked")}


class Daemon:
    def __init__(self, *arguments, descriptors=None, log=None, port=0):
        """descriptors: how many it may have open; log: a file for what it logs; port: another one's
        that has ended."""
        command = [os.path.join(BUILD, "src/daemon/wherryd"), "--listen", f"127.0.0.1:{port}", *arguments]
        if descriptors is not None:
            command = ["prlimit", f"--nofile={descriptors}:{descriptors}", *command]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if "http://" not in line:
            raise AssertionError(f"wherryd did not start: {line!r}")
        self.url = line[line.index("http://"):].strip()
        self.pid = self.process.pid
        self.samples = []  # (seconds, bytes), every 100 ms while sampling
        self._sampling = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        self.stop_sampling()
        if kind is not None:
            self.process.kill()
            self.process.wait()
            return
        self.stop()

    def sample(self):
        self._sampling = threading.Event()

        def run(stop, begun):
            while not stop.wait(0.1):
                self.samples.append((time.monotonic() - begun, rss(self.pid)))

        threading.Thread(target=run, args=(self._sampling, time.monotonic()), daemon=True).start()

    def stop_sampling(self):
        if self._sampling is not None:
            self._sampling.set()

    def stop(self):
        self.process.terminate()
        code = self.process.wait(timeout=60)
        assert code == 0, f"wherryd ended with {code}"


def pion(*arguments):
    """Run wherry-pion to its end; yields its events as they come."""
    command = [os.path.join(BUILD, "tests/interop/pion/wherry-pion"), *map(str, arguments)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        for line in process.stdout:
            if line.startswith("{"):  # pion logs there too
                yield json.loads(line)
        assert process.wait(timeout=60) == 0, f"{command[1]} failed"
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def run_tests(*tests):
    """Each test is a function; its docstring says what holds. Prints TAP, exits 1 on a failure."""
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, test in enumerate(tests, 1):
        begun = time.monotonic()
        try:
            test()
            print(f"ok {number} - {test.__name__}", flush=True)
        except Exception as error:
            failed += 1
            import traceback
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
            print(f"not ok {number} - {test.__name__}: {error!r}".replace("\n", " "), flush=True)
        print(f"# {time.monotonic() - begun:.1f} s", flush=True)
    sys.exit(1 if failed else 0)
