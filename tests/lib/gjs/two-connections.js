// SPDX-License-Identifier: LGPL-2.1-or-later
// The public API in GJavaScript: two connections in one process.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import GObject from 'gi://GObject';
import System from 'system';
import Wherry from 'gi://Wherry?version=1';

const ROUND_TRIPS = 10000;
const WINDOW = 50;
const LIMIT_S = 60;

for (const name of ['create_offer', 'create_answer', 'set_local_description',
  'set_remote_description', 'add_ice_candidate'])
  Gio._promisify(Wherry.PeerConnection.prototype, `${name}_async`);
for (const name of ['send_text', 'send_bytes'])
  Gio._promisify(Wherry.DataChannel.prototype, `${name}_async`);

const context = GLib.MainContext.default();
const failures = [];
const handled = {};
let watched = []; // a GObject.BindingGroup for each object: its source is a weak reference

function watch(object) {
  const group = new GObject.BindingGroup();
  group.source = object;
  watched.push([object.constructor.name, group]);
  return object;
}

function alive() {
  return watched.filter(([_name, group]) => group.source !== null).map(([name]) => name);
}

function assert(value, what) {
  if (!value)
    throw new Error(`is not so: ${what}`);
}

function same(value, expected) {
  assert(JSON.stringify(value) === JSON.stringify(expected),
    `${JSON.stringify(value)} is ${JSON.stringify(expected)}`);
}

// Connects a handler that asserts the thread, and whose exception fails the test.
function on(object, signal, handler) {
  object.connect(signal, (...values) => {
    handled[signal] = (handled[signal] ?? 0) + 1;
    try {
      assert(context.is_owner(), 'the main thread');
      handler(...values);
    } catch (error) {
      failures.push(error);
    }
  });
}

function until(condition) {
  const end = GLib.get_monotonic_time() + LIMIT_S * 1e6;
  return new Promise((resolve, reject) => {
    GLib.timeout_add(GLib.PRIORITY_DEFAULT, 5, () => {
      if (failures.length > 0)
        reject(failures.pop());
      else if (condition())
        resolve();
      else if (GLib.get_monotonic_time() > end)
        reject(new Error(`waited in vain for ${condition}`));
      else
        return GLib.SOURCE_CONTINUE;
      return GLib.SOURCE_REMOVE;
    });
  });
}

async function raises(code, attempt) {
  try {
    await attempt();
  } catch (error) {
    assert(error instanceof GLib.Error && error.matches(Wherry.Error, code) && error.message,
      `${error} has code ${code}`);
    return;
  }
  throw new Error('no exception');
}

const text = bytes => new TextDecoder().decode(bytes.toArray());
const bytesOf = string => new GLib.Bytes(new TextEncoder().encode(string));

class Channel {
  constructor(channel) {
    this.channel = watch(channel);
    this.events = [];
    this.messages = [];
    on(channel, 'message', (_channel, data, isText) => {
      this.messages.push(isText ? text(data) : data.toArray());
    });
    for (const name of ['open', 'closing', 'closed', 'error'])
      on(channel, name, () => this.events.push(name));
  }
}

class End {
  constructor(configuration) {
    this.channels = [];
    this.trail = [];
    this.waiting = [];
    this.connection = watch(Wherry.PeerConnection.new(configuration));
    on(this.connection, 'ice-candidate', (_connection, candidate) => {
      if (candidate !== null) {
        this.waiting.push(watch(candidate).to_json());
        this.carry();
      }
    });
    on(this.connection, 'data-channel', (_connection, channel) => {
      same(channel.ready_state, Wherry.DataChannelState.OPEN);
      this.channels.push(new Channel(channel));
    });
    on(this.connection, 'notify::connection-state', connection => {
      this.trail.push(connection.connection_state);
    });
  }

  carry() {
    if (this.other.connection.remote_description === null)
      return;
    for (const line of this.waiting.splice(0)) {
      this.other.connection.add_ice_candidate_async(Wherry.IceCandidate.new_from_json(line), null)
        .catch(error => failures.push(error));
    }
  }

  create(label, init = null) {
    return new Channel(this.connection.create_data_channel(label, init));
  }

  // Gives the description to the other side, as a line of JSON.
  async tell(description) {
    const theirs = Wherry.SessionDescription.new_from_json(watch(description).to_json());
    await this.other.connection.set_remote_description_async(watch(theirs), null);
    this.carry();
  }
}

class Pair {
  constructor() {
    const configuration = watch(Wherry.Configuration.new());
    configuration.set_bind_addresses(['127.0.0.1']);
    this.a = new End(configuration);
    this.b = new End(configuration);
    this.a.other = this.b;
    this.b.other = this.a;
  }

  async negotiate() {
    const a = this.a.connection;
    const b = this.b.connection;
    const offer = await a.create_offer_async(false, null);
    same(offer.description_type, Wherry.DescriptionType.OFFER);
    await a.set_local_description_async(offer, null);
    await this.a.tell(offer);
    const answer = await b.create_answer_async(null);
    await b.set_local_description_async(answer, null);
    await this.b.tell(answer);
    const connected = end => end.trail.at(-1) === Wherry.ConnectionState.CONNECTED;
    await until(() => connected(this.a) && connected(this.b));
    for (const connection of [a, b]) {
      same(connection.signaling_state, Wherry.SignalingState.STABLE);
      assert(watch(connection.sctp).max_message_size > 0, 'a largest message');
      watch(watch(connection.sctp.transport).ice_transport);
    }
  }

  async close() {
    for (const end of [this.a, this.b]) {
      end.connection.close();
      same(end.connection.connection_state, Wherry.ConnectionState.CLOSED);
    }
    const before = JSON.stringify(handled);
    let turns = 0;
    await until(() => ++turns === 3);
    same(JSON.stringify(handled), before);
  }
}

const tests = {
  async inBand() {
    const pair = new Pair();
    const init = Wherry.DataChannelInit.new();
    init.ordered = false;
    init.max_packet_life_time = 500;
    init.priority = Wherry.Priority.HIGH;
    init.set_protocol('chat');
    same(init.get_protocol(), 'chat');
    const one = pair.a.create('näme', init);
    await raises(Wherry.Error.CLOSED, () => one.channel.send_text('too early'));
    await pair.negotiate();
    await until(() => one.events.length === 1 && pair.b.channels.length === 1);
    for (const { channel } of [one, pair.b.channels[0]]) {
      same([channel.label, channel.protocol, channel.ordered], ['näme', 'chat', false]);
      same([channel.max_packet_life_time, channel.max_retransmits], [500, -1]);
      same([channel.priority, channel.negotiated], [Wherry.Priority.HIGH, false]);
      assert(channel.id >= 0 && channel.id <= 65534, 'an id');
    }
    for (const end of [pair.a, pair.b])
      same(end.connection.channels.get_n_items(), 1);
    await pair.close();
  },

  async kindsOfMessages() {
    const pair = new Pair();
    const one = pair.a.create('kinds');
    await pair.negotiate();
    await until(() => one.events.length === 1 && pair.b.channels.length === 1);
    const other = pair.b.channels[0];
    for (const [source, sink] of [[one, other], [other, one]]) {
      source.channel.send_text('grüße');
      source.channel.send_text('');
      source.channel.send_bytes(new GLib.Bytes(Uint8Array.of(0, 255, 0)));
      source.channel.send_bytes(new GLib.Bytes(new Uint8Array()));
      await source.channel.send_text_async('later', null);
      await source.channel.send_bytes_async(new GLib.Bytes(new Uint8Array(100000)), null);
      await until(() => sink.messages.length === 6);
      same(sink.messages.slice(0, 2), ['grüße', '']);
      same([...sink.messages[2]], [0, 255, 0]);
      same(sink.messages[3].length, 0);
      same(sink.messages[4], 'later');
      same(sink.messages[5].length, 100000);
    }
    other.channel.close();
    await until(() => one.events.includes('closed') && other.events.includes('closed'));
    same(one.events, ['open', 'closing', 'closed']);
    await raises(Wherry.Error.CLOSED, () => one.channel.send_text('too late'));
    await pair.close();
  },

  async negotiated() {
    const pair = new Pair();
    const init = Wherry.DataChannelInit.new();
    init.negotiated = true;
    init.id = 7;
    const one = pair.a.create('a', init);
    const other = pair.b.create('b', init);
    await pair.negotiate();
    await until(() => one.events.length === 1 && other.events.length === 1);
    one.channel.send_text('hi');
    await until(() => other.messages.length === 1);
    same([one.channel.id, other.channel.id, other.messages[0]], [7, 7, 'hi']);
    same([pair.a.channels.length, pair.b.channels.length], [0, 0]);
    await pair.close();
  },

  async roundTrips() {
    const pair = new Pair();
    const { channel } = pair.a.create('ping');
    await pair.negotiate();
    await until(() => pair.b.channels.length === 1);
    let sent = 0;
    let back = 0;
    const send = () => {
      if (sent % 2)
        channel.send_text(`${sent}`);
      else
        channel.send_bytes(bytesOf(`${sent}`));
      sent++;
    };
    on(pair.b.channels[0].channel, 'message', (echoing, data, isText) => {
      if (isText)
        echoing.send_text(text(data));
      else
        echoing.send_bytes(data);
    });
    on(channel, 'message', (_channel, data, isText) => {
      same([text(data), isText], [`${back}`, back % 2 === 1]);
      back++;
      if (sent < ROUND_TRIPS)
        send();
    });
    await until(() => channel.ready_state === Wherry.DataChannelState.OPEN);
    while (sent < WINDOW)
      send();
    await until(() => back === ROUND_TRIPS);
    same(pair.b.channels[0].messages.length, ROUND_TRIPS);
    await pair.close();
  },

  async exceptions() {
    const pair = new Pair();
    await raises(Wherry.Error.PROTOCOL, () => Wherry.SessionDescription.new_from_json('{}'));
    await raises(Wherry.Error.PROTOCOL, () => Wherry.IceCandidate.new_from_json('no JSON'));
    const init = Wherry.DataChannelInit.new();
    init.max_retransmits = 1;
    init.max_packet_life_time = 1;
    await raises(Wherry.Error.INVALID_ARGUMENT, () => pair.a.create('both', init));
    const { connection } = pair.a;
    await raises(Wherry.Error.INVALID_STATE, () => connection.create_answer_async(null));
    const nonsense = Wherry.SessionDescription.new(Wherry.DescriptionType.OFFER, 'nonsense');
    await raises(Wherry.Error.PROTOCOL,
      () => connection.set_remote_description_async(nonsense, null));
    const one = pair.a.create('errors');
    await pair.negotiate();
    await until(() => one.events.length === 1);
    const large = new GLib.Bytes(new Uint8Array(connection.sctp.max_message_size + 1));
    await raises(Wherry.Error.TOO_LARGE, () => one.channel.send_bytes(large));
    await pair.close();
    await raises(Wherry.Error.CLOSED, () => pair.a.create('closed'));
    await raises(Wherry.Error.CLOSED, () => connection.create_offer_async(false, null));
  },
};

async function runAll() {
  const names = Object.keys(tests);
  let failed = 0;
  print(`1..${names.length}`);
  for (const [index, name] of names.entries()) {
    watched = [];
    try {
      await tests[name]();
      await until(() => {
        System.gc();
        return alive().length === 0;
      });
      print(`ok ${index + 1} ${name}: ${watched.length} objects, all finalized`);
    } catch (error) {
      failed++;
      logError(error, name);
      print(`not ok ${index + 1} ${name}: alive ${alive()}`);
    }
  }
  print(`# handlers on the main thread: ${JSON.stringify(handled)}`);
  return failed;
}

const loop = new GLib.MainLoop(null, false);
let status = 1;
runAll().then(failed => {
  status = failed > 0 ? 1 : 0;
}).catch(logError).finally(() => loop.quit());
loop.run();
System.exit(status);
