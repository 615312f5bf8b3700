#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two connections in one program: one says hello, the other sends it back."""

import gi

gi.require_version("Wherry", "1")
from gi.repository import GLib, Wherry

loop = GLib.MainLoop()
configuration = Wherry.Configuration.new()
configuration.set_bind_addresses(["127.0.0.1"])  # both are here
caller = Wherry.PeerConnection.new(configuration)
callee = Wherry.PeerConnection.new(configuration)


# Signaling: each description goes to the other side once all candidates are in it. It has
# to_json() and new_from_json(), to go over any wire.
def on_negotiation_needed(connection):
    connection.set_local_description_async(None, None, on_local_set)


def on_local_set(connection, result):
    connection.set_local_description_finish(result)


def on_gathering_state(connection, _property):
    if connection.get_ice_gathering_state() == Wherry.IceGatheringState.COMPLETE:
        other = callee if connection == caller else caller
        description = connection.get_local_description()
        other.set_remote_description_async(description, None, on_remote_set)


def on_remote_set(connection, result):
    connection.set_remote_description_finish(result)
    if connection.get_signaling_state() == Wherry.SignalingState.HAVE_REMOTE_OFFER:
        connection.set_local_description_async(None, None, on_local_set)


# The channel, at both ends
def on_open(channel):
    channel.send_text("hello")


def on_echoed(_channel, data, _is_text):
    print("echoed:", data.get_data().decode())
    loop.quit()


def on_channel(_connection, channel):
    channel.connect("message", on_message)


def on_message(channel, data, is_text):
    if is_text:
        channel.send_text(data.get_data().decode())
    else:
        channel.send_bytes(data)


caller.connect("negotiation-needed", on_negotiation_needed)
caller.connect("notify::ice-gathering-state", on_gathering_state)
callee.connect("notify::ice-gathering-state", on_gathering_state)
callee.connect("data-channel", on_channel)

channel = caller.create_data_channel("echo", None)
channel.connect("open", on_open)
channel.connect("message", on_echoed)
loop.run()
caller.close()
callee.close()
