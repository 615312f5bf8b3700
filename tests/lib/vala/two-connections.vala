/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The public API in Vala: two connections in one process. */

const int ROUND_TRIPS = 10000;
const int WINDOW = 50;
const int64 LIMIT_US = 60000000;

int n_alive;
int n_handled;

/* One object more whose end is waited for. */
void watch (Object object) {
    AtomicInt.inc (ref n_alive);
    object.weak_ref (on_finalized);
}

void on_finalized (Object object) {
    AtomicInt.add (ref n_alive, -1);
}

void handled () {
    assert (MainContext.default ().is_owner ());
    n_handled++;
}

delegate bool Condition ();

void until (Condition condition) {
    int64 end = get_monotonic_time () + LIMIT_US;
    uint tick = Timeout.add (5, () => Source.CONTINUE);
    while (!condition ()) {
        assert (get_monotonic_time () < end);
        MainContext.default ().iteration (true);
    }
    Source.remove (tick);
}

string to_text (Bytes data) {
    var text = new StringBuilder ();
    text.append_len ((string) data.get_data (), (ssize_t) data.get_size ());
    return text.str;
}

class End : Object {
    public Wherry.PeerConnection connection;
    public weak End other;
    public GenericArray<Wherry.DataChannel> channels = new GenericArray<Wherry.DataChannel> ();
    public GenericArray<Bytes> messages = new GenericArray<Bytes> ();
    public int n_text;
    public int n_open;
    public int n_closed;
    private GenericArray<Wherry.IceCandidate> waiting = new GenericArray<Wherry.IceCandidate> ();

    public End (Wherry.Configuration configuration) throws Error {
        connection = new Wherry.PeerConnection (configuration);
        watch (connection);
        watch (this);
        connection.ice_candidate.connect (on_candidate);
        connection.data_channel.connect (on_channel);
    }

    private void on_candidate (Wherry.IceCandidate? candidate) {
        handled ();
        if (candidate == null)
            return;
        watch (candidate);
        waiting.add (candidate);
        carry ();
    }

    public void carry () {
        if (other.connection.remote_description == null)
            return;
        waiting.foreach ((candidate) => add.begin (other.connection, candidate.to_json ()));
        waiting.length = 0;
    }

    private async void add (Wherry.PeerConnection to, string line) {
        try {
            var candidate = new Wherry.IceCandidate.from_json (line);
            watch (candidate);
            yield to.add_ice_candidate_async (candidate, null);
        } catch (Error e) {
            error ("adding a candidate: %s", e.message);
        }
    }

    private void on_channel (Wherry.DataChannel channel) {
        handled ();
        assert (channel.ready_state == OPEN);
        take (channel);
    }

    public void take (Wherry.DataChannel channel) {
        watch (channel);
        channels.add (channel);
        channel.open.connect (on_open);
        channel.closed.connect (on_closed);
        channel.message.connect (on_message);
    }

    private void on_open (Wherry.DataChannel channel) {
        handled ();
        n_open++;
    }

    private void on_closed (Wherry.DataChannel channel) {
        handled ();
        n_closed++;
    }

    private void on_message (Wherry.DataChannel channel, Bytes data, bool is_text) {
        handled ();
        messages.add (data);
        n_text += is_text ? 1 : 0;
    }

    public Wherry.DataChannel create (string label, Wherry.DataChannelInit? init) throws Error {
        var channel = connection.create_data_channel (label, init);
        take (channel);
        return channel;
    }
}

class Pair : Object {
    public End a;
    public End b;
    private bool is_negotiated;

    public Pair () throws Error {
        var configuration = new Wherry.Configuration ();
        configuration.bind_addresses = { "127.0.0.1" };
        watch (configuration);
        a = new End (configuration);
        b = new End (configuration);
        a.other = b;
        b.other = a;
    }

    private async void tell (End from, Wherry.SessionDescription description) throws Error {
        var theirs = new Wherry.SessionDescription.from_json (description.to_json ());
        watch (theirs);
        yield from.connection.set_local_description_async (description, null);
        yield from.other.connection.set_remote_description_async (theirs, null);
        from.carry ();
    }

    private async void exchange () {
        try {
            yield tell (a, yield a.connection.create_offer_async (false, null));
            yield tell (b, yield b.connection.create_answer_async (null));
        } catch (Error e) {
            error ("negotiating: %s", e.message);
        }
        handled ();
        is_negotiated = true;
    }

    public void negotiate () {
        exchange.begin ();
        until (() => is_negotiated && a.connection.connection_state == CONNECTED
                     && b.connection.connection_state == CONNECTED);
        watch (a.connection.sctp);
        watch (a.connection.sctp.transport);
        watch (a.connection.sctp.transport.ice_transport);
    }

    public void close () {
        a.connection.close ();
        b.connection.close ();
        assert (a.connection.connection_state == CLOSED);
    }
}

void test_in_band () throws Error {
    var pair = new Pair ();
    var init = new Wherry.DataChannelInit ();
    init.ordered = false;
    init.max_retransmits = 3;
    init.set_protocol ("chat");
    assert (init.get_protocol () == "chat");
    var channel = pair.a.create ("näme", init);
    pair.negotiate ();
    until (() => pair.a.n_open == 1 && pair.b.n_open == 1);
    var other = pair.b.channels[0];
    assert (other.label == "näme" && other.protocol == "chat" && !other.ordered);
    assert (other.max_retransmits == 3 && other.max_packet_life_time == -1);
    assert (other.id == channel.id && !other.negotiated);
    assert (pair.b.connection.channels.get_n_items () == 1);
    pair.close ();
}

void test_kinds_of_messages () throws Error {
    var pair = new Pair ();
    var channel = pair.a.create ("kinds", null);
    pair.negotiate ();
    until (() => pair.a.n_open == 1);
    channel.send_text ("grüße");
    channel.send_text ("");
    channel.send_bytes (new Bytes ({ 0, 255, 0 }));
    channel.send_bytes (new Bytes (null));
    channel.send_text_async.begin ("later", null);
    until (() => pair.b.messages.length == 5);
    assert (pair.b.n_text == 3);
    assert (to_text (pair.b.messages[0]) == "grüße" && pair.b.messages[1].get_size () == 0);
    assert (pair.b.messages[2].compare (new Bytes ({ 0, 255, 0 })) == 0);
    assert (pair.b.messages[3].get_size () == 0 && to_text (pair.b.messages[4]) == "later");
    pair.b.channels[0].close ();
    until (() => pair.a.n_closed == 1 && pair.b.n_closed == 1);
    pair.close ();
}

void test_negotiated () throws Error {
    var pair = new Pair ();
    var init = new Wherry.DataChannelInit ();
    init.negotiated = true;
    init.id = 7;
    var channel = pair.a.create ("a", init);
    pair.b.create ("b", init);
    pair.negotiate ();
    until (() => pair.a.n_open == 1 && pair.b.n_open == 1);
    channel.send_text ("hi");
    until (() => pair.b.messages.length == 1);
    assert (channel.id == 7 && pair.a.channels.length == 1 && pair.b.channels.length == 1);
    pair.close ();
}

void echo (Wherry.DataChannel channel, Bytes data, bool is_text) {
    handled ();
    send (channel, data, is_text);
}

void send (Wherry.DataChannel channel, Bytes data, bool is_text) {
    try {
        if (is_text)
            channel.send_text (to_text (data));
        else
            channel.send_bytes (data);
    } catch (Error e) {
        error ("sending: %s", e.message);
    }
}

void test_round_trips () throws Error {
    var pair = new Pair ();
    var channel = pair.a.create ("ping", null);
    pair.negotiate ();
    until (() => pair.a.n_open == 1 && pair.b.n_open == 1);
    pair.b.channels[0].message.connect (echo);
    int sent = 0;
    until (() => {
        while (sent < ROUND_TRIPS && sent < pair.a.messages.length + WINDOW) {
            send (channel, new Bytes (sent.to_string ().data), sent % 2 == 1);
            sent++;
        }
        return pair.a.messages.length == ROUND_TRIPS;
    });
    for (int i = 0; i < ROUND_TRIPS; i++)
        assert (to_text (pair.a.messages[i]) == i.to_string ());
    assert (pair.a.n_text == ROUND_TRIPS / 2 && pair.b.n_text == ROUND_TRIPS / 2);
    pair.close ();
}

async void fail_to_answer (Wherry.PeerConnection connection) {
    try {
        yield connection.create_answer_async (null);
    } catch (Wherry.Error.INVALID_STATE e) {
        n_caught++;
    } catch (Error e) {
        error ("another error: %s", e.message);
    }
}

int n_caught;

void test_exceptions () throws Error {
    var pair = new Pair ();
    n_caught = 0;
    try {
        new Wherry.SessionDescription.from_json ("{}");
    } catch (Wherry.Error.PROTOCOL e) {
        n_caught++;
    }
    var channel = pair.a.create ("errors", null);
    try {
        channel.send_text ("too early");
    } catch (Wherry.Error.CLOSED e) {
        n_caught++;
    }
    fail_to_answer.begin (pair.a.connection);
    until (() => n_caught == 3);
    pair.negotiate ();
    until (() => pair.a.n_open == 1);
    try {
        channel.send_bytes (new Bytes (new uint8[pair.a.connection.sctp.max_message_size + 1]));
    } catch (Wherry.Error.TOO_LARGE e) {
        n_caught++;
    }
    pair.close ();
    try {
        pair.a.create ("closed", null);
    } catch (Wherry.Error.CLOSED e) {
        n_caught++;
    }
    assert (n_caught == 5);
}

delegate void Case () throws Error;

void run (Case test) {
    try {
        test ();
    } catch (Error e) {
        error ("%s", e.message);
    }
    until (() => AtomicInt.get (ref n_alive) == 0);
    assert (n_handled > 0);
    n_handled = 0;
}

int main (string[] args) {
    Test.init (ref args);
    Test.add_func ("/vala/in-band", () => run (test_in_band));
    Test.add_func ("/vala/kinds-of-messages", () => run (test_kinds_of_messages));
    Test.add_func ("/vala/negotiated", () => run (test_negotiated));
    Test.add_func ("/vala/round-trips", () => run (test_round_trips));
    Test.add_func ("/vala/exceptions", () => run (test_exceptions));
    return Test.run ();
}
