/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the matrix asks of each stack. A row with `connect` makes a connection; one with `run` goes over two that are up: one that we
 * offered and one that it did, or those in `over`. `us` and `it` are the two ends, 'main' a reliable channel between them.
 */

import assert from 'node:assert/strict';

import { carry, channelOf, connect, heard, open, refusal, restart, say, untilClosed, untilOpen } from './pair.mjs';

const CROWD = 100;
const KINDS = ['text', 'binary'];

const setup = (side) => side.local.match(/^a=setup:(\w+)/m)[1];

/* A connection whose DTLS roles are those that were asked for, with a message each way. */
const connection = async (kind, offers, client, answer) => {
  const { it, other: us } = await connect(kind, 'wherry', { offers, client, labels: ['main'], negotiated: ['agreed'] });
  assert.equal(setup(offers === 'it' ? us : it), answer);
  await carry(us, it, 'main', [['text', 40]]);
  await carry(it, us, 'main', [['text', 41]]);
  assert.deepEqual(us.refusals, []);
  return { us, it };
};

/* Both directions of something that is done from one side to the other. */
const directions = (id, [to, from], run) => [
  { id: `${id}-to`, title: to, run: ({ us, it }, offers) => run(us, it, offers) },
  { id: `${id}-from`, title: from, run: ({ us, it }, offers) => run(it, us, offers) },
];

const bothKinds = (size) => KINDS.map((kind) => [kind, size]);

/* From a byte to the largest that the receiver announces: around what one packet holds, what a chunk of others' has, and the most. */
const upTo = (max) => [1, 1_000, 1_200, 16_384, 65_535, max].filter((size, index, all) => size <= max && all.indexOf(size) === index);

/* What `to` was told of a channel, as far as its stack tells it. */
const told = (to, label, wanted) => {
  const channel = to.channels.get(channelOf(to, label));
  for (const [key, value] of Object.entries({ ordered: true, maxRetransmits: null, maxPacketLifeTime: null, protocol: '', ...wanted })) {
    if (channel[key] !== undefined)
      assert.equal(channel[key], value, `${to.name} was told ${key} = ${channel[key]}`);
  }
};

let serial = 0;

/* A channel of its own that may lose messages: one is said again until it is heard. */
const channel = (options) => async (from, to) => {
  serial += 1;
  const label = `channel ${serial}`;
  await open(from, to, label, options);
  told(to, label, options);
  for (const [one, other] of [[from, to], [to, from]]) {
    const beat = setInterval(() => say(one, label, 'text', 30), 200);
    say(one, label, 'text', 30);
    try {
      await other.until(() => heard(other, label).length > 0, `hearing ${one.name} on ${label}`);
    } finally {
      clearInterval(beat);
    }
  }
};

const negotiated = (late) => async ({ us, it }) => {
  const label = late ? 'agreed later' : 'agreed';
  if (late)
    await open(us, it, label, { negotiated: true, id: 200 });
  await carry(us, it, label, bothKinds(50));
  await carry(it, us, label, bothKinds(51));
};

const crowd = async (from, to) => {
  serial += 1;
  const labels = Array.from({ length: CROWD }, (_, index) => `${serial}/${index}`);
  for (const label of labels)
    from.create(label, { label });
  await untilOpen([from, to], labels);
  for (const label of labels)
    say(from, label, 'text', 20);
  await to.until(() => labels.every((label) => heard(to, label).length === 1), 'hearing all');
  for (const label of labels)
    say(to, label, 'text', 21);
  await from.until(() => labels.every((label) => heard(from, label).length === 1), 'hearing all');
};

/* Channels that either side opened; what was said before is heard. */
const close = async (from, to) => {
  serial += 1;
  const labels = [`mine ${serial}`, `theirs ${serial}`];
  await open(from, to, labels[0]);
  await open(to, from, labels[1]);
  for (const label of labels) {
    await carry(from, to, label, [['text', 33]]);
    from.order({ do: 'close', channel: channelOf(from, label) });
  }
  await untilClosed([from, to], labels);
};

/* The largest goes, one byte more does not, and the channel is as before. */
const refuse = async (from, to) => {
  const size = to.max + 1;
  const reason = await refusal(from, 'send', () => say(from, 'main', 'binary', size), (ended) => from.until(() => from.sent.includes(size), 'sending', undefined, ended));
  assert(reason, `${from.name} does not refuse it`);
  if (from.kind === 'wherry')
    assert.equal(reason.code, 'too-large');
  await carry(from, to, 'main', [['binary', 44]]);
};

/* We see that it is gone, and make a new connection in the same program; we had offered the one before. */
const killed = async ({ us, it }) => {
  it.kill();
  await us.until(() => ['disconnected', 'failed', 'closed'].includes(us.state), 'missing it', 40_000);
  await us.renew();
  const { it: again } = await connect(it.kind, 'wherry', { offers: 'it', labels: ['main'], other: us });
  await carry(us, again, 'main', [['text', 70]]);
  await carry(again, us, 'main', [['text', 71]]);
};

export const ROWS = [
  { id: 'offer', title: 'we offer, it is the DTLS client', connect: (kind) => connection(kind, 'other', false, 'active'), keep: 'other' },
  { id: 'offer-server', title: 'we offer, it is the DTLS server', connect: (kind) => connection(kind, 'other', true, 'passive') },
  { id: 'answer-client', title: 'it offers, it is the DTLS client', connect: (kind) => connection(kind, 'it', true, 'passive') },
  { id: 'answer', title: 'it offers, it is the DTLS server', connect: (kind) => connection(kind, 'it', false, 'active'), keep: 'it' },
  ...directions('text', ['text to it', 'text from it'], (from, to) => carry(from, to, 'main', [['text', 40], ['text', 400]])),
  ...directions('binary', ['binary to it', 'binary from it'], (from, to) => carry(from, to, 'main', [['binary', 40], ['binary', 400]])),
  ...directions('empty-text', ['empty text to it', 'empty text from it'], (from, to) => carry(from, to, 'main', [['text', 0], ['text', 41]])),
  ...directions('empty-binary', ['empty binary to it', 'empty binary from it'], (from, to) => carry(from, to, 'main', [['binary', 0], ['text', 42]])),
  ...directions('sizes', ['1 byte to the most that it announces, or 16 MiB', '1 byte to the most that we announce'],
    (from, to) => carry(from, to, 'main', upTo(to.max).flatMap(bothKinds))),
  ...directions('too-large', ['one byte more: we refuse to send it', 'one byte more: it refuses to send it'], refuse),
  ...directions('ordered', ['we open an ordered channel', 'it opens an ordered channel'], channel({ protocol: 'proto' })),
  ...directions('unordered', ['we open an unordered one', 'it opens an unordered one'], channel({ ordered: false })),
  ...directions('retransmits', ['we open one with maxRetransmits 0', 'it opens one with maxRetransmits 0'], channel({ ordered: false, maxRetransmits: 0 })),
  ...directions('lifetime', ['we open one with maxPacketLifeTime', 'it opens one with maxPacketLifeTime'], channel({ ordered: false, maxPacketLifeTime: 500 })),
  { id: 'negotiated', title: 'a negotiated channel from the start', run: negotiated(false) },
  { id: 'negotiated-later', title: 'a negotiated channel later', run: negotiated(true) },
  ...directions('crowd', [`we open ${CROWD} channels at once`, `it opens ${CROWD} channels at once`], crowd),
  ...directions('close', ['we close, it sees it', 'it closes, we see it'], close),
  ...directions('restart', ['we restart ICE', 'it restarts ICE'], (from, to) => restart(from, to, 'main')),
  { id: 'killed', title: 'connected again after it was killed', run: killed, over: ['other'] },
];
