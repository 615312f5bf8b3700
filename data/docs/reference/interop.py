#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the page of the interoperability matrix from what its test recorded: interop.py JSON."""

import json
import sys

HEAD = """Title: Interoperability

# Interoperability

What a [class@PeerConnection] does with the other stacks that have data channels. "It" is the other stack; each line was seen over a
connection that Wherry offered and over one that the other stack did, the last after the first of them. The table is what the tests
`interop-matrix-…` saw and recorded; they fail when they see anything else.

A number stands for a limit of the other stack, told below. The test shows each of them between that stack and a third one, without
Wherry, with the same steps.
"""


def limits_of(recorded):
    """Each limit once, in the order of the table."""
    found = {}
    for row in recorded["rows"]:
        for stack in recorded["stacks"].values():
            cell = stack["cells"][row]
            if cell != "yes":
                found.setdefault(cell["limit"], cell["third"])
    return found


def lines(recorded):
    stacks = recorded["stacks"]
    limits = limits_of(recorded)
    numbers = {limit: number for number, limit in enumerate(limits, 1)}
    yield HEAD
    yield "| | " + " | ".join(stacks) + " |"
    yield "|---" * (len(stacks) + 1) + "|"
    for row, title in recorded["rows"].items():
        cells = [stack["cells"][row] for stack in stacks.values()]
        shown = [cell if cell == "yes" else f"({numbers[cell['limit']]})" for cell in cells]
        yield f"| {title} | " + " | ".join(shown) + " |"
    yield "\n## Limits of the others\n"
    for limit, number in numbers.items():
        yield f"{number}. {limit}. The same with {limits[limit]} in Wherry's place."
    yield "\n## Versions\n"
    yield "| stack | version | seen on |"
    yield "|---|---|---|"
    yield f"| Wherry | {recorded['wherry']} | |"
    for name, stack in stacks.items():
        yield f"| {name} | {stack['version']} | {stack['date']} |"


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as source:
        print("\n".join(lines(json.load(source))))
