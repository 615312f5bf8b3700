/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stacks.mjs says that a stack cannot do, between that stack and another one, without Wherry. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { DirectParticipant } from './direct.mjs';
import { STACKS } from './stacks.mjs';

const started = [];
const LIMIT = { timeout: 60_000 };

/* Two stacks that begin to connect; `first` makes the offer and the channels, which the other one gets as in0 and in1.
 * `change` may rewrite what they say to each other. */
const pair = async (kinds, change = (message) => message) => {
  const sides = [];
  for (const [index, kind] of kinds.entries()) {
    const side = await DirectParticipant.start(STACKS[kind], {
      kind, name: kind, onSignal: (message) => sides[1 - index].order(change(message)),
    });
    sides.push(side);
    started.push(side);
  }
  const [first, second] = sides;
  first.create('one', { label: 'one' });
  first.create('two', { label: 'two' });
  first.order({ do: 'offer' });
  return { first, second };
};

const open = (...sides) => Promise.all(sides.map((side) => side.until(
  () => [...side.channels.values()].filter((channel) => channel.open).length === 2, 'opening two channels')));

const connected = async (...kinds) => {
  const { first, second } = await pair(kinds);
  await open(first, second);
  return { first, second };
};

const sizes = (side, label) => side.messages.filter((message) => message.label === label).map(({ kind, size }) => `${kind} ${size}`);
const say = (side, channel, ...messages) => messages.forEach(([kind, size]) => side.send({ channel, kind, head: '', size }));

afterEach(async () => {
  for (const side of started.splice(0))
    await side.quit();
});

test('werift loses an empty message and all that follow it', LIMIT, async () => {
  const { first, second } = await connected('werift', 'libwebrtc');
  say(first, 'one', ['text', 40], ['text', 0], ['text', 41]);
  say(first, 'two', ['text', 42]);
  await second.until(() => sizes(second, 'two').length > 0 && sizes(second, 'one').length > 0, 'hearing the first and the last');
  assert.deepEqual(sizes(second, 'one'), ['text 40']);
});

test('GStreamer closes the channel instead of sending an empty text', LIMIT, async () => {
  const { first, second } = await connected('gstreamer', 'libwebrtc');
  say(first, 'one', ['text', 40], ['text', 0]);
  await first.until(() => first.channels.get('one').closed, 'closing');
  assert.deepEqual(sizes(second, 'one').slice(1), []);
});

test('GStreamer mistakes empty text for empty binary', LIMIT, async () => {
  const { first, second } = await connected('libwebrtc', 'gstreamer');
  say(first, 'one', ['text', 0], ['binary', 0], ['text', 40]);
  await second.until(() => sizes(second, 'one').length === 3, 'hearing three');
  assert.deepEqual(sizes(second, 'one'), ['binary 0', 'text 0', 'text 40']);
});

test('GStreamer drops what is larger than 65536 bytes', LIMIT, async () => {
  const { first, second } = await connected('gstreamer', 'libdatachannel');
  assert.equal(second.max, 262_144);
  say(first, 'one', ['binary', 65_536], ['binary', 65_537], ['binary', 41]);
  await second.until(() => sizes(second, 'one').includes('binary 41'), 'hearing the last');
  assert.deepEqual(sizes(second, 'one'), ['binary 65536', 'binary 41']);
});

test('pion closes its channel on 65536 bytes', { ...LIMIT, skip: !STACKS.pion && 'there is no Go' }, async () => {
  const { first, second } = await connected('libwebrtc', 'pion');
  say(first, 'one', ['binary', 65_535], ['binary', 65_536]);
  await second.until(() => second.channels.get('in0').closed, 'closing');
  assert.deepEqual(sizes(second, 'one'), ['binary 65535']);
});

test('libdatachannel takes no ICE restart', LIMIT, async () => {
  const { first, second } = await connected('libwebrtc', 'libdatachannel');
  first.order({ do: 'restart' });
  await second.until(() => second.refusals.length > 0, 'refusing');
  assert.match(second.refusals[0].message, /Invalid ICE settings/);
});

/* A driver that changes our offer chooses the role: RFC 5763 section 5 leaves `active` one answer. */
const serverOf = (kind) => pair(['libwebrtc', kind], (message) => (message.type === 'offer'
  ? { ...message, sdp: message.sdp.replace('a=setup:actpass', 'a=setup:active') } : message));

for (const kind of ['libwebrtc', 'libdatachannel', 'chromium', 'firefox', 'gstreamer']) {
  test(`${kind} is the DTLS server when the offer says so`, LIMIT, async () => {
    const { first, second } = await serverOf(kind);
    await open(first, second);
    assert.match(second.local, /^a=setup:passive/m);
    say(first, 'one', ['text', 40]);
    await second.until(() => sizes(second, 'one').length === 1, 'hearing');
  });
}

for (const kind of ['werift', 'pion']) {
  test(`${kind} answers active, even to an active offer`, { ...LIMIT, skip: !STACKS[kind] && 'there is no Go' }, async () => {
    const { second } = await serverOf(kind);
    await second.until(() => second.local, 'answering');
    assert.match(second.local, /^a=setup:active/m);
  });
}

test('aiortc refuses an active offer', LIMIT, async () => {
  const { second } = await serverOf('aiortc');
  await second.until(() => second.refusals.length > 0, 'refusing');
  assert.match(second.refusals[0].message, /must be 'actpass' for an offer/);
});
