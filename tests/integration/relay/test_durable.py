#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""wherryd is killed (kill -9) at seeded points while members on pion publish more than a thousand
messages a second on a durable topic, and is started again in the same directory. The members come
back by themselves, send again what was not acknowledged, and compare what they get message by
message: see tests/interop/pion/durable.go."""

import json
import os
import random
import subprocess
import sys
import tempfile

from daemon import BUILD, SANITIZED, Daemon, run_tests

FULL = "--full" in sys.argv
ROUNDS = 51 if FULL else 6
RATE = 200 if SANITIZED else 700  # of each of two publishers
CONFIGURATION = """
[wherryd]
history-dir = {directory}
resume-window-ms = 60000

[topic durable]
history-messages = 100000
history-bytes = 64M
"""


class Members:
    """wherry-pion durable: its events, and what it is told."""

    def __init__(self, url, messages):
        self.process = subprocess.Popen(
            [os.path.join(BUILD, "tests/interop/pion/wherry-pion"), "durable", "--server", url,
             "--rate", str(RATE), "--messages", str(messages)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def next(self, *kinds):
        for line in self.process.stdout:
            if line.startswith("{"):
                event = json.loads(line)
                if event["event"] in kinds:
                    return event
        raise AssertionError("wherry-pion ended")

    def tell(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def killed():
    """What was acknowledged or received is there after kill -9, and members miss nothing."""
    seed = int(os.environ.get("WHERRY_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
    print(f"# WHERRY_SEED={seed}, {ROUNDS - 1} kills and a restart", flush=True)
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as above:
        configuration = os.path.join(above, "wherryd.conf")
        with open(configuration, "w") as f:
            f.write(CONFIGURATION.format(directory=os.path.join(above, "history")))
        daemon = Daemon("--config", configuration)
        # what two publishers say in a second and a half of each round
        members = Members(daemon.url, ROUNDS * RATE * 3 // 2)
        try:
            for number in range(ROUNDS):
                event = members.next("up", "result")
                assert event["event"] == "up", f"round {number}: {event}"
                if number == ROUNDS // 2:  # once it ends as it should
                    daemon.stop()
                else:
                    # each message comes to three
                    members.tell(f"kill {daemon.pid} {chance.randrange(RATE * 6)}")
                    daemon.process.wait(timeout=60)
                port = daemon.url.rsplit(":", 1)[1].strip("/")
                daemon = Daemon("--config", configuration, port=port)
            result = members.next("result")
            print(f"# {result}")
            assert not result["problems"] and "error" not in result, result
            assert result["resumes"] >= ROUNDS * 4, result
            members.end()
        finally:
            members.kill()
            if daemon.process.poll() is None:
                daemon.process.terminate()
                daemon.process.wait(timeout=60)


def uninterrupted():
    """Without a kill: that the members see what they should."""
    with Daemon() as daemon:
        members = Members(daemon.url, RATE)
        try:
            result = members.next("result")
            assert not result["problems"] and "error" not in result, result
            assert result["acked"] == 2 * RATE and result["received"] == 6 * RATE, result
            members.end()
        finally:
            members.kill()


run_tests(uninterrupted, killed)
