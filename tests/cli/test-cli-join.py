#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""`wherry join`: for people on a terminal, and for scripts."""

import base64
import json
import sys
import tempfile

from screen import Screen
from wherry import Command, at
from wherryd import Daemon, run_tests

WHERRY, WHERRYD = sys.argv[1:3]


def equal(got, expected):
    assert got == expected, f"{got!r} is not {expected!r}"


class Scripted(Command):
    """wherry join ROOM --json, joined."""

    def __init__(self, daemon, name, *args):
        super().__init__(WHERRY, "join", "r", "--json", "--name", name, *args, *at(daemon))
        self.joined = self.event("joined")
        self.id = self.joined["id"]

    def say(self, **order):
        self.write(json.dumps(order))

    def hear(self):
        return self.event("message")

    def finish(self):
        self.process.stdin.close()
        return self.wait()


def test_two_talk():
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada") as ada:
        equal(ada.joined["members"], [])
        with Scripted(daemon, "Bob") as bob:
            equal(bob.joined["members"], [{"id": ada.id, "name": "Ada"}])
            equal(ada.event("member-joined")["id"], bob.id)
            ada.say(text="grüß dich\n\u202e")
            heard = bob.hear()
            equal((heard["text"], heard["from"], heard["name"], heard["topic"]),
                  ("grüß dich\n\u202e", ada.id, "Ada", "chat"))
            bob.say(data=base64.b64encode(bytes(range(256))).decode())
            equal(base64.b64decode(ada.hear()["data"]), bytes(range(256)))
            bob.say(attributes={"mood": "good"})
            equal(ada.event("member-changed")["attributes"], {"mood": "good"})
            equal(bob.finish(), 0)
            left = ada.event("member-left")
            equal((left["id"], left["reason"]), (bob.id, "left"))
        equal(ada.finish(), 0)


def test_one_member_alone():
    with (Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada") as ada, Scripted(daemon, "Bob") as bob,
          Scripted(daemon, "Cid") as cid):
        bob.event("member-joined")
        bob.say(to="Ada", text="psst")
        bob.say(text="all")
        heard = ada.hear()
        equal((heard["text"], heard.get("direct")), ("psst", True))
        heard = cid.hear()
        equal((heard["text"], heard.get("direct")), ("all", None))
        bob.say(to="Eve", text="x")
        assert "Eve" in bob.event("error")["message"]


def test_wrong_lines_are_told_and_survived():
    lines = ["", "{", "[]", "{}", "var x = {}", '{"topic":"none","text":"x"}', '{"text":5}',
             "[" * 100000, '{"a":' * 100 + "1" + "}" * 100, '{"text":"' + "x" * 300000 + '"}',
             '{"text":"\\ud800"}']
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada") as ada, Scripted(daemon, "Bob") as bob:
        for number, line in enumerate(lines, 1):
            bob.write(line)
            equal(bob.event("error")["line"], number)
        bob.say(text="still here")
        equal(ada.hear()["text"], "still here")


def test_topics():
    with (Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada", "-t", "news", "-t", "sport") as ada,
          Scripted(daemon, "Bob", "--all") as bob, Scripted(daemon, "Cid") as cid):
        bob.event("member-joined")
        ada.event("member-joined")
        ada.event("member-joined")
        ada.say(text="plain")
        ada.say(topic="sport", text="ball")
        heard = {bob.hear()["topic"] for _ in range(2)}
        equal(heard, {"news", "sport"})
        bob.say(text="chat")
        equal(cid.hear()["text"], "chat")


def test_a_file_is_said_whole_before_it_leaves():
    text = "".join(f"{n} {'x' * 900}\n" for n in range(8000))  # more than waits anywhere
    with (Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada", "-t", "log") as ada,
          tempfile.TemporaryFile() as file):
        file.write(text.encode())
        file.seek(0)
        with Command(WHERRY, "join", "r", "-t", "log", *at(daemon), stdin=file) as sender:
            heard, left = [], None
            while len(heard) < 8000 or left is None:  # which may overtake the last words
                event = ada.event("message", "member-left")
                if event["event"] == "message":
                    heard.append(event["text"])
                else:
                    left = event["reason"]
            equal(left, "left")
            equal(heard, text.splitlines())
            equal(sender.wait(), 0)


def test_a_reader_that_goes_away_ends_it():
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada", "--stay") as ada:
        with Scripted(daemon, "Bob") as bob:
            ada.process.stdout.close()
            bob.say(text="x")
            equal(ada.wait(), 0)
            equal(bob.event("member-left")["reason"], "left")


def test_a_reader_that_goes_away_hears_of_members_no_more():
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "Ada", "--stay") as ada:
        ada.process.stdout.close()
        with Scripted(daemon, "Bob"):
            equal(ada.wait(), 0)


def test_nothing_from_the_room_reaches_the_terminal_as_it_is():
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "E\u202eve") as eve:
        with Command(WHERRY, "join", "r", "--stay", *at(daemon)) as ada:
            ada.wait_said("Joined")
            eve.say(text="\x1b[2J\x07\u202eboo\nsecond\r\tline")
            line = ada.process.stdout.readline().decode()
            assert line.endswith("E\\u202eve: \\x1b[2J\\x07\\u202eboo\n"), line
            equal(ada.process.stdout.readline().decode().strip(), "second\\x0d    line")


def test_what_is_typed_stays_whole():
    with Daemon(WHERRYD) as daemon, Scripted(daemon, "Bob") as bob:
        with Screen(WHERRY, "join", "r", "--name", "Ada", *at(daemon)) as screen:
            bob.event("member-joined")
            screen.wait(lambda text: "\n>" in text)
            screen.type("half a li")
            screen.wait(lambda text: "> half a li" in text)
            bob.say(text="in the middle")
            text = screen.wait(lambda text: "in the middle" in text)
            text = screen.wait(lambda text: text.rstrip().endswith("> half a li"))
            assert "Bob: in the middle\n> half a li" in text, text
            screen.type("X", "BSpace", "ne", "Enter")
            equal(bob.hear()["text"], "half a line")
            screen.wait(lambda text: "You: half a line\n>" in text)
            screen.type("/members", "Enter")
            screen.wait(lambda text: f"{bob.id}  Bob" in text)
            screen.type("y" * 200)  # wider than the screen: its end is seen
            screen.type("zzz")
            text = screen.wait(lambda text: "yzzz" in text)
            equal(text.count("yyy\n"), 0)
            screen.type("C-u", "C-d")
            text = screen.wait(lambda text: "icanon" in text)
            assert "code 0" in text and "-icanon" not in text, text
            equal(bob.event("member-left")["reason"], "left")


def test_ctrl_c_gives_the_terminal_back():
    with Daemon(WHERRYD) as daemon:
        with Screen(WHERRY, "join", "r", *at(daemon)) as screen:
            screen.wait(lambda text: "\n>" in text)
            screen.type("abc", "C-c")
            text = screen.wait(lambda text: "icanon" in text)
            assert "code 130" in text and "-icanon" not in text and "> abc" not in text, text
            assert "closed" not in text, text


if __name__ == "__main__":
    run_tests([function for name, function in sorted(globals().items())
               if name.startswith("test_")])
