# SPDX-License-Identifier: LGPL-2.1-or-later
"""A shell in a terminal as a person has it: tmux, with its copy and paste."""

import os
import re
import select
import subprocess
import tempfile
import time

from wherry import TIMEOUT, clean_environment


class Tmux:
    def __init__(self, columns=120, rows=40, path=None):
        self.folder = tempfile.TemporaryDirectory()
        self.shown = ""
        self.fifo = os.path.join(self.folder.name, "shown")
        self.socket = os.path.join(self.folder.name, "tmux")
        os.mkfifo(self.fifo)
        search = os.pathsep.join(filter(None, [path, os.environ["PATH"]]))
        self.env = clean_environment({"PATH": search, "PS1": "$ ", "ENV": "", "TERM": "xterm",
                                      "SHELL": "/bin/sh"})
        self.env.pop("TMUX", None)
        self.tmux("-f", "/dev/null", "start-server", ";", "set", "-g", "history-limit", "100000",
                  ";", "set", "-g", "default-terminal", "screen", ";", "new-session", "-d",
                  "-x", str(columns), "-y", str(rows), "read -r _; clear; exec /bin/sh")
        self.stream = os.open(self.fifo, os.O_RDONLY | os.O_NONBLOCK)
        self.tmux("pipe-pane", f"exec cat > {self.fifo}")
        self.keys("Enter")  # all that the shell writes is seen
        self.until(r"\$ $")

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None:
            print("# " + self.screen().replace("\n", "\n# "))
        self.tmux("kill-server")
        os.close(self.stream)
        self.folder.cleanup()

    def tmux(self, *args, text=""):
        return subprocess.run(["tmux", "-u", "-S", self.socket, *args], env=self.env, input=text,
                              check=True, capture_output=True, text=True, timeout=TIMEOUT).stdout

    def keys(self, *names):
        self.tmux("send-keys", *names)

    def enter(self, line):
        self.tmux("send-keys", "-l", line)
        self.keys("Enter")

    def paste(self, text):
        """From the clipboard, and Enter."""
        self.tmux("load-buffer", "-", text=text)
        self.tmux("paste-buffer")
        self.keys("Enter")

    def until(self, pattern):
        """The match of what was written to the terminal so far."""
        deadline = time.monotonic() + TIMEOUT
        while (found := re.search(pattern, self.shown, re.MULTILINE)) is None:
            left = deadline - time.monotonic()
            assert left > 0, f"never shown: {pattern}"
            if select.select([self.stream], [], [], left)[0]:
                data = os.read(self.stream, 65536).decode(errors="replace")
                self.shown += data.replace("\r\n", "\n")
        return found

    def screen(self):
        """All that a person can scroll to and copy, lines that were broken at the edge joined."""
        return self.tmux("capture-pane", "-p", "-J", "-S", "-")
