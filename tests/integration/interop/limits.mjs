/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stacks.mjs says that a stack cannot do, between that stack and another one, without Wherry. */

import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { DirectParticipant } from './direct.mjs';
import { STACKS } from './stacks.mjs';

const started = [];

/* Two stacks, connected; `first` made the offer and the channels, which the other one has as in0 and in1. */
const pair = async (...kinds) => {
  const sides = [];
  for (const [index, kind] of kinds.entries()) {
    const side = await DirectParticipant.start(STACKS[kind], {
      kind, name: kind, onSignal: (message) => sides[1 - index].order(message),
    });
    sides.push(side);
    started.push(side);
  }
  const [first, second] = sides;
  first.create('one', { label: 'one' });
  first.create('two', { label: 'two' });
  first.order({ do: 'offer' });
  await Promise.all(sides.map((side) => side.until(() => [...side.channels.values()].filter(({ open }) => open).length === 2, 'opening two channels')));
  return { first, second };
};

const sizes = (side, label) => side.messages.filter((message) => message.label === label).map(({ kind, size }) => `${kind} ${size}`);
const say = (side, channel, ...messages) => messages.forEach(([kind, size]) => side.send({ channel, kind, head: '', size }));

afterEach(async () => {
  for (const side of started.splice(0))
    await side.quit();
});

const LIMIT = { timeout: 60_000 };

test('werift loses an empty message and all that follow it', LIMIT, async () => {
  const { first, second } = await pair('werift', 'libwebrtc');
  say(first, 'one', ['text', 40], ['text', 0], ['text', 41]);
  say(first, 'two', ['text', 42]);
  await second.until(() => sizes(second, 'two').length === 1, 'hearing what was said last');
  assert.deepEqual(sizes(second, 'one'), ['text 40']);
});

test('GStreamer closes the channel instead of sending an empty text', LIMIT, async () => {
  const { first, second } = await pair('gstreamer', 'libwebrtc');
  say(first, 'one', ['text', 40], ['text', 0]);
  await first.until(() => first.channels.get('one').closed, 'closing');
  assert.deepEqual(sizes(second, 'one').slice(1), []);
});

test('GStreamer mistakes empty text for empty binary', LIMIT, async () => {
  const { first, second } = await pair('libwebrtc', 'gstreamer');
  say(first, 'one', ['text', 0], ['binary', 0], ['text', 40]);
  await second.until(() => sizes(second, 'one').length === 3, 'hearing three');
  assert.deepEqual(sizes(second, 'one'), ['binary 0', 'text 0', 'text 40']);
});

test('GStreamer drops what is larger than 65536 bytes', LIMIT, async () => {
  const { first, second } = await pair('gstreamer', 'libdatachannel');
  assert.equal(second.max, 262_144);
  say(first, 'one', ['binary', 65_536], ['binary', 65_537], ['binary', 41]);
  await second.until(() => sizes(second, 'one').includes('binary 41'), 'hearing the last');
  assert.deepEqual(sizes(second, 'one'), ['binary 65536', 'binary 41']);
});

test('pion closes its channel on 65536 bytes', { ...LIMIT, skip: !STACKS.pion && 'there is no Go' }, async () => {
  const { first, second } = await pair('libwebrtc', 'pion');
  say(first, 'one', ['binary', 65_535], ['binary', 65_536]);
  await second.until(() => second.channels.get('in0').closed, 'closing');
  assert.deepEqual(sizes(second, 'one'), ['binary 65535']);
});

test('libdatachannel takes no ICE restart', LIMIT, async () => {
  const { first, second } = await pair('libwebrtc', 'libdatachannel');
  first.order({ do: 'restart' });
  await second.until(() => second.refusals.length > 0, 'refusing');
  assert.match(second.refusals[0].message, /Invalid ICE settings/);
});
