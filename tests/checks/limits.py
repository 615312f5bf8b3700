#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""data/docs/limits.md has each limit of the sources with its default, and names counters, keys and
error codes that there are."""

import re

import tree

PAGE = "data/docs/limits.md"
LIMITS = "src/base/wherry-limits.h"
COUNTERS = "src/base/wherry-counters.h"
KEYS = "data/docs/configuration.md"
CODES = "src/wire/wherry-reason.c"
UNITS = {"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "ms": 1000, "s": 1000000}
ROW = re.compile(r"^\| `(WHERRY_\w+)` \| (\d+) ?(\w*) \|([^|]*)\|([^|]*)\|([^|]*)\|$", re.MULTILINE)


def defaults(text):
    """Name to number, as the C compiler sees them."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL).replace("\\\n", " ")
    found = {"G_USEC_PER_SEC": 1000000}
    for name, value in re.findall(r"^#define (WHERRY_\w+)\s+(.+)$", text, re.MULTILINE):
        value = re.sub(r"(\d)u\b", r"\1", value)
        found[name] = eval(value, {"__builtins__": {}}, found)  # our own header
    for name in ("G_USEC_PER_SEC", "WHERRY_KIB", "WHERRY_MIB"):
        found.pop(name, None)
    return found


def check(root):
    sources = defaults(tree.read(root, LIMITS))
    counters = set(re.findall(r'X \([A-Z_]+, "(\w+)"', tree.read(root, COUNTERS).replace("\\\n", " ")))
    keys = set(re.findall(r"^\| `([a-z-]+)` \|", tree.read(root, KEYS), re.MULTILINE))
    codes = set(re.findall(r'"([a-z]+(?:-[a-z]+)*)"', tree.read(root, CODES)))
    seen = set()
    for name, number, unit, key, effect, counted in ROW.findall(tree.read(root, PAGE)):
        seen.add(name)
        if sources.get(name) != int(number) * UNITS.get(unit, 0):
            yield f"{PAGE}: {name} is {sources.get(name)}, not {number} {unit}"
        for word in set(re.findall(r"`([^`]+)`", key)) - keys:
            yield f"{PAGE}: {name}: {KEYS} has no key {word}"
        for word in set(re.findall(r"(?:error|notice) `([^`]+)`", effect)) - codes:
            yield f"{PAGE}: {name}: there is no error code {word}"
        for word in set(re.findall(r"`([^`]+)`", counted)) - counters:
            yield f"{PAGE}: {name}: there is no counter {word}"
    for name in sorted(set(sources) - seen):
        yield f"{LIMITS}: {name} is not in {PAGE}"


GOOD = {
    LIMITS: "#define WHERRY_KIB 1024u\n#define WHERRY_A (2u * WHERRY_KIB) /* x */\n"
            "#define WHERRY_B_US \\\n  (3 * G_USEC_PER_SEC)\n",
    COUNTERS: 'X (LEFT, "left", "help")\n',
    KEYS: "| `a-bytes` | 2K | |\n",
    CODES: '"too-large"\n',
    PAGE: "| `WHERRY_A` | 2 KiB | `a-bytes` | error `too-large` | `left` |\n"
          "| `WHERRY_B_US` | 3 s | | | |\n",
}
PLANTED = {
    "value": {LIMITS: GOOD[LIMITS].replace("2u", "3u")},
    "missing": {LIMITS: GOOD[LIMITS] + "#define WHERRY_C 5\n"},
    "gone": {LIMITS: "#define WHERRY_A 2048u\n"},
    "key": {KEYS: ""},
    "code": {CODES: ""},
    "counter": {COUNTERS: ""},
}

if __name__ == "__main__":
    tree.main(check, GOOD, PLANTED)
