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
chat = None


# Called again for each new connection after one was lost.
def on_prepare(client, connection):
    global chat
    chat = client.create_data_channel("chat", None)
    chat.connect("open", lambda chat: chat.send_text(text))
    chat.connect("message", on_message)


def on_message(chat, data, is_text):
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


client.connect("prepare", on_prepare)
client.join_async(None, on_joined)
loop.run()
