#!/usr/bin/gjs -m
// SPDX-License-Identifier: LGPL-2.1-or-later
// Two connections in one program: one says hello, the other sends it back.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import Wherry from 'gi://Wherry?version=1';

Gio._promisify(Wherry.PeerConnection.prototype, 'set_local_description_async');
Gio._promisify(Wherry.PeerConnection.prototype, 'set_remote_description_async');

const loop = new GLib.MainLoop(null, false);
const configuration = Wherry.Configuration.new();
configuration.set_bind_addresses(['127.0.0.1']); // both are here
const caller = Wherry.PeerConnection.new(configuration);
const callee = Wherry.PeerConnection.new(configuration);

// Signaling: each description goes to the other side once all candidates are in it. It has
// to_json() and new_from_json(), to go over any wire.
async function take(connection, description) {
  await connection.set_remote_description_async(description, null);
  if (connection.signaling_state === Wherry.SignalingState.HAVE_REMOTE_OFFER)
    await connection.set_local_description_async(null, null);
}

function carryDescriptions(from, to) {
  from.connect('notify::ice-gathering-state', () => {
    if (from.ice_gathering_state === Wherry.IceGatheringState.COMPLETE)
      take(to, from.local_description).catch(logError);
  });
}

carryDescriptions(caller, callee);
carryDescriptions(callee, caller);
caller.connect('negotiation-needed', () => {
  caller.set_local_description_async(null, null).catch(logError);
});

// The channel, at both ends
callee.connect('data-channel', (_connection, channel) => {
  channel.connect('message', (_channel, data, isText) => {
    if (isText)
      channel.send_text(new TextDecoder().decode(data.toArray()));
    else
      channel.send_bytes(data);
  });
});

const channel = caller.create_data_channel('echo', null);
channel.connect('open', () => channel.send_text('hello'));
channel.connect('message', (_channel, data) => {
  print('echoed:', new TextDecoder().decode(data.toArray()));
  loop.quit();
});
loop.run();
caller.close();
callee.close();
