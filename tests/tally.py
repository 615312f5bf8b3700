#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Counts what meson's test logs say and prints one line: N passed, N failed, N skipped.

A TAP program counts by its own lines, so that a skipped case inside a program that
passes is seen; any other test counts as one. A log that is missing, a test program
that died, and no test at all are failures. What did not pass is told last, with the end
of its output, so that a log of which only the tail was kept still tells.
"""

import json
import re
import sys

TAP_LINE = re.compile(r"^(not )?ok\b[^#]*(#\s*(SKIP|TODO)\b)?", re.IGNORECASE)
# What says where a program went wrong, maybe long before its end.
TELLING = re.compile(r"^not ok\b|\bERROR: \w+Sanitizer|WARNING: ThreadSanitizer|: runtime error: |\*\* ERROR:")
LAST, BEFORE, AFTER = 60, 30, 10  # lines shown: at the end, and around what is telling
MOST, WIDEST, PROGRAMS = 200, 500, 20


def tally_test(test):
    """(passed, failed, skipped) of one line of the log."""
    result = test["result"]
    counts = [0, 0, 0]
    for line in test.get("stdout", "").splitlines():
        found = TAP_LINE.match(line)
        if found and (found[3] or "").upper() == "SKIP":
            counts[2] += 1
        elif found:
            counts[1 if found[1] and not found[3] else 0] += 1
    good = result in ("OK", "EXPECTEDFAIL")
    if result == "SKIP" and not counts[2]:
        counts[2] = 1
    elif good and not any(counts):
        counts[0] = 1
    elif not good and result != "SKIP" and not counts[1]:
        counts[1] = 1
    if result == "EXPECTEDFAIL":
        counts = [1, 0, 0]
    return counts


def tally_log(path):
    with open(path, encoding="utf-8") as log:
        tests = [json.loads(line) for line in log if line.strip()]
    if not tests:
        raise ValueError("no test ran")
    return tests


def essence(text):
    """The last lines, and those around what is telling: the last of them if there are too many."""
    lines = text.splitlines()
    shown = set(range(max(0, len(lines) - LAST), len(lines)))
    for number, line in enumerate(lines):
        if TELLING.search(line):
            shown.update(range(max(0, number - BEFORE), min(len(lines), number + AFTER)))
    before = -1
    for number in sorted(shown)[-MOST:]:
        if number != before + 1:
            yield f"[{number - before - 1} lines]"
        yield lines[number][:WIDEST]
        before = number


def print_outputs(bad):
    for title, test in bad[:PROGRAMS]:
        for stream in ("stdout", "stderr"):
            if test.get(stream):
                print(f"\n{title}: {stream}")
                for line in essence(test[stream]):
                    print(f"  | {line}")
    if len(bad) > PROGRAMS:
        print(f"\nThe output of {len(bad) - PROGRAMS} more is in the logs.")


def main(arguments):
    no_skips = "--no-skips" in arguments
    total = [0, 0, 0]
    bad = []
    for path in [a for a in arguments if a != "--no-skips"]:
        try:
            tests = tally_log(path)
        except (OSError, ValueError) as error:
            print(f"{path}: {error}")
            total[1] += 1
            continue
        for test in tests:
            counts = tally_test(test)
            total = [a + b for a, b in zip(total, counts)]
            if counts[1] or (counts[2] and no_skips):
                bad.append((f"{path}: {test['name']}: {test['result']}", test))
    if not any(total):
        total[1] = 1
    if bad:
        print_outputs(bad)
        print("\nNot passed:" if no_skips else "\nFailed:")
        print("\n".join(f"  {title}" for title, _test in bad))
    print(f"\n{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    return 1 if total[1] or (no_skips and total[2]) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
