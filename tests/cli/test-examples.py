#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Every example that help, the manual and README tell of is a command line that wherry takes: with
no server there, it ends otherwise than with 2 (usage). test-examples.py WHERRY WHERRY.1 README"""

import os
import re
import socket
import subprocess
import sys
import tempfile

from wherry import TIMEOUT, clean_environment, run
from wherryd import run_tests

CODE = "deck-bone-robot-chip-mammal-sonic-summer\n"  # wherry receive asks for one

WHERRY, PAGE, README = map(os.path.abspath, sys.argv[1:4])


def commands():
    return re.findall(r"^  (\w+) ", run(WHERRY, "help")[1], re.MULTILINE)


def of_help():
    return [re.search("^Example: (.*)$", run(WHERRY, command, "--help")[1], re.MULTILINE)[1]
            for command in commands()]


def of_manual():
    with open(PAGE, encoding="utf-8") as file:
        text = "".join(re.findall(r"^\.EX\n(.*?)^\.EE$", file.read(), re.MULTILINE | re.DOTALL))
    text = re.sub(r"\\f.|\\&", "", text)
    for escape, char in (("\\-", "-"), ("\\(aq", "'"), ("\\(ti", "~")):
        text = text.replace(escape, char)
    return [line for line in text.splitlines() if re.search(r"\bwherry ", line)]


def of_readme():
    with open(README, encoding="utf-8") as file:
        blocks = re.findall(r"^```sh\n(.*?)^```$", file.read(), re.MULTILINE | re.DOTALL)
    return [line for line in "".join(blocks).splitlines() if re.match(r"(.*\| )?wherry ", line)]


def ends_with(line, folder):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        place = f"127.0.0.1:{taken.getsockname()[1]}"
    line = re.sub(r"(wherry [^|]*[^|\s])\s*\|.*", r"\1", line)  # whose exit code it is
    line = re.sub(r"[a-z]+\.example\.org(:\d+)?", place, line)  # nothing leaves this machine
    done = subprocess.run(["bash", "-c", line], cwd=folder, input=CODE,
                          capture_output=True, text=True, timeout=TIMEOUT, check=False,
                          env=clean_environment({
                              "HOME": folder, "WHERRY_SERVER": f"http://{place}/",
                              "PATH": f"{os.path.dirname(WHERRY)}:{os.environ['PATH']}"}))
    return done.returncode, done.stderr


def test_every_example_is_taken():
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        for line in dict.fromkeys([*of_help(), *of_manual(), *of_readme()]):
            for name in re.findall(r"(?:~/)?[\w-]+/(?=\s|$)|~/[\w-]+", line):
                os.makedirs(os.path.join(folder, name.removeprefix("~/")), exist_ok=True)
            for name in re.findall(r"[\w-]+\.[a-z][a-z0-9]+\b|(?<=-file )\S+", line):
                with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                    file.write("x")
            code, err = ends_with(line, folder)
            print(f"# {code}: {line}")
            if code in (2, 127) or code < 0:
                wrong.append(f"{line}: {code}: {err}")
    assert not wrong, "\n".join(wrong)


def test_every_command_has_one_in_readme():
    told = {found for line in of_readme() for found in re.findall(r"\bwherry ([a-z]+)", line)}
    assert set(commands()) <= told, set(commands()) - told


def test_a_wrong_example_is_seen():
    assert ends_with("wherry echo", "/")[0] == 2


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
