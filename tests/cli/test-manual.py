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


def shown(page):
    """What a reader sees, in long lines."""
    done = subprocess.run(["mandoc", "-Tutf8", "-Owidth=240", page], capture_output=True, text=True,
                          env=clean_environment(), check=True)
    return re.sub(".\b", "", done.stdout)


def options(*command):
    """As a manual page writes them, with their placeholders, what --help tells of."""
    found = re.findall(r"^  (-., )?(--[a-z0-9-]+)(?:=(\S+))?", run(*command, "--help")[1],
                       re.MULTILINE)
    return {short + name + (f" {place}" if place else "") for short, name, place in found}


def documented(text):
    """The lines that begin with an option where .TP puts it; text may follow behind a short one."""
    return re.findall(r"^ {7}((?:-., )?--\S.*)$", text, re.MULTILINE)


def compare(name, expected, own, common=()):
    """Complaints."""
    def says(line, option):
        return f"{line} ".startswith(f"{option} ")

    for option in sorted(expected):
        if not any(says(line, option) for line in [*own, *common]):
            yield f"{name}: not in the manual: {option}"
    for line in own:
        if not any(says(line, option) for option in expected):
            yield f"{name}: in the manual alone: {line}"


def part(text, heading):
    return text.partition(f"\n{heading}\n")[2]


def test_wherryd_has_every_option():
    wrong = list(compare("wherryd", options(WHERRYD), documented(shown(WHERRYD_PAGE))))
    assert not wrong, "\n".join(wrong)


def test_every_command_has_its_section():
    page = shown(WHERRY_PAGE)
    common = documented(part(page, "OPTIONS"))
    told = re.split(r"\n(?=\S)", part(page, "COMMANDS"))[0]
    sections = {text.split()[0]: text for text in re.split(r"^   wherry ", told, flags=re.MULTILINE)
                if text.strip()}
    commands = re.findall(r"^  (\w+) ", run(WHERRY, "help")[1], re.MULTILINE)
    assert list(sections) == commands, f"sections: {list(sections)}, commands: {commands}"
    wrong = []
    for command in commands:
        wrong += compare(f"wherry {command}", options(WHERRY, command),
                         documented(sections[command]), common)
        if f"wherry {command} " not in sections[command]:
            wrong.append(f"wherry {command}: no example")
    assert not wrong, "\n".join(wrong)


def test_exit_codes_are_all_there():
    root = os.path.join(os.path.dirname(__file__), "..", "..")
    header = source(os.path.join(root, "src/cli/wherry-exit.h"))
    told = source(WHERRY_PAGE).partition("\n.SH EXIT STATUS\n")[2].partition("\n.SH ")[0]
    assert re.findall(r"^\.B ([0-9]+)$", told, re.MULTILINE) \
        == re.findall(r"^ +WHERRY_EXIT_[A-Z_]+ = ([0-9]+),", header, re.MULTILINE), told


def test_variables_are_all_there():
    folder = os.path.join(os.path.dirname(__file__), "..", "..", "src", "cli")
    used = {name for file in os.listdir(folder) if file.endswith(".c")
            for name in re.findall(r'g_getenv \("(\w+)"', source(os.path.join(folder, file)))}
    told = set(re.findall(r"^ {7}([A-Z_]{3,})\b", part(shown(WHERRY_PAGE), "ENVIRONMENT"), re.MULTILINE))
    assert "WHERRY_SERVER" in used and used - {"TERM"} <= told, (used, told)


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
