#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Completion in real shells: bash and zsh on a terminal, where Tab is pressed, and fish by its own
command for it. test-completion.py WHERRY WHERRYD DATA/COMPLETION"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from terminal import Terminal
from wherry import run
from wherryd import clean_environment, run_tests

WHERRY, WHERRYD, DATA = map(os.path.abspath, sys.argv[1:4])


def options(*command):
    """Every long option that --help tells of."""
    code, out, _ = run(*command, "--help")
    assert code == 0, command
    return re.findall(r"^  (?:-., )?(--[a-z0-9-]+)", out, re.MULTILINE)


def commands():
    return re.findall(r"^  (\w+) ", run(WHERRY, "help")[1], re.MULTILINE)


class Place:
    """A folder with a file and a folder in it, and the environment that finds our programs."""

    def __enter__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = self.folder.name
        os.mkdir(os.path.join(self.path, "blue folder"))
        for name in ("blue file", "_wherry"):
            open(os.path.join(self.path, name), "w", encoding="utf-8").close()
        shutil.copy(os.path.join(DATA, "wherry.zsh"), os.path.join(self.path, "_wherry"))
        search = [os.path.dirname(WHERRY), os.path.dirname(WHERRYD), os.environ["PATH"]]
        self.env = {"PATH": ":".join(search), "HOME": self.path, "XDG_CONFIG_HOME": self.path,
                    "XDG_DATA_HOME": self.path, "XDG_CACHE_HOME": self.path}
        return self

    def __exit__(self, kind, value, trace):
        self.folder.cleanup()


# what is typed before Tab, and how the line ends then
TYPED = (
    ("wherry ec", "wherry echo "),
    ("wherry help ec", "wherry help echo "),
    ("wherry echo --relay", "wherry echo --relay-only "),
    ("wherry echo -q --server http://127.0.0.1:1/ --relay", "--relay-only "),
    (r"wherry echo --token-file blue\ fi", r"blue\\ file "),
    (r"wherry echo --token-file=blue\ fi", r"blue\\ file "),
    ("wherryd --history-dir bl", r"blue\\ folder/"),
    ("wherry peer 1 sr", "wherry peer 1 srflx "),
    ("wherry peer 1 host -q re", "wherry peer 1 host -q relay "),
    ("wherryd --outbox-l", "wherryd --outbox-low[ =]"),
    (r"wherryd --config blue\ fi", r"blue\\ file "),
    ("wherryd --tunnel y", "wherryd --tunnel yes "),
)


def press_tab(terminal, cases):
    for typed, expected in cases:
        terminal.type(typed + "\t")
        terminal.until_plain(expected + "$")
        terminal.type("\x15")


def test_bash_completes():
    with Place() as place, \
            Terminal("bash", "--norc", "--noprofile", env=place.env, cwd=place.path) as bash:
        bash.type(f"PS1='> '; source {DATA}/wherry.bash; complete -p wherryd\n")
        bash.until_plain("complete -F _wherry wherryd\n> $")
        press_tab(bash, TYPED)


def test_bash_knows_all_that_help_tells():
    """Without a terminal, as other programs ask for completions."""
    script = f"""source {DATA}/wherry.bash
        COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
        _wherry "$1" "${{COMP_WORDS[-1]}}" "${{COMP_WORDS[-2]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}\""""

    def complete(*words):
        done = subprocess.run(["bash", "-c", script, "-", *words], capture_output=True, text=True,
                              env=clean_environment(), check=True)
        return done.stdout.splitlines()

    assert set(complete(WHERRY, "")) > set(commands()), complete(WHERRY, "")
    assert set(complete(WHERRYD, "--")) == set(options(WHERRYD))
    for command in commands():
        assert set(complete(WHERRY, command, "--")) == set(options(WHERRY, command)), command
    assert complete(WHERRY, "peer", "") == ["0", "1"]
    assert complete(WHERRY, "doctor", "") == ["-"]  # or a URL


def test_zsh_completes():
    with Place() as place, Terminal("zsh", "-f", env=place.env, cwd=place.path) as zsh:
        zsh.type("PS1='> ' fpath=($PWD $fpath); "
                 "autoload -U compinit; compinit -u -D; echo 'rea'dy\n")
        zsh.until_plain("ready\n")
        press_tab(zsh, TYPED)
        zsh.type("wherry \t")
        zsh.until_plain(r"echo +-- Send everything")


def test_fish_completes():
    with Place() as place:
        def complete(line):
            done = subprocess.run(["fish", "--no-config", "-c",
                                   f"source {DATA}/wherry.fish; complete -C {line!r}"],
                                  capture_output=True, text=True, env=clean_environment(place.env),
                                  cwd=place.path, check=True)
            assert done.stderr == "", done.stderr
            return [found.split("\t")[0] for found in done.stdout.splitlines()]

        assert set(complete("wherry ")) > set(commands()), complete("wherry ")
        assert set(complete("wherryd --")) == set(options(WHERRYD)), complete("wherryd --")
        for command in commands():
            assert set(complete(f"wherry {command} --")) == set(options(WHERRY, command)), command
        assert complete("wherry echo --token-file bl") == ["blue file", "blue folder/"]
        assert complete("wherry echo --token-file=bl") == ["--token-file=blue file",
                                                           "--token-file=blue folder/"]
        assert complete("wherry peer 1 h") == ["host"]
        assert complete("wherry doctor ") == ["-"]
        assert complete("wherryd --history-dir bl") == ["blue folder/"]
        assert complete("wherryd --tunnel=") == ["--tunnel=no", "--tunnel=yes"]


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
