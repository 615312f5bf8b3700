# SPDX-License-Identifier: LGPL-2.1-or-later
"""Many native members at once (churn.c), and what the daemon says of itself meanwhile."""

import os
import subprocess
import urllib.request

from daemon import BUILD

PATIENCE = 60  # seconds: reaching it is a failure, never a success


def metrics(daemon):
    with urllib.request.urlopen(daemon.url + "metrics", timeout=PATIENCE) as response:
        lines = response.read().decode().splitlines()
    return {name: int(value) for name, value in
            (line.split() for line in lines if not line.startswith("#"))}


class Members:
    """The program that is all of them."""

    ANSWERS = {"go": "left", "stay": "talked", "leave": "left"}

    def __init__(self, daemon, count, rooms, identifier=None):
        command = [os.path.join(BUILD, "tests/integration/relay/wherry-churn"), daemon.url,
                   str(count), str(rooms)]
        if identifier is not None:
            command.append(str(identifier))
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()

    def round(self, word):
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        answer = "#"
        while answer.startswith("#"):  # comments of the test framework
            answer = self.process.stdout.readline().strip()
        assert answer == self.ANSWERS[word], f"the members said {answer!r}"

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=PATIENCE) == 0
