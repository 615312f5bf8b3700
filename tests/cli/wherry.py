# SPDX-License-Identifier: LGPL-2.1-or-later
"""A running `wherry` for tests that drive the real binary. What it runs belongs to the test: at
the end of a `with` it is killed if it has not ended."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "daemon"))

from wherryd import TIMEOUT, clean_environment  # noqa: E402


def at(daemon):
    """The options for a client of a daemon whose peer connections are on loopback."""
    return ["--server", f"http://{daemon.host}:{daemon.port}/", "--bind-address", "127.0.0.1"]


class Command:
    """wherry ARGUMENT..., with pipes; env=None takes a variable away."""

    def __init__(self, binary, *args, env=None, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                 **popen):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([binary, *map(str, args)], env=clean_environment(env),
                                        stdin=stdin, stdout=stdout, stderr=self.errors, **popen)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None and not pipe.closed:
                try:
                    pipe.close()
                except BrokenPipeError:
                    pass
        if kind is not None:
            print("# " + self.said().replace("\n", "\n# "))
        self.errors.close()

    def said(self):
        """What stands on standard error so far."""
        self.errors.seek(0)
        return self.errors.read().decode(errors="replace")

    def wait_said(self, text):
        """Until it stands on standard error."""
        end = time.monotonic() + TIMEOUT
        while text not in self.said():
            assert time.monotonic() < end and self.process.poll() is None, self.said()
            time.sleep(0.01)  # a file tells nobody that it grew

    def event(self, *names):
        """The next JSON line whose "event" is one of names; others are skipped."""
        while True:
            line = self.process.stdout.readline()
            assert line, f"ended before {names}: {self.said()}"
            found = json.loads(line)
            if found["event"] in names:
                return found

    def write(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def wait(self):
        return self.process.wait(TIMEOUT)

    def interrupt(self):
        """Its exit code after Ctrl-C."""
        self.process.send_signal(signal.SIGINT)
        return self.wait()


def run(binary, *args, env=None, text=""):
    """(exit code, standard output, standard error)"""
    done = subprocess.run([binary, *map(str, args)], env=clean_environment(env), input=text.encode(),
                          capture_output=True, timeout=TIMEOUT, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()
