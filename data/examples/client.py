#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""client.py URI ROOM TEXT: joins a room, says something on its topic "chat", prints what is
answered, and leaves."""

import sys

import gi

gi.require_version("Wherry", "1")
from gi.repository import GLib, Wherry

uri, room, text = sys.argv[1:]
loop = GLib.MainLoop()
configuration = Wherry.Configuration.new()
if "//127." in uri:
    configuration.set_bind_addresses(["127.0.0.1"])
client = Wherry.Client.new(uri, room, "client.py")
client.set_property("configuration", configuration)
# It stays open when the connection is lost and the client comes back.
chat = client.open_channel("chat", None)


def on_state(chat, pspec):
    if chat.props.ready_state == Wherry.DataChannelState.OPEN:
        chat.send_text(text, None)


def on_message(chat, data, is_text, sender, sequence, flags):
    print(data.get_data().decode())
    client.leave_async(None, on_left)


def on_joined(client, result):
    try:
        client.join_finish(result)
    except GLib.Error as error:
        sys.exit(error.message)


def on_left(client, result):
    client.leave_finish(result)
    loop.quit()


chat.connect("message", on_message)
chat.connect("notify::ready-state", on_state)
client.join_async(None, on_joined)
loop.run()
