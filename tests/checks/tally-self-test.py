#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/tally.py sees what a summary of its kind likes to miss."""

import json
import os
import subprocess
import sys
import tempfile

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tally.py")


def entry(result, stdout=""):
    return json.dumps({"name": "t", "result": result, "stdout": stdout})


CASES = {
    # name: (lines of the log or None, arguments, last line, exit status)
    "plain": ([entry("OK")], [], "1 passed, 0 failed, 0 skipped", 0),
    "tap-lines": ([entry("OK", "1..2\nok 1 a\nok 2 b\n")], [], "2 passed, 0 failed, 0 skipped", 0),
    "one-failed": ([entry("FAIL", "ok 1 a\nnot ok 2 b\n")], [], "1 passed, 1 failed, 0 skipped", 1),
    "died": ([entry("ERROR", "ok 1 a\n")], [], "1 passed, 1 failed, 0 skipped", 1),
    "timeout": ([entry("TIMEOUT")], [], "0 passed, 1 failed, 0 skipped", 1),
    "skip-inside": ([entry("OK", "ok 1 a\nok 2 b # SKIP no browser\n")], [],
                    "1 passed, 0 failed, 1 skipped", 0),
    "skip-is-failure": ([entry("OK", "ok 1 a\nok 2 b # SKIP no browser\n")], ["--no-skips"],
                        "1 passed, 0 failed, 1 skipped", 1),
    "skip-whole": ([entry("SKIP")], ["--no-skips"], "0 passed, 0 failed, 1 skipped", 1),
    "unexpected-pass": ([entry("UNEXPECTEDPASS")], [], "0 passed, 1 failed, 0 skipped", 1),
    "expected-fail": ([entry("EXPECTEDFAIL", "not ok 1 a\n")], [], "1 passed, 0 failed, 0 skipped", 0),
    "empty-log": ([], [], "0 passed, 1 failed, 0 skipped", 1),
    "no-log": (None, [], "0 passed, 1 failed, 0 skipped", 1),
}

print(f"1..{len(CASES)}")
failed = False
for number, (name, (lines, arguments, last, status)) in enumerate(CASES.items(), 1):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "testlog.json")
        if lines is not None:
            with open(path, "w", encoding="utf-8") as log:
                log.write("\n".join(lines))
        ran = subprocess.run([sys.executable, TALLY, *arguments, path], stdout=subprocess.PIPE,
                             check=False)
    told = ran.stdout.decode().splitlines()[-1]
    right = told == last and ran.returncode == status
    failed = failed or not right
    print(f"{'ok' if right else 'not ok'} {number} {name}: {told}")
sys.exit(1 if failed else 0)
