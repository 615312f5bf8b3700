#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A relay in a program. Browsers come to the page that it prints, and join the room "lobby"; the
program is in it too, with no network, and answers what is said there."""

import gi

gi.require_version("Wherry", "1")
from gi.repository import Wherry

relay = Wherry.Relay()
server = Wherry.Server.new(relay)


def on_message(member, topic, data, is_text):
    member.send_text(topic, "heard " + data.get_data().decode())


member = relay.join("lobby", "the program", Wherry.JoinFlags.NONE)
member.connect("message", on_message)
server.start()
print(server.get_uri(), flush=True)
server.run(None)
