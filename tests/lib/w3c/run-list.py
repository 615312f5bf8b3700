#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs the cases against the web platform tests' data channel files, and holds them against the
list: every assertion is a case that passed in this run or an absence with one of three reasons,
every case stands in the list. Prints the counts.

Some of the files are no part of the platform tests: they were proposed (wpt pull requests 10468 and
13499) and never merged. Where one of them contradicts the specification, the entry says so
("against"), and its cases show what the specification says."""

import collections
import json
import os
import subprocess
import sys

# What a test may be left out for.
REASONS = {"media", "workers", "javascript"}


def run(programs):
    """The name of each case, and whether it passed; two programs at a time."""
    passed, output = {}, {}
    waiting, running = list(programs), []
    while waiting or running:
        while waiting and len(running) < 2:
            running.append(subprocess.Popen([waiting.pop(0)], stdout=subprocess.PIPE,
                                            stderr=subprocess.STDOUT, text=True))
        process = running.pop(0)
        text = process.communicate()[0]
        for line in text.splitlines():
            words = line.split()
            if line.startswith("ok ") and "# SKIP" not in line:
                passed[words[2]] = True
            elif line.startswith("not ok "):
                passed[words[3]] = False
        if process.returncode != 0:
            output[os.path.basename(process.args[0])] = text
    return passed, output


def faults(assertions, passed):
    named = set()
    for entry in assertions:
        what = f"{entry['file']}: {entry['assertion']}"
        if ("cases" in entry) == ("absent" in entry):
            yield f"{what}: either cases or a reason"
        for case in entry.get("cases", []):
            named.add(case)
            if not passed.get(case, False):
                yield f"{what}: {case} {'failed' if case in passed else 'was not run'}"
        if "absent" in entry:
            if entry["absent"] not in REASONS:
                yield f"{what}: {entry['absent']} is no reason"
            if not entry.get("why"):
                yield f"{what}: absent, and it is not said why"
    for case in sorted(set(passed) - named):
        yield f"{case} is not in the list"


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        assertions = json.load(stream)
    passed, output = run(sys.argv[2:])
    for number, case in enumerate(passed, 1):
        print(f"{'ok' if passed[case] else 'not ok'} {number} {case}")
    problems = list(faults(assertions, passed))
    number = len(passed) + 1
    print(f"{'not ok' if problems or output else 'ok'} {number} /list")
    print(f"1..{number}")
    for problem in problems:
        print(f"# {problem}")
    for name, text in output.items():
        print(f"# {name} failed:")
        for line in text.splitlines()[-20:]:
            print(f"#   {line}")
    against = [entry for entry in assertions if "against" in entry]
    counts = collections.Counter(entry.get("absent", "pass") for entry in assertions
                                 if "against" not in entry)
    files = len({entry["file"] for entry in assertions})
    print(f"# {sum(counts.values())} assertions of {files} files, {len(passed)} cases: "
          + ", ".join(f"{counts[key]} {key}" for key in ["pass", *sorted(REASONS)]))
    print(f"# and {len(against)} of files that were proposed only, against the specification, "
          "which our cases hold")
    return 1 if problems or output else 0


if __name__ == "__main__":
    sys.exit(main())
