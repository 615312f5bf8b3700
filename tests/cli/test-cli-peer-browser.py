#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The walk-through of the project's origin: `wherry peer` in a terminal, a page in a browser, and a
person who copies and pastes between them. test-cli-peer-browser.py WHERRY NODE BROWSER"""

import json
import os
import pathlib
import re
import subprocess
import sys

from machine import enter_machine
from steps import compare
from tmux import Tmux
from wherry import TIMEOUT
from wherryd import run_tests

WHERRY, NODE, BROWSER = sys.argv[1:4]
HERE = pathlib.Path(__file__).resolve().parent
JSON_LINE = re.compile(r'^(\{"type":"(?:offer|answer)".*\})$', re.MULTILINE)


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Page:
    """peer-page.html in a browser."""

    def __init__(self):
        self.process = subprocess.Popen([NODE, HERE / "peer-page.mjs", BROWSER], text=True,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.logged = []
        print("# " + self.next("ready"))

    def order(self, **what):
        self.process.stdin.write(json.dumps(what) + "\n")
        self.process.stdin.flush()

    def next(self, name):
        while True:
            line = self.process.stdout.readline()
            assert line, f"the browser ended before {name}: {self.logged}"
            told = json.loads(line)
            if name in told:
                return told[name]
            self.logged.append(told["log"])

    def until(self, text):
        """A line of its log, before or from here on."""
        while text not in self.logged:
            self.logged.append(self.next("log"))

    def end(self):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()


def copied(terminal):
    """The description, from the screen."""
    terminal.until(r'^\{"type":.*\}$')
    return JSON_LINE.search(terminal.screen())[1]


def close(terminal, page, noise):
    terminal.keys("C-c")
    terminal.until(r"all closed\n\$ $")
    terminal.enter("echo exit $?")
    equal(terminal.until(r"^exit (\d+)$")[1], "130")
    for channel in ("cat", noise, "dinosaur"):
        page.until(f"{channel}-noises: closed")


def flow(terminal, page, noise):
    page.until("cat-noises: message in, 8192 bytes")
    page.until(f"{noise}-noises: new, unordered")
    page.until(f"{noise}-noises: message in, 16384 bytes")
    terminal.until("channel cat-noises: message in, 16384 bytes, binary")
    terminal.until("channel dinosaur-noises: message in, 16384 bytes, binary")


def test_walk_through():
    with Tmux(path=os.path.dirname(os.path.abspath(WHERRY))) as terminal:
        terminal.enter("wherry peer 1 host")
        offer = copied(terminal)
        PAGE.order(start=False)
        PAGE.order(paste=offer)
        terminal.paste(PAGE.next("local"))
        flow(terminal, PAGE, "bear")
        close(terminal, PAGE, "bear")
        said = terminal.screen()
        if "WHERRY_SHOTS" in os.environ:
            path = pathlib.Path(os.environ["WHERRY_SHOTS"]) / f"wherry-peer-{BROWSER}.txt"
            path.write_text(said, encoding="utf-8")
        compare("\n".join(line for line in said.split("\n") if not JSON_LINE.match(line)),
                HERE / "steps" / "peer-walk-through.log")


def test_the_page_offers():
    with Tmux(path=os.path.dirname(os.path.abspath(WHERRY))) as terminal:
        terminal.enter("wherry peer 0")
        terminal.until("now paste the other side's offer")
        PAGE.order(start=True)
        terminal.paste(PAGE.next("local"))
        PAGE.order(paste=copied(terminal))
        flow(terminal, PAGE, "lion")
        close(terminal, PAGE, "lion")


if __name__ == "__main__":
    REASON = enter_machine()
    if REASON is not None:
        print(f"Bail out! {REASON}")
        sys.exit(1)
    PAGE = Page()
    try:
        run_tests([test_walk_through, test_the_page_offers])
    finally:
        PAGE.end()
