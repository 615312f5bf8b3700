# SPDX-License-Identifier: LGPL-2.1-or-later
"""The public API in Python: two connections in one process."""

import collections
import gc
import os
import sys
import threading
import traceback

import gi

gi.require_version("Wherry", "1")
from gi.repository import Gio, GLib, GObject, Wherry  # noqa: E402

ROUND_TRIPS = 10000
WINDOW = 50
LIMIT_S = 60

context = GLib.MainContext.default()
watched = []  # one GObject.BindingGroup for each object: its source is a weak reference
handled = collections.Counter()
failures = []


def watch(thing):
    group = GObject.BindingGroup()
    group.props.source = thing
    watched.append((type(thing).__name__, group))
    return thing


def handler(function):
    """Asserts the thread, and makes an exception in a handler fail the test."""

    def wrapped(*arguments):
        handled[function.__name__] += 1
        try:
            assert threading.current_thread() is threading.main_thread()
            assert context.is_owner()
            function(*arguments)
        except BaseException as error:  # pylint: disable=broad-except
            failures.append(error)

    return wrapped


def until(condition):
    late = []
    limit = GLib.timeout_add_seconds(LIMIT_S, lambda: late.append(True) or False)
    tick = GLib.timeout_add(20, lambda: True)
    while not failures and not late and not condition():
        context.iteration(True)
    GLib.source_remove(tick)
    if failures:
        raise failures.pop()
    assert not late, "waited in vain"
    GLib.source_remove(limit)


def call(connection, name, *arguments):
    """Calls NAME_async() and waits for what NAME_finish() returns or raises."""
    results = []

    @handler
    def completed(source, result):
        assert source is connection
        results.append(result)

    getattr(connection, name + "_async")(*arguments, None, completed)
    until(lambda: results)
    return getattr(connection, name + "_finish")(results[0])


def raises(code, function, *arguments):
    try:
        function(*arguments)
    except GLib.Error as error:
        assert error.matches(Wherry.error_quark(), code), error
        assert error.message
        return
    raise AssertionError("no exception")


class End:
    def __init__(self, configuration):
        self.other = None
        self.channels = []
        self.waiting = []
        self.trail = []
        self.connection = watch(Wherry.PeerConnection.new(configuration))
        self.connection.connect("ice-candidate", self.on_candidate())
        self.connection.connect("data-channel", self.on_channel())
        self.connection.connect("notify::connection-state", self.on_state())

    # Each returns a handler, which must not keep the connection alive by itself.
    def on_candidate(self):
        @handler
        def ice_candidate(_connection, candidate):
            if candidate is not None:
                self.waiting.append(watch(candidate).to_json())
                self.carry()

        return ice_candidate

    def on_channel(self):
        @handler
        def data_channel(_connection, channel):
            assert channel.props.ready_state == Wherry.DataChannelState.OPEN
            self.channels.append(Channel(channel))

        return data_channel

    def on_state(self):
        @handler
        def connection_state(connection, prop):
            assert prop.name == "connection-state"
            self.trail.append(connection.props.connection_state.value_nick)

        return connection_state

    def carry(self):
        if self.other.connection.get_remote_description() is None:
            return
        while self.waiting:
            candidate = watch(Wherry.IceCandidate.new_from_json(self.waiting.pop(0)))

            @handler
            def candidate_added(connection, result):
                assert connection.add_ice_candidate_finish(result)

            self.other.connection.add_ice_candidate_async(candidate, None, candidate_added)

    def create(self, label, init=None):
        return Channel(self.connection.create_data_channel(label, init))

    def tell(self, description):
        """Gives the description to the other side, as a line of JSON."""
        watch(description)
        theirs = Wherry.SessionDescription.new_from_json(description.to_json())
        assert theirs.props.description_type == description.props.description_type
        assert call(self.other.connection, "set_remote_description", watch(theirs))
        self.carry()


class Channel:
    def __init__(self, channel):
        self.channel = watch(channel)
        self.messages = []
        self.events = []
        channel.connect("message", self.on_message())
        for name in ("open", "closing", "closed", "buffered-amount-low"):
            channel.connect(name, self.on_event(name))
        channel.connect("error", self.on_error())

    def on_message(self):
        @handler
        def message(_channel, data, is_text):
            self.messages.append(data.get_data().decode() if is_text else data)

        return message

    def on_event(self, name):
        @handler
        def event(_channel):
            self.events.append(name)

        return event

    def on_error(self):
        @handler
        def error(_channel, what):
            assert isinstance(what, GLib.Error)
            self.events.append("error")

        return error


class Pair:
    def __init__(self):
        configuration = watch(Wherry.Configuration.new())
        configuration.set_bind_addresses(["127.0.0.1"])
        self.a = End(configuration)
        self.b = End(configuration)
        self.a.other, self.b.other = self.b, self.a

    def negotiate(self):
        a, b = self.a.connection, self.b.connection
        offer = call(a, "create_offer", False)
        assert offer.props.description_type == Wherry.DescriptionType.OFFER
        assert call(a, "set_local_description", offer)
        self.a.tell(offer)
        answer = call(b, "create_answer")
        assert call(b, "set_local_description", answer)
        self.b.tell(answer)
        until(lambda: self.a.trail[-1:] == self.b.trail[-1:] == ["connected"])
        for end in (a, b):
            assert end.props.signaling_state == Wherry.SignalingState.STABLE
            sctp = watch(end.props.sctp)
            assert sctp.props.max_message_size > 0
            watch(watch(sctp.props.transport).props.ice_transport)

    def close(self):
        for end in (self.a, self.b):
            end.connection.close()
            assert end.connection.props.connection_state == Wherry.ConnectionState.CLOSED
        before = sum(handled.values())
        while context.iteration(False):
            pass
        assert sum(handled.values()) == before, "told after close()"


def test_in_band():
    pair = Pair()
    init = Wherry.DataChannelInit.new()
    init.ordered = False
    init.max_retransmits = 3
    init.priority = Wherry.Priority.HIGH
    init.set_protocol("overwritten")
    init.set_protocol("chat")
    assert init.get_protocol() == init.copy().get_protocol() == "chat"
    one = pair.a.create("näme", init)
    raises(Wherry.Error.CLOSED, one.channel.send_text, "too early")
    pair.negotiate()
    until(lambda: one.events == ["open"] and len(pair.b.channels) == 1)
    other = pair.b.channels[0]
    for channel in (one.channel.props, other.channel.props):
        assert (channel.label, channel.protocol) == ("näme", "chat")
        assert (channel.ordered, channel.max_retransmits) == (False, 3)
        assert channel.max_packet_life_time == -1 and not channel.negotiated
        assert channel.priority == Wherry.Priority.HIGH
        assert 0 <= channel.id <= 65534
    for end in (pair.a.connection, pair.b.connection):
        model = end.props.channels
        assert isinstance(model, Gio.ListModel) and len(model) == 1

    pair.close()


def test_kinds_of_messages():
    pair = Pair()
    one = pair.a.create("kinds")
    pair.negotiate()
    until(lambda: one.events == ["open"] and pair.b.channels)
    other = pair.b.channels[0]
    for source, sink in ((one, other), (other, one)):
        assert source.channel.send_text("grüße")
        assert source.channel.send_text("")
        assert source.channel.send_bytes(GLib.Bytes.new(b"\x00\xff\x00"))
        assert source.channel.send_bytes(GLib.Bytes.new(b""))
        assert call(source.channel, "send_text", "later")
        assert call(source.channel, "send_bytes", GLib.Bytes.new(bytes(100000)))
        until(lambda sink=sink: len(sink.messages) == 6)
        assert sink.messages[0:2] == ["grüße", ""]
        assert [m.get_data() or b"" for m in sink.messages[2:4]] == [b"\x00\xff\x00", b""]
        assert sink.messages[4] == "later"
        assert sink.messages[5].get_data() == bytes(100000)
    other.channel.close()
    until(lambda: "closed" in one.events and "closed" in other.events)
    events = [event for event in one.events if event != "buffered-amount-low"]
    assert events == ["open", "closing", "closed"], events
    raises(Wherry.Error.CLOSED, one.channel.send_text, "too late")
    pair.close()


def test_negotiated():
    pair = Pair()
    init = Wherry.DataChannelInit.new()
    init.negotiated = True
    init.id = 7
    one, other = pair.a.create("a", init), pair.b.create("b", init)
    pair.negotiate()
    until(lambda: one.events == other.events == ["open"])
    assert one.channel.send_text("hi")
    until(lambda: other.messages == ["hi"])
    assert one.channel.get_id() == other.channel.get_id() == 7
    assert not pair.a.channels and not pair.b.channels
    pair.close()


def test_round_trips():
    pair = Pair()
    one = pair.a.create("ping")
    pair.negotiate()
    until(lambda: one.events == ["open"] and pair.b.channels)
    count = collections.Counter()

    @handler
    def echo(channel, data, is_text):
        if is_text:
            channel.send_text(data.get_data().decode())
        else:
            channel.send_bytes(data)

    def send(number):
        if number % 2:
            one.channel.send_text(str(number))
        else:
            one.channel.send_bytes(GLib.Bytes.new(str(number).encode()))
        count["sent"] += 1

    @handler
    def echoed(_channel, data, is_text):
        assert data.get_data().decode() == str(count["back"])
        assert is_text == (count["back"] % 2 == 1)
        count["back"] += 1
        if count["sent"] < ROUND_TRIPS:
            send(count["sent"])

    pair.b.channels[0].channel.connect("message", echo)
    one.channel.connect("message", echoed)
    for number in range(WINDOW):
        send(number)
    until(lambda: count["back"] == ROUND_TRIPS)
    assert len(one.messages) == len(pair.b.channels[0].messages) == ROUND_TRIPS
    pair.close()


def test_configuration_is_copied():
    configuration = Wherry.Configuration.new()
    configuration.set_bind_addresses(["127.0.0.1"])
    connection = watch(Wherry.PeerConnection.new(configuration))
    configuration.props.ice_tcp = True
    assert not connection.get_configuration().props.ice_tcp
    copy = watch(connection.props.configuration)
    copy.props.ice_tcp = True
    assert not connection.get_configuration().props.ice_tcp
    assert connection.set_configuration(copy)
    copy.props.ice_tcp = False
    assert connection.get_configuration().props.ice_tcp
    connection.close()


def test_exceptions():
    pair = Pair()
    raises(Wherry.Error.PROTOCOL, Wherry.SessionDescription.new_from_json, "{}")
    raises(Wherry.Error.PROTOCOL, Wherry.IceCandidate.new_from_json, "no JSON")
    init = Wherry.DataChannelInit.new()
    init.max_retransmits = init.max_packet_life_time = 1
    raises(Wherry.Error.INVALID_ARGUMENT, pair.a.create, "both", init)
    raises(Wherry.Error.INVALID_STATE, call, pair.a.connection, "create_answer")
    nonsense = Wherry.SessionDescription.new(Wherry.DescriptionType.OFFER, "nonsense")
    raises(Wherry.Error.PROTOCOL, call, pair.a.connection, "set_remote_description", nonsense)
    one = pair.a.create("errors")
    pair.negotiate()
    until(lambda: one.events == ["open"])
    limit = pair.a.connection.props.sctp.props.max_message_size
    raises(Wherry.Error.TOO_LARGE, one.channel.send_bytes, GLib.Bytes.new(bytes(limit + 1)))
    pair.close()
    raises(Wherry.Error.CLOSED, pair.a.create, "closed")
    raises(Wherry.Error.CLOSED, call, pair.a.connection, "create_offer", False)


def everything_finalized():
    gc.collect()
    names = [name for name, group in watched if group.props.source is not None]
    return not names


def main():
    tests = [test_in_band, test_kinds_of_messages, test_negotiated, test_round_trips,
             test_configuration_is_copied, test_exceptions]
    failed = 0
    threads = None
    print(f"1..{len(tests)}", flush=True)
    for number, test in enumerate(tests, 1):
        watched.clear()
        try:
            test()
            objects = len(watched)
            until(everything_finalized)
            threads = threads or len(os.listdir("/proc/self/task"))
            until(lambda: len(os.listdir("/proc/self/task")) <= threads)
            print(f"ok {number} {test.__name__}: {objects} objects, all finalized", flush=True)
        except Exception:  # pylint: disable=broad-except
            failed += 1
            traceback.print_exc()
            alive = collections.Counter(n for n, g in watched if g.props.source is not None)
            print(f"not ok {number} {test.__name__}: alive {dict(alive)}", flush=True)
    print("# handlers on the main thread:", dict(handled))
    return 1 if failed else 0


sys.exit(main())
