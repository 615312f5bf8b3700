# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program on a terminal of its own: what is typed into it, and what stands on its screen."""

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from wherryd import TIMEOUT, clean_environment

ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07]*\x07|[()][0-9A-B]|[=>])")


class Terminal:
    """argv, 80 columns wide, in a session of its own."""

    def __init__(self, *argv, env=None, cwd=None):
        self.raw = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            try:
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
                if cwd is not None:
                    os.chdir(cwd)
                os.execvpe(argv[0], list(map(str, argv)),
                           clean_environment({"TERM": "xterm", **(env or {})}))
            finally:
                os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if self.status is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
        if kind is not None:
            print("# " + repr(self.raw))

    def type(self, text):
        os.write(self.fd, text.encode())

    def _read(self, deadline):
        """False at the end."""
        if not select.select([self.fd], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError(f"nothing more came: {self.raw!r}")
        try:
            got = os.read(self.fd, 65536)
        except OSError as error: # the last process that had it open is gone
            if error.errno != errno.EIO:
                raise
            got = b""
        self.raw += got.decode(errors="replace")
        return got != b""

    def expect(self, pattern):
        """Waits for a regular expression in what came, escapes taken out, since the last one."""
        deadline = time.monotonic() + TIMEOUT
        while not (found := re.search(pattern, ESCAPES.sub("", self.raw))):
            assert self._read(deadline), f"ended without {pattern!r}: {self.raw!r}"
        self.raw = ""
        return found

    def wait(self):
        """(exit status, all that came since the last expect())"""
        deadline = time.monotonic() + TIMEOUT
        while self._read(deadline):
            pass
        _, status = os.waitpid(self.pid, 0)
        self.status = os.waitstatus_to_exitcode(status)
        return self.status, self.raw
