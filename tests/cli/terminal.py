# SPDX-License-Identifier: LGPL-2.1-or-later
"""A command on a terminal of its own (a pty), as a person has it."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "daemon"))

from wherryd import TIMEOUT, clean_environment  # noqa: E402

CTRL_C, CTRL_D, CTRL_U, CTRL_Z, CTRL_BACKSLASH = b"\x03", b"\x04", b"\x15", b"\x1a", b"\x1c"
BACKSPACE = b"\x7f"
COLOURS = re.compile(r"\x1b\[[0-9;]*m")
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>])")


def take_terminal():
    """What a shell does for a command: job control, and no signal that is ignored, as they are in
    the background of a script."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


class Terminal:
    def __init__(self, *command, rows=24, columns=80, env=None, cwd=None):
        self.master, self.slave = os.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.seen = ""
        self.at = 0
        self.process = subprocess.Popen(
            [str(word) for word in command], stdin=self.slave, stdout=self.slave, stderr=self.slave,
            env=clean_environment({"TERM": "xterm", **(env or {})}), cwd=cwd, start_new_session=True,
            preexec_fn=take_terminal)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if kind is not None:
            print("# " + self.seen.replace("\n", "\n# "))
        os.close(self.master)
        os.close(self.slave)

    def _fill(self, deadline):
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if ready:
            self.seen += os.read(self.master, 65536).decode(errors="replace").replace("\r\n", "\n")
        return bool(ready)

    def until(self, pattern):
        """The match of what is shown from here on."""
        deadline = time.monotonic() + TIMEOUT
        while (found := re.compile(pattern, re.MULTILINE).search(self.seen, self.at)) is None:
            assert self._fill(deadline), f"never shown: {pattern}"
        self.at = found.end()
        return found

    def until_plain(self, pattern):
        """The match of what is shown from here on, colours and movements taken out."""
        deadline = time.monotonic() + TIMEOUT
        while (found := re.search(pattern, ESCAPES.sub("", self.seen[self.at:]))) is None:
            assert self._fill(deadline), f"never shown: {pattern}"
        self.at = len(self.seen)
        return found

    def type(self, data):
        """All of it, however slowly it is read."""
        data = data if isinstance(data, bytes) else data.encode()
        while data:
            data = data[os.write(self.master, data[:1024]):]

    def paste(self, line):
        self.type(line + "\r")

    def end(self):
        """Its exit status, once all that it shows was read."""
        deadline = time.monotonic() + TIMEOUT
        while self.process.poll() is None:
            assert self._fill(min(deadline, time.monotonic() + 0.05)) or time.monotonic() < deadline
        while self._fill(time.monotonic()):
            pass
        return self.process.returncode

    def mode(self):
        return termios.tcgetattr(self.slave)

    def until_stopped(self):
        _, status = os.waitpid(self.process.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status), status
