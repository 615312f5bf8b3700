/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two connections in one program: one says hello, the other sends it back. */

MainLoop loop;
Wherry.PeerConnection caller;
Wherry.PeerConnection callee;

/* Signaling: each description goes to the other side once all candidates are in it. It has
 * to_json() and new_from_json(), to go over any wire. */
async void offer () {
    try {
        yield caller.set_local_description_async (null, null);
    } catch (Error e) {
        error ("%s", e.message);
    }
}

async void take (Wherry.PeerConnection connection, Wherry.SessionDescription description) {
    try {
        yield connection.set_remote_description_async (description, null);
        if (connection.signaling_state == HAVE_REMOTE_OFFER)
            yield connection.set_local_description_async (null, null);
    } catch (Error e) {
        error ("%s", e.message);
    }
}

void on_gathering_state (Object object, ParamSpec property) {
    var connection = (Wherry.PeerConnection) object;
    if (connection.ice_gathering_state == COMPLETE)
        take.begin (connection == caller ? callee : caller, connection.local_description);
}

/* The channel, at both ends */
void send (Wherry.DataChannel channel, Bytes data, bool is_text) {
    try {
        if (is_text)
            channel.send_text (to_text (data));
        else
            channel.send_bytes (data);
    } catch (Error e) {
        error ("%s", e.message);
    }
}

string to_text (Bytes data) {
    var text = new StringBuilder ();
    text.append_len ((string) data.get_data (), (ssize_t) data.get_size ());
    return text.str;
}

void on_echoed (Bytes data, bool is_text) {
    print ("echoed: %s\n", to_text (data));
    loop.quit ();
}

int main () {
    loop = new MainLoop ();
    try {
        var configuration = new Wherry.Configuration ();
        configuration.bind_addresses = { "127.0.0.1" }; /* both are here */
        caller = new Wherry.PeerConnection (configuration);
        callee = new Wherry.PeerConnection (configuration);
        caller.negotiation_needed.connect (() => offer.begin ());
        caller.notify["ice-gathering-state"].connect (on_gathering_state);
        callee.notify["ice-gathering-state"].connect (on_gathering_state);
        callee.data_channel.connect ((channel) => channel.message.connect (send));

        var channel = caller.create_data_channel ("echo", null);
        channel.open.connect (() => send (channel, new Bytes ("hello".data), true));
        channel.message.connect (on_echoed);
        loop.run ();
    } catch (Error e) {
        error ("%s", e.message);
    }
    caller.close ();
    callee.close ();
    return 0;
}
