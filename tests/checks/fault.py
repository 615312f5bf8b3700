#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""fault.py PROGRAM: runs the planted faults under the address and undefined-behaviour sanitizers.
Each must be reported for what it is and end its program with another status than 0."""

import subprocess
import sys

EXPECTED = {
    "leak": b"LeakSanitizer: detected memory leaks",
    "read-past-the-end": b"heap-buffer-overflow",
    "use-after-free": b"heap-use-after-free",
    "use-after-scope": b"stack-use-after-scope",
    "overflow": b"signed integer overflow",
    "misalign": b"misaligned address",
    "clean": None,
}

print(f"1..{len(EXPECTED)}")
failed = False
for number, (case, report) in enumerate(EXPECTED.items(), 1):
    ran = subprocess.run([sys.argv[1], case], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                         check=False)
    if report is None:
        right = ran.returncode == 0 and not ran.stderr
    else:
        right = ran.returncode not in (0, 2) and report in ran.stderr
    failed = failed or not right
    print(f"{'ok' if right else 'not ok'} {number} {case}")
    if not right:
        print(f"# status {ran.returncode}")
        print("\n".join(f"# {line}" for line in ran.stderr.decode().splitlines()[:60]))
sys.exit(1 if failed else 0)
