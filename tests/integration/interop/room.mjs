/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One room, members on every stack that tests/interop has, and our own, each of them twice: one makes the offer, one is called. What
 * each sends arrives at all others once, in order, byte for byte, as far as its stack can; what it cannot is named.
 */

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { Daemon } from '../browser/daemon.mjs';
import { ProgramParticipant, digest, payload } from '../browser/participant.mjs';
import { NativeMember, RoomMember } from './direct.mjs';
import { cannot, limitOf } from './limits.mjs';
import { STACKS } from './stacks.mjs';
import { Table } from './table.mjs';

const ROOM = 'stacks';
const CHANNELS = {
  inband: { label: 'inband' },
  negotiated: { label: 'negotiated', negotiated: true, id: 100 },
  unordered: { label: 'unordered', ordered: false, maxRetransmits: 0 },
  lifetime: { label: 'lifetime', maxPacketLifeTime: 500 },
};
const ALL = { ...STACKS, native: [process.env.WHERRY_PARTICIPANT] };
const MEDIUM = 60_000;
const LARGE = 262_144; /* what the relay announces */
const SIZES = [
  ['text', 40], ['binary', 40], ['text', 0], ['text', MEDIUM], ['binary', 1], ['binary', 0], ['binary', MEDIUM], ['text', 1],
  ['binary', 65_535], ['text', 41], ['text', LARGE], ['binary', LARGE], ['binary', 42],
];

const table = new Table(['text', 'binary', 'empty', '1 B', '60 kB', '64 KiB', '256 KiB', 'negotiated', 'unordered', 'lifetime', 'it closes', 'we close', 'restart']);
let daemon;
const members = [];
const foreign = () => members.filter((member) => member instanceof RoomMember); /* ours has tests of its own for the rest */

/* Messages of 0 and 1 byte cannot say whose they are: they are counted. */
const named = ({ size }) => size > 1;
const script = (sender) => SIZES
  .filter(([, size]) => !cannot(sender.kind, 'send', size))
  .map(([kind, size], index) => ({ kind, size, head: named({ size }) ? `${sender.name}:${index}:` : '' }));
const takes = (receiver, { size }) => size <= receiver.max;
const OTHER = { text: 'binary', binary: 'text' };
const asTold = (receiver, message) => (cannot(receiver.kind, 'tell', message.size)
  ? { ...message, kind: OTHER[message.kind] } : message);
const summary = ({ kind, size, sha256 }) => `${kind} ${size} ${sha256.slice(0, 12)}`;
const hashed = (message) => summary({ ...message, sha256: digest(payload(message.head, message.size)) });
const isHello = (message) => message.head.includes(':hello');
const on = (receiver, label) => receiver.messages.filter((message) => message.label === label && !isHello(message));
const others = (member) => members.filter((other) => other !== member);
const expected = (receiver) => others(receiver).flatMap((sender) => script(sender)
  .filter((message) => takes(receiver, message)).map((message) => asTold(receiver, message)));

/* Says hello until everyone has heard it: only then is everyone subscribed for certain. */
const greet = async (sender, listeners, label) => {
  let number = 0;
  const beat = () => {
    sender.send({ channel: label, kind: 'text', head: `${sender.name}:hello:`, size: 30 + number });
    number += 1;
  };
  const heard = (message) => message.label === label && message.head === `${sender.name}:hello:`;
  const timer = setInterval(beat, 100);
  beat();
  try {
    await Promise.all(listeners.map((listener) => listener.until(() => listener.messages.some(heard), `hearing ${sender.name} on ${label}`)));
  } finally {
    clearInterval(timer);
  }
};

before(async () => {
  // some of the stacks are slow on a busy machine: what slowness costs is another test's
  daemon = await Daemon.start('--block-limit-ms', '20000');
}, { timeout: 60_000 });

after(async () => {
  for (const member of members)
    member.kill();
  daemon?.kill('SIGKILL');
}, { timeout: 60_000 });

test('everyone gets in, whoever makes the offer', { timeout: 120_000 }, async () => {
  for (const [kind, command] of Object.entries(ALL)) {
    for (const call of [false, true]) {
      const name = `${kind.slice(0, 8)}-${call ? 'c' : 'o'}`; /* a head has 24 bytes, with what follows the name */
      const member = await (kind === 'native' ? NativeMember : RoomMember).join(command, { kind, name, url: daemon.url, room: ROOM, channels: CHANNELS, call });
      members.push(member);
      if (member instanceof RoomMember)
        table.row(member, `${kind} ${call ? 'is called' : 'offers'}`);
    }
  }
});

/* What the table says of sending and hearing, once all of it was compared. */
const COLUMNS = { text: 41, binary: 41, empty: 0, '1 B': 1, '60 kB': MEDIUM, '256 KiB': LARGE };
const enter = (member, column, size) => {
  const reason = cannot(member.kind, 'send', size) ?? cannot(member.kind, 'tell', size) ?? cannot(member.kind, 'take', size)
    ?? (size > member.max ? `${member.kind} announces ${member.max}, or nothing, which means as much: more is not sent to it` : undefined);
  if (reason)
    table.limit(member, column, reason);
  else
    table.ok(member, column);
};

const complete = () => assert.equal(members.length, 2 * Object.keys(ALL).length, 'somebody is missing');

for (const label of ['inband', 'negotiated']) {
  test(`all messages arrive, once, in order, unchanged: ${label}`, { timeout: 120_000 }, async () => {
    complete();
    await greet(members[0], members.slice(1), label);
    await greet(members[1], [members[0]], label);
    for (const member of members) {
      for (const message of script(member))
        member.send({ channel: label, ...message });
    }
    for (const receiver of members) {
      const count = expected(receiver).length;
      await receiver.until(() => on(receiver, label).length >= count, `getting ${count} messages`)
        .catch((error) => { throw new Error(`${error.message}: ${on(receiver, label).length} came`); });
    }
    for (const receiver of members) {
      for (const sender of others(receiver)) {
        const from = on(receiver, label).filter((message) => named(message) && message.head.startsWith(`${sender.name}:`));
        assert.deepEqual(from.map(summary), script(sender).filter(named).filter((message) => takes(receiver, message)).map(hashed),
          `${sender.name} to ${receiver.name}`);
      }
      const small = (messages) => messages.filter((message) => !named(message)).map((message) => `${message.kind} ${message.size}`).sort();
      assert.deepEqual(small(on(receiver, label)), small(expected(receiver)), `${receiver.name}: messages of 0 and 1 byte`);
    }
    for (const member of members) {
      if (label === 'negotiated')
        table.ok(member, label);
      for (const [column, size] of Object.entries(COLUMNS))
        enter(member, column, size);
    }
  });
}

for (const label of ['unordered', 'lifetime']) {
  test(`what may be lost reaches everyone from everyone: ${label}`, { timeout: 120_000 }, async () => {
    complete();
    for (const sender of members) {
      await greet(sender, others(sender), label);
      table.ok(sender, label);
    }
  });
}

/* The relay closes what it mirrors to a member when the member opens a channel of its own on the topic. */
test('a channel that the relay closes is seen to close', { timeout: 60_000 }, async () => {
  complete();
  const replace = async (label, publisher, receivers) => {
    const mirror = (member) => [...member.channels.values()].find((channel) => channel.theirs && channel.label === label);
    publisher.create(label, { label });
    await Promise.all(receivers.map(async (member) => {
      await member.until(() => mirror(member)?.open, `a mirrored ${label}`);
      member.create(label, { label });
      await member.until(() => mirror(member).closed && member.channels.get(label).open, `${label} taking the mirror's place`);
      table.ok(member, 'we close');
    }));
    await greet(publisher, receivers, label);
  };
  await replace('late', members[0], foreign().slice(1));
  await replace('later', members[1], [members[0]]);
});

test('a channel that a member closes is closed, and its label is free again', { timeout: 60_000 }, async () => {
  complete();
  for (const member of foreign()) {
    member.order({ do: 'close', channel: 'inband' });
    await member.until(() => member.channels.get('inband').closed, 'closing');
    member.create('again', { label: 'inband' });
    await member.until(() => member.channels.get('again').open, 'opening it again');
    await greet(others(member)[0], [member], 'negotiated');
    table.ok(member, 'it closes');
  }
});

/* For stacks that announce nothing too: RFC 8841 section 6.1. Who closes its channel on it hears it on a mirrored one. */
test('the largest message that everyone takes', { timeout: 60_000 }, async () => {
  complete();
  const size = 65_536;
  const label = 'largest';
  const able = members.filter((member) => !cannot(member.kind, 'take', size));
  for (const member of able)
    member.create(label, { label });
  await greet(able[0], others(able[0]), label);
  await greet(able[1], [able[0]], label);
  for (const sender of able)
    sender.send({ channel: label, kind: 'binary', head: `${sender.name}:max:`, size });
  for (const receiver of able) {
    const due = able.filter((sender) => sender !== receiver)
      .map((sender) => hashed({ kind: 'binary', head: `${sender.name}:max:`, size })).sort();
    await receiver.until(() => on(receiver, label).length >= due.length, `getting ${due.length} messages`);
    assert.deepEqual(on(receiver, label).map(summary).sort(), due, receiver.name);
  }
  for (const member of members) {
    if (!able.includes(member))
      await member.until(() => [...member.channels.values()].some((channel) => channel.label === label && channel.closed), 'closing its channel');
    enter(member, '64 KiB', size);
  }
});

test('ICE restarts, and messages go on', { timeout: 60_000 }, async () => {
  complete();
  for (const member of foreign()) {
    const reason = limitOf(member.kind, 'restart-from')?.reason ?? await member.restart();
    if (reason)
      table.limit(member, 'restart', reason);
    else
      table.ok(member, 'restart');
  }
  for (const label of ['unordered', 'negotiated']) {
    for (const member of members)
      member.messages.length = 0;
    for (const sender of members)
      await greet(sender, others(sender), label);
  }
});

test('all of it was seen, and the server ends well', { timeout: 60_000 }, async (t) => {
  complete();
  for (const line of table.lines())
    t.diagnostic(line);
  assert.deepEqual(table.missing(), []);
  for (const member of members) {
    await member.quit();
    assert.equal(member.failure, null);
  }
  assert.equal(await daemon.stop(), 0);
});
