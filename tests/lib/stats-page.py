#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The members of the statistics that the page lists are those that the test looks at.

stats-page.py W3C.md STATS-TABLE.c"""

import re
import sys


def of_page(path):
    with open(path, encoding="utf-8") as stream:
        section = stream.read().split("\n## Statistics\n")[1].split("\n## ")[0]
    for line in section.splitlines():
        if not line.startswith("| `"):
            continue
        types, members = line.strip("| ").split(" | ")
        for kind in re.findall("`([^`]+)`", types):
            for member in re.findall("`([^`]+)`", members):
                yield f"{kind}.{member}"


def of_test(path):
    with open(path, encoding="utf-8") as stream:
        for kind, member in re.findall(r'^  \{ "([^"]+)", "([^"]+)",', stream.read(), re.M):
            yield f"{kind}.{member}"


def main(page, test):
    shown, tested = list(of_page(page)), list(of_test(test))
    # the page says that only a local candidate has it
    local = ("remote-candidate.url", "remote-candidate.relayProtocol")
    shown = [name for name in shown if name not in local]
    wrong = [f"{name} is not tested" for name in shown if name not in tested]
    wrong += [f"{name} is not on the page" for name in tested if name not in shown]
    wrong += [f"{name} is listed twice" for name in set(shown) if shown.count(name) > 1]
    for line in wrong:
        print(line)
    print(f"{len(shown)} members on the page, {len(tested)} in the test")
    return 1 if wrong or not shown else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
