# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a command that logs its steps (wherry-step-log.h) is expected to say, from a file.

A line of such a file is what follows the milliseconds. {n} stands for a number, {word} for what has
no space, {text} for anything. Lines of the same subject (a channel, a state: what stands before the
first colon) come in the order of the file; those of different subjects come as it happens. Messages
that come in on a channel have their own order. Before a line, "+ " is once or more often, "? " at
most once, "* " any number of times. Lines that begin with # are none."""

import re

STEP = re.compile(r"^ *(\d+) ms  (.*)$", re.MULTILINE)
PLACES = {"{n}": r"\d+", "{word}": r"\S+", "{text}": r".*"}


def subject(line):
    first, _, rest = line.partition(":")
    return f"{first}: in" if rest.startswith(" message in") else first


def as_pattern(line):
    parts = re.split(r"(\{\w+\})", line)
    return "".join(PLACES[part] if part in PLACES else re.escape(part) for part in parts)


def read(path):
    """subject -> [(how often, pattern)]"""
    expected = {}
    with open(path, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if not line or line.startswith("#"):
                continue
            often = line[0] if line[:2] in ("+ ", "? ", "* ") else ""
            line = line[2:] if often else line
            expected.setdefault(subject(line), []).append(f"(?:{as_pattern(line)}\n){often}")
    return expected


def steps(text):
    """[(milliseconds, what)]"""
    return [(int(ms), what.rstrip()) for ms, what in STEP.findall(text)]


def compare(text, path):
    """Raises what differs."""
    said = steps(text)
    assert said, "no steps at all"
    times = [ms for ms, _ in said]
    assert times == sorted(times), "time runs backwards"
    expected = read(path)
    found = {}
    for _, what in said:
        found.setdefault(subject(what), []).append(what)
    strange = set(found) - set(expected)
    assert not strange, f"not expected: {[found[name] for name in strange]}"
    for name, patterns in expected.items():
        lines = "".join(line + "\n" for line in found.get(name, []))
        assert re.fullmatch("".join(patterns), lines), f"said:\n{lines}expected:\n{patterns}"
