#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/tally.py sees what a summary of its kind likes to miss."""

import json
import os
import subprocess
import sys
import tempfile

TALLY = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tally.py")


def entry(result, stdout="", **more):
    return json.dumps({"name": "t", "result": result, "stdout": stdout, **more})


def many(first, last, word):
    return "".join(f"# {word} {n}\n" for n in range(first, last))


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

# What the tail of a log must tell of programs that did not pass, and of no other.
OUTPUTS = {
    # name: (lines of the log, arguments, lines that are told, lines that are not)
    "the-end-of-what-died": ([entry("OK", "ok 1 fine\n"), entry("ERROR", many(0, 100, "x"))], [],
                             ["# x 99", "# x 40", "[40 lines]"], ["# x 39", "ok 1 fine"]),
    "stderr-too": ([entry("FAIL", stderr="gone\n")], [], ["gone"], []),
    "what-failed-long-before-the-end": (
        [entry("ERROR", many(0, 50, "a") + "not ok 1 b\n" + many(0, 99, "c") + "ok 2 d\n")], [],
        ["not ok 1 b", "# a 20", "# c 8", "# c 98", "ok 2 d"], ["# a 19", "# c 20"]),
    "the-head-of-a-report": (
        [entry("FAIL", stderr="==1==ERROR: AddressSanitizer: use after free\n" + many(0, 99, "s"))],
        [], ["==1==ERROR: AddressSanitizer: use after free", "# s 5", "# s 98"], ["# s 30"]),
    "why-it-was-skipped": ([entry("OK", "ok 1 a # SKIP no nft\n")], ["--no-skips"],
                           ["ok 1 a # SKIP no nft"], []),
    "a-skip-that-may-be": ([entry("OK", "ok 1 a # SKIP no nft\n")], [], [], ["ok 1 a # SKIP no nft"]),
    "not-without-an-end": ([entry("FAIL", many(0, 9, f"p{n}-")) for n in range(99)], [],
                           ["# p19- 8", "The output of 79 more is in the logs."], ["# p20- 8"]),
}


def tally(lines, arguments):
    """The lines that it prints, and its exit status."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "testlog.json")
        if lines is not None:
            with open(path, "w", encoding="utf-8") as log:
                log.write("\n".join(lines))
        ran = subprocess.run([sys.executable, TALLY, *arguments, path], stdout=subprocess.PIPE,
                             check=False)
    return ran.stdout.decode().splitlines(), ran.returncode


print(f"1..{len(CASES) + len(OUTPUTS)}")
failed = False
for number, (name, (lines, arguments, last, status)) in enumerate(CASES.items(), 1):
    told, code = tally(lines, arguments)
    right = told[-1] == last and code == status
    failed = failed or not right
    print(f"{'ok' if right else 'not ok'} {number} {name}: {told[-1]}")
for number, (name, (lines, arguments, shown, hidden)) in enumerate(OUTPUTS.items(), len(CASES) + 1):
    told = [line.replace("  | ", "", 1) for line in tally(lines, arguments)[0]]
    wrong = [line for line in shown if line not in told] + [line for line in hidden if line in told]
    # right before the end, where those that did not pass are named
    named = [line for line in told if line.endswith(("Not passed:", "Failed:"))]
    if not wrong and shown and told.index(named[0]) < max(told.index(line) for line in shown):
        wrong.append("the order")
    failed = failed or bool(wrong)
    print(f"{'not ok' if wrong else 'ok'} {number} {name} {wrong or ''}")
sys.exit(1 if failed else 0)
