#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The programs in each language of po/LINGUAS: the help still fits a screen, and what is meant for
programs (exit codes, JSON, the address that wherryd prints) is the same as in English.
test-translations.py WHERRY WHERRYD LINGUAS, of which the first two look into the build tree."""

import functools
import json
import os
import re
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))

from wherry import Command, at, run  # noqa: E402
from wherryd import Daemon, Socket, run_tests  # noqa: E402

WHERRY, WHERRYD, LINGUAS = sys.argv[1:4]

with open(LINGUAS, encoding="utf-8") as listed:
    LANGUAGES = [line.strip() for line in listed if line.strip() and not line.startswith("#")]


@functools.cache
def english(*args):
    """What it says on standard output and standard error."""
    return "".join(run(*args)[1:])


def in_language(language):
    # C.UTF-8 is in every libc; LANGUAGE is asked where the locale is not plain C
    return {"LC_ALL": "C.UTF-8", "LANGUAGE": language}


def commands():
    return re.findall(r"^  (\w+) ", english(WHERRY, "help"), re.MULTILINE)


def test_there_are_german_and_another():
    assert "de" in LANGUAGES and len(LANGUAGES) >= 2, LANGUAGES


def test_help_fits_a_screen():
    wrong = []
    for language in LANGUAGES:
        for command in ["help", *commands()]:
            args = ["help"] if command == "help" else [command, "--help"]
            code, out, err = run(WHERRY, *args, env=in_language(language))
            assert (code, err) == (0, ""), (language, command, err)
            assert out != english(WHERRY, *args), f"{language} {command}: still English"
            lines = out.splitlines()
            if len(lines) > 24 or any(len(line) > 80 for line in lines):
                wrong.append(f"{language}: {command}\n{out}")
    assert not wrong, "\n".join(wrong)


def test_options_have_the_same_names():
    for language in LANGUAGES:
        for args in [[WHERRYD], *([WHERRY, command] for command in commands())]:
            found, expected = (
                re.findall(r"^  (?:-., )?--[a-z0-9-]+", out, re.MULTILINE)
                for out in (run(*args, "--help", env=in_language(language))[1],
                            english(*args, "--help")))
            assert found == expected != [], (language, args)


def test_exit_codes_are_the_same():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
    for language in LANGUAGES:
        for expected, args in ((2, ["nothing-such"]), (2, ["echo"]),
                               (3, ["echo", "r", "--server", url])):
            code, out, err = run(WHERRY, *args, env=in_language(language))
            assert (code, out) == (expected, ""), (language, args, code)
            assert err != english(WHERRY, *args) and "\n" in err, (language, args, err)
        assert run(WHERRYD, "--outbox-bytes", "x", env=in_language(language))[0] == 2


def test_daemon_and_json_are_the_same():
    """In a German locale, whose decimal point is a comma."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", f"{folder}/de_DE.UTF-8"],
                       check=True)
        env = {"LOCPATH": folder, "LC_ALL": "de_DE.UTF-8", "LANGUAGE": ""}
        assert run(WHERRY, "help", env=env)[1] != english(WHERRY, "help"), "no German"
        with Daemon(WHERRYD, env=env) as daemon, Socket(daemon) as watcher:
            assert watcher.ask(type="join", room="r")["type"] == "joined"
            with Command(WHERRY, "echo", "r", "--json", *at(daemon), env=env) as echo:
                echo.event("joined")
                assert echo.interrupt() == 130
                for line in echo.process.stdout:
                    assert "event" in json.loads(line), line
            assert daemon.end() == 0


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
