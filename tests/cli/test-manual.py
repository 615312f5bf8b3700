#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The manual pages say what the programs take, all of it, and are well-formed.
test-manual.py WHERRY WHERRYD WHERRY.1 WHERRYD.1"""

import os
import re
import subprocess
import sys

from wherry import run
from wherryd import clean_environment, run_tests

WHERRY, WHERRYD, WHERRY_PAGE, WHERRYD_PAGE = sys.argv[1:5]


def source(page):
    with open(page, encoding="utf-8") as file:
        return file.read()


def options(*command):
    """(short or "", long, its placeholder or "") of all that --help tells of."""
    return re.findall(r"^  (?:(-.), )?(--[a-z0-9-]+)(?:=(\S+))?",
                      run(*command, "--help")[1], re.MULTILINE)


def documented(text):
    """The same from the source of a manual page: \\fB\\-s\\fP, \\fB\\-\\-server\\fP \\fIURL\\fP."""
    plain = re.sub(r"\\f.|\\&", "", text).replace("\\-", "-").replace("\\e", "\\")
    return {(short, name, place) for short, name, place in re.findall(
        r"^\.TP\n(?:(-.), )?(--[a-z0-9-]+)(?: (\S+))?$", plain, re.MULTILINE)}


def test_wherryd_has_every_option():
    expected, found = set(options(WHERRYD)), documented(source(WHERRYD_PAGE))
    assert expected == found, f"missing: {expected - found}, too many: {found - expected}"


def test_every_command_has_its_section():
    page = source(WHERRY_PAGE)
    common = documented(page.partition("\n.SH OPTIONS\n")[2])
    told = page.partition("\n.SH COMMANDS\n")[2].partition("\n.SH ")[0]
    sections = {re.match(r'"?wherry ([a-z]+)', text)[1]: text
                for text in ("\n" + told).split("\n.SS ")[1:]}
    commands = re.findall(r"^  (\w+) ", run(WHERRY, "help")[1], re.MULTILINE)
    assert set(sections) == set(commands), f"sections: {list(sections)}, commands: {commands}"
    wrong = []
    for command in commands:
        own, expected = documented(sections[command]), set(options(WHERRY, command))
        wrong += [f"wherry {command}: not in the manual: {o}" for o in expected - own - common]
        wrong += [f"wherry {command}: in the manual alone: {o}" for o in own - expected]
        used = re.findall(r"^wherry [a-z]+", sections[command], re.MULTILINE)
        if f"wherry {command}" not in used:
            wrong.append(f"wherry {command}: no example")
    assert not wrong, "\n".join(wrong)


def test_exit_codes_are_all_there():
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    header = source(os.path.join(root, "src/cli/wherry-exit.h"))
    told = source(WHERRY_PAGE).partition("\n.SH EXIT STATUS\n")[2].partition("\n.SH ")[0]
    assert re.findall(r"^\.B ([0-9]+)$", told, re.MULTILINE) \
        == re.findall(r"^ +WHERRY_EXIT_[A-Z_]+ = ([0-9]+),", header, re.MULTILINE), told


def test_pages_are_well_formed():
    for page in (WHERRY_PAGE, WHERRYD_PAGE):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], capture_output=True,
                              text=True, check=False)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", ""), lint.stdout
        shown = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z", "-Kutf8", page],
                               capture_output=True, text=True, env=clean_environment(), check=False)
        assert (shown.returncode, shown.stderr) == (0, ""), shown.stderr


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
