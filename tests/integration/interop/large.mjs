/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages as large as each side takes: 16 MiB, which is what rawrtc demonstrates with a peer of its own, between two
 * connections of the library and with Firefox; Chromium's 256 KiB. What it takes of memory is told, and bounded.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { afterEach, test } from 'node:test';

import { digest, payload } from '../browser/participant.mjs';
import { DirectParticipant } from './direct.mjs';
import { OURS, STACKS } from './stacks.mjs';

const MIB = 1024 * 1024;
const SIZE = 16 * MIB;
const FIREFOX_SENDS = 8 * MIB; /* as it is shipped, with dcsctp */
const CHROMIUM = 256 * 1024;
const LIMIT = { timeout: 120_000 };
const COMMANDS = {
  ...STACKS,
  wherry: [...OURS, `${SIZE}`],
  libdatachannel: [...STACKS.libdatachannel, `${SIZE}`],
  usrsctp: [...STACKS.firefox, '{"media.peerconnection.sctp.use_dcsctp":false}'],
};

const started = [];

/* The first makes a channel of each name, and the offer. */
const connect = async (kinds, names) => {
  const sides = [];
  for (const [index, kind] of kinds.entries()) {
    const side = await DirectParticipant.start(COMMANDS[kind], {
      kind, name: kind, onSignal: (message) => sides[1 - index].order(message),
    });
    sides.push(side);
    started.push(side);
  }
  for (const name of names)
    sides[0].create(name, { label: name });
  sides[0].order({ do: 'offer' });
  await Promise.all(sides.map((side) => side.until(
    () => [...side.channels.values()].filter((channel) => channel.open).length === names.length, 'opening its channels')));
  return sides;
};
const connected = (...kinds) => connect(kinds, ['large']);

afterEach(async () => {
  for (const side of started.splice(0))
    await side.quit();
});

const order = (from, kind, size) => from.send({ channel: [...from.channels.keys()][0], kind, head: '', size });

const carry = async (from, to, kind, size) => {
  const before = to.messages.length;
  order(from, kind, size);
  await to.until(() => to.messages.length > before || from.refusals.length > 0, `hearing ${size} bytes`, 60_000);
  assert.deepEqual(from.refusals, []);
  const { kind: told, size: length, sha256 } = to.messages[before];
  assert.deepEqual({ told, length, sha256 }, { told: kind, length: size, sha256: digest(payload('', size)) });
};

/* KiB: now and at most, as the system counts what is resident. */
const memory = async ({ pid }) => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const [now, most] = ['VmRSS', 'VmHWM'].map((name) => Number(status.match(new RegExp(`^${name}:\\s*(\\d+)`, 'm'))[1]));
  return { now, most };
};

/* A message that comes is there once, beside SCTP's window of 256 KiB. */
const receives = async (t, from, to, size) => {
  const before = await memory(to);
  await carry(from, to, 'binary', size);
  const after = await memory(to);
  t.diagnostic(`${size / MIB} MiB from ${from.name}: ${before.now} KiB before, ${after.most} KiB at most`);
  if (!process.env.WHERRY_SANITIZED)
    assert.ok(after.most - before.now < (size + 5 * MIB) / 1024, 'too much memory');
};

test('16 MiB between two connections', LIMIT, async (t) => {
  const [one, other] = await connected('wherry', 'wherry');
  assert.equal(one.max, SIZE);
  await receives(t, one, other, SIZE);
  await carry(other, one, 'text', SIZE);
  order(one, 'binary', SIZE + 1);
  await one.until(() => one.refusals.length > 0, 'refusing');
  assert.match(one.refusals[0].message, /takes 16777216/);
});

/* It has no I-DATA: the fragments of one message, and of no other until its end. */
test('16 MiB to and from libdatachannel', LIMIT, async (t) => {
  const [theirs, ours] = await connected('libdatachannel', 'wherry');
  await receives(t, theirs, ours, SIZE);
  await carry(ours, theirs, 'text', SIZE);
});

test('16 MiB to and from Firefox with usrsctp', LIMIT, async (t) => {
  const [firefox, ours] = await connected('usrsctp', 'wherry');
  await receives(t, firefox, ours, SIZE);
  await carry(ours, firefox, 'binary', SIZE);
});

test('16 MiB to Firefox, 8 MiB from it', LIMIT, async (t) => {
  const [ours, firefox] = await connected('wherry', 'firefox');
  await receives(t, firefox, ours, FIREFOX_SENDS);
  await carry(ours, firefox, 'binary', SIZE);
});

/* It sends them with I-DATA, piece by piece in turn, and fills up packets with scraps of them. */
test('8 MiB from Firefox on each of four channels at once', LIMIT, async (t) => {
  const names = ['a', 'b', 'c', 'd'];
  const [firefox, ours] = await connect(['firefox', 'wherry'], names);
  for (const channel of names)
    firefox.send({ channel, kind: 'binary', head: `${channel}:`, size: FIREFOX_SENDS });
  await ours.until(() => ours.messages.length === names.length || [...ours.channels.values()].some((channel) => channel.closed), 'hearing all', 60_000);
  const heard = ours.messages.map(({ label, sha256 }) => `${label} ${sha256}`).sort();
  assert.deepEqual(heard, names.map((name) => `${name} ${digest(payload(`${name}:`, FIREFOX_SENDS))}`));
  t.diagnostic(`4 times 8 MiB: ${(await memory(ours)).most} KiB at most`);
});

/* Without Wherry. */
test('Firefox drops a message of more than 8 MiB', LIMIT, async () => {
  const [one, other] = await connected('firefox', 'firefox');
  assert.ok(other.max > SIZE);
  order(one, 'binary', FIREFOX_SENDS + 1);
  await carry(one, other, 'binary', 41);
});

test('256 KiB to and from Chromium', LIMIT, async () => {
  const [ours, chromium] = await connected('wherry', 'chromium');
  assert.equal(chromium.max, CHROMIUM);
  for (const kind of ['binary', 'text']) {
    await carry(ours, chromium, kind, CHROMIUM);
    await carry(chromium, ours, kind, CHROMIUM);
  }
  order(ours, 'binary', CHROMIUM + 1);
  await ours.until(() => ours.refusals.length > 0, 'refusing');
  assert.match(ours.refusals[0].message, /takes 262144/);
  order(chromium, 'binary', CHROMIUM + 1);
  await chromium.until(() => chromium.refusals.length > 0, 'refusing');
});
