# SPDX-License-Identifier: LGPL-2.1-or-later
"""Two connections in one Python program, by the typelib alone: offer and answer, messages both
ways, all handlers on the main thread, every object finalized."""

import gc
import sys
import threading

import gi

gi.require_version("Wherry", "1")
from gi.repository import Gio, GLib, Wherry  # noqa: E402

N_MESSAGES = 1000
LIMIT_S = 60


class End:
    def __init__(self, name, loop):
        configuration = Wherry.Configuration.new()
        configuration.set_bind_addresses(["127.0.0.1"])
        self.name = name
        self.loop = loop
        self.other = None
        self.channel = None
        self.received = []
        self.candidates = []
        self.connection = Wherry.PeerConnection.new(configuration)
        self.connection.connect("negotiation-needed", self.on_needed)
        self.connection.connect("ice-candidate", self.on_candidate)
        self.connection.connect("data-channel", self.on_channel)

    def on_needed(self, connection):
        connection.set_local_description_async(None, None, self.on_local_set)

    def on_local_set(self, connection, result):
        assert connection.set_local_description_finish(result)
        text = connection.get_local_description().to_json()
        description = Wherry.SessionDescription.new_from_json(text)
        self.other.connection.set_remote_description_async(description, None,
                                                           self.other.on_remote_set)

    def on_remote_set(self, connection, result):
        assert connection.set_remote_description_finish(result)
        if connection.props.signaling_state == Wherry.SignalingState.HAVE_REMOTE_OFFER:
            connection.set_local_description_async(None, None, self.on_local_set)
        for candidate in self.other.candidates:
            self.add_candidate(candidate)
        self.other.candidates = []

    def add_candidate(self, candidate):
        self.connection.add_ice_candidate_async(
            candidate, None, lambda connection, result:
            connection.add_ice_candidate_finish(result))

    def on_candidate(self, connection, candidate):
        assert threading.current_thread() is threading.main_thread()
        if candidate is None:
            return
        if self.other.connection.get_remote_description() is None:
            self.candidates.append(candidate)
        else:
            self.other.add_candidate(candidate)

    def on_channel(self, connection, channel):
        self.take(channel)

    def take(self, channel):
        self.channel = channel
        channel.connect("open", self.on_open)
        channel.connect("message", self.on_message)

    def on_open(self, channel):
        self.send(0)

    def send(self, number):
        text = f"{self.name} {number}"
        if number % 2 == 0:
            self.channel.send_text_async(text, None, self.on_sent, number)
        else:
            self.channel.send_bytes_async(GLib.Bytes.new(text.encode()), None, self.on_sent, number)

    def on_sent(self, channel, result, number):
        finish = channel.send_text_finish if number % 2 == 0 else channel.send_bytes_finish
        assert finish(result)
        if number + 1 < N_MESSAGES:
            self.send(number + 1)

    def on_message(self, channel, data, is_text):
        assert threading.current_thread() is threading.main_thread()
        number = len(self.received)
        assert is_text == (number % 2 == 0)
        self.received.append(data.get_data().decode())
        if len(self.received) == len(self.other.received) == N_MESSAGES:
            self.loop.quit()

    def close(self):
        self.connection.close()
        self.connection = None
        self.channel = None
        self.candidates = []


def test_errors(connection):
    try:
        Wherry.SessionDescription.new_from_json("{}")
        raise AssertionError("taken")
    except GLib.Error as error:
        assert error.matches(Wherry.error_quark(), Wherry.Error.PROTOCOL), error
    init = Wherry.DataChannelInit.new()
    init.max_retransmits = 1
    init.max_packet_life_time = 1
    try:
        connection.create_data_channel("x", init)
        raise AssertionError("taken")
    except GLib.Error as error:
        assert error.matches(Wherry.error_quark(), Wherry.Error.INVALID_ARGUMENT), error


def main():
    loop = GLib.MainLoop()
    a, b = End("a", loop), End("b", loop)
    a.other, b.other = b, a
    test_errors(a.connection)
    a.take(a.connection.create_data_channel("python", None))
    assert isinstance(a.connection.get_channels(), Gio.ListModel)
    finalized = []
    a.connection.weak_ref(finalized.append, True)
    b.connection.weak_ref(finalized.append, True)
    a.channel.weak_ref(finalized.append, True)

    def late():
        sys.exit(f"stopped with {len(a.received)} and {len(b.received)} messages")

    GLib.timeout_add_seconds(LIMIT_S, late)
    loop.run()
    for end, other in ((a, b), (b, a)):
        assert end.received == [f"{other.name} {n}" for n in range(N_MESSAGES)]
    b.channel.weak_ref(finalized.append, True)
    a.close()
    b.close()
    a.other = b.other = None
    gc.collect()
    context = GLib.MainContext.default()
    while len(finalized) < 4:
        context.iteration(True)
    print(f"{N_MESSAGES} messages each way, {len(finalized)} objects finalized")


main()
