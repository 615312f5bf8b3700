# SPDX-License-Identifier: LGPL-2.1-or-later
"""A terminal (tmux, a server of its own) whose screen a test reads."""

import os
import shlex
import subprocess
import tempfile
import time

from wherry import TIMEOUT, clean_environment


class Screen:
    def __init__(self, *command, columns=80, lines=24):
        self.folder = tempfile.TemporaryDirectory()
        self.socket = os.path.join(self.folder.name, "tmux")
        line = " ".join(shlex.quote(str(word)) for word in command)
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", columns, "-y", lines,
                  f"{line}; echo \"code $?\"; stty -a | grep -o '[-]*icanon'; exec cat")

    def tmux(self, *args):
        done = subprocess.run(["tmux", "-S", self.socket, *map(str, args)], check=True, text=True,
                              env=clean_environment({"TERM": "xterm"}), capture_output=True)
        return done.stdout

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            print("# " + self.text().replace("\n", "\n# "))
        self.tmux("kill-server")
        self.folder.cleanup()

    def type(self, *keys):
        self.tmux("send-keys", "-t", "0", *keys)

    def text(self):
        return self.tmux("capture-pane", "-p", "-t", "0")

    def wait(self, condition):
        """The screen once the condition of it is true."""
        end = time.monotonic() + TIMEOUT
        while not condition(text := self.text()):
            assert time.monotonic() < end, "the screen never was so"
        return text
