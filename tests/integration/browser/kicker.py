#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay in a program. It prints its address; for each line `ROOM ID` on standard input it sends a
member away; the end of it ends the program."""

import sys

import gi

gi.require_version("Wherry", "1")
from gi.repository import GLib, Wherry

loop = GLib.MainLoop()
relay = Wherry.Relay()
server = Wherry.Server.new(relay)


def on_line(descriptor, condition):
    words = sys.stdin.readline().split()
    if words:
        relay.lookup_room(words[0]).lookup_member(words[1]).kick()
    else:
        relay.close_async(None, lambda relay, result: loop.quit())
    return bool(words)


server.start()
print(server.get_uri(), flush=True)
GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, on_line)
loop.run()
