#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""race.py PROGRAM: runs the planted races under the thread sanitizer. Each must be reported as a
data race, and their clean twins must not."""

import subprocess
import sys

EXPECTED = {"race-counter": True, "clean-counter": False,
            "race-after-post": True, "clean-post": False,
            "race-free": True, "clean-free": False}

print(f"1..{len(EXPECTED)}")
failed = False
for number, (case, race) in enumerate(EXPECTED.items(), 1):
    ran = subprocess.run([sys.argv[1], case], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False)
    reported = b"WARNING: ThreadSanitizer: data race" in ran.stderr
    right = reported == race and (ran.returncode != 0) == race
    failed = failed or not right
    print(f"{'ok' if right else 'not ok'} {number} {case}")
    if not right:
        print("\n".join(f"# {line}" for line in ran.stderr.decode().splitlines()[:60]))
sys.exit(1 if failed else 0)
