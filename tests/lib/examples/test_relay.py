#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The examples of a relay inside a program, joined by the example of a client.

test_relay.py CLIENT.py RELAY...: each RELAY is a program, or a script for Python."""

import signal
import subprocess
import sys

PYTHON = "/usr/bin/python3"  # the one that has gi


def command(path):
    return [PYTHON, path] if path.endswith(".py") else [path]


def check(client, path):
    relay = subprocess.Popen(command(path), stdout=subprocess.PIPE, text=True)
    try:
        uri = relay.stdout.readline().strip()
        if not uri.startswith("http://127.0.0.1:"):
            return f"it printed {uri!r}"
        said = subprocess.run(command(client) + [uri, "lobby", "ahoy"], stdout=subprocess.PIPE,
                              text=True, timeout=60)
        if said.returncode != 0 or said.stdout != "heard ahoy\n":
            return f"the client printed {said.stdout!r} and returned {said.returncode}"
        relay.send_signal(signal.SIGTERM)
        if relay.wait(60) != 0:
            return f"it returned {relay.returncode}"
        return None
    finally:
        if relay.poll() is None:
            relay.kill()
        relay.wait()


def main(client, *relays):
    print(f"1..{len(relays)}")
    failed = False
    for number, path in enumerate(relays, 1):
        wrong = check(client, path)
        if wrong:
            print(f"# {wrong}")
        print(f"{'not ok' if wrong else 'ok'} {number} {path.rsplit('/', 1)[-1]}")
        failed = failed or wrong is not None
    return failed


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:]) else 0)
