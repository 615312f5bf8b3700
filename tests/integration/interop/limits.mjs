/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a stack cannot do, in the `rows` of the matrix, and the proof: `show` sees it between that stack, `it`, and another one, which
 * is called twice: with Wherry as the other, and with a `third` one. It throws when it does not see it.
 */

import assert from 'node:assert/strict';

import { channelOf, refusal, say, sizes, ufrag, untilOpen } from './pair.mjs';

/* Says something that is lost, and something on another channel that is not: in the first, only `heard` is to come. */
const loses = (messages, heard) => async ({ it, other }) => {
  for (const message of messages)
    say(it, 'one', ...message);
  say(it, 'two', 'text', 42);
  await other.until(() => sizes(other, 'two').length > 0 && sizes(other, 'one').length >= heard.length, 'hearing the rest');
  assert.deepEqual(sizes(other, 'one'), heard);
};

/* Says that it sent a byte more than the other takes. */
const takes = async ({ it, other }) => {
  const reason = await refusal(it, 'send', () => say(it, 'one', 'binary', other.max + 1), (ended) => it.until(() => it.sent.length > 0, 'sending', undefined, ended));
  assert.equal(reason, null);
};

export const LIMITS = [
  {
    stack: 'werift',
    rows: ['empty-text-from', 'empty-binary-from'],
    what: 'send',
    hits: (size) => size === 0,
    reason: 'werift 0.24 sends nothing for an empty message, and counts it: all that follow on its stream are lost with it',
    third: 'libwebrtc',
    show: loses([['text', 40], ['text', 0], ['text', 41]], ['text 40']),
  },
  {
    stack: 'gstreamer',
    rows: ['empty-text-from', 'empty-binary-from'],
    what: 'send',
    hits: (size) => size === 0,
    reason: 'GStreamer 1.22 closes the channel when it should send an empty text, and sends no empty binary',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      await loses([['binary', 0], ['text', 40]], ['text 40'])({ it, other });
      say(it, 'one', 'text', 0);
      await it.until(() => it.channels.get(channelOf(it, 'one')).closed, 'closing');
      assert.deepEqual(sizes(other, 'one'), ['text 40']);
    },
  },
  {
    stack: 'gstreamer',
    rows: ['empty-text-to', 'empty-binary-to'],
    what: 'tell',
    hits: (size) => size === 0,
    reason: 'GStreamer 1.22 hears empty text as empty binary and the other way round',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      for (const message of [['text', 0], ['binary', 0], ['text', 40]])
        say(other, 'one', ...message);
      await it.until(() => sizes(it, 'one').length === 3, 'hearing three');
      assert.deepEqual(sizes(it, 'one'), ['binary 0', 'text 0', 'text 40']);
    },
  },
  {
    stack: 'gstreamer',
    rows: ['sizes-from'],
    what: 'send',
    hits: (size) => size > 65_536,
    reason: 'GStreamer 1.22 drops what is larger than 65536 bytes in silence, whatever the other side takes',
    third: 'libdatachannel',
    show: async ({ it, other }) => {
      assert.equal(other.max, 262_144);
      await loses([['binary', 65_536], ['binary', 65_537], ['binary', 41]], ['binary 65536', 'binary 41'])({ it, other });
    },
  },
  {
    stack: 'pion',
    rows: ['sizes-from'],
    what: 'send',
    hits: (size) => size > 65_536,
    reason: 'pion 3.1 sends at most 65536 bytes, whatever the other side takes',
    third: 'libwebrtc',
    connection: { offers: 'other' },
    show: async ({ it, other }) => {
      assert.equal(other.max, 262_144);
      say(it, 'one', 'binary', 65_536);
      const reason = await refusal(it, 'send', () => say(it, 'one', 'binary', 65_537),
        (ended) => other.until(() => sizes(other, 'one').length > 1, 'hearing both', undefined, ended));
      assert.match(reason.message, /larger than maximum message size/);
    },
  },
  {
    stack: 'pion',
    rows: ['sizes-to'],
    what: 'take',
    hits: (size) => size > 65_535,
    reason: 'pion 3.1 closes its channel when more than 65535 bytes come, and its description says 65536 by saying nothing',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      assert.equal(it.max, 65_536);
      say(other, 'one', 'binary', 65_535);
      say(other, 'one', 'binary', 65_536);
      await it.until(() => it.channels.get(channelOf(it, 'one')).closed, 'closing');
      assert.deepEqual(sizes(it, 'one'), ['binary 65535']);
    },
  },
  {
    stack: 'libwebrtc',
    rows: ['too-large-from'],
    reason: '@roamhq/wrtc 0.10 takes a message that is too large, sends nothing and closes its channel without a word to the other side',
    third: 'libdatachannel',
    show: async ({ it, other }) => {
      await takes({ it, other });
      await it.until(() => it.channels.get(channelOf(it, 'one')).closed, 'closing');
      assert(!other.channels.get(channelOf(other, 'one')).closed);
    },
  },
  {
    stack: 'aiortc',
    rows: ['too-large-from'],
    reason: 'aiortc 1.4 sends whatever it is given',
    third: 'libdatachannel',
    show: takes,
  },
  {
    stack: 'gstreamer',
    rows: ['too-large-from'],
    reason: 'GStreamer 1.22 drops what is too large in silence',
    third: 'libdatachannel',
    show: async ({ it, other }) => {
      await takes({ it, other });
      await loses([['text', 41]], ['text 41'])({ it, other });
    },
  },
  {
    stack: 'gstreamer',
    rows: ['negotiated-later'],
    reason: 'GStreamer 1.22 makes no negotiated channel any more once it is connected',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      await untilOpen([it, other], ['agreed']);
      const reason = await refusal(it, 'create', () => it.create('later', { label: 'later', negotiated: true, id: 200 }),
        (ended) => untilOpen([it], ['later'], ended));
      assert.match(reason.message, /made no channel/);
    },
    connection: { negotiated: ['agreed'] },
  },
  {
    stack: 'werift',
    rows: ['retransmits-from', 'lifetime-from'],
    reason: 'werift 0.24 opens an unordered channel as an ordered one when it has a limit',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      for (const [label, limit] of [['r', { maxRetransmits: 0 }], ['l', { maxPacketLifeTime: 500 }]]) {
        it.create(label, { label, ordered: false, ...limit });
        await untilOpen([it, other], [label]);
        const { ordered, maxRetransmits, maxPacketLifeTime } = other.channels.get(channelOf(other, label));
        assert.deepEqual({ ordered, maxRetransmits, maxPacketLifeTime }, { ordered: true, maxRetransmits: null, maxPacketLifeTime: null, ...limit });
      }
    },
  },
  {
    stack: 'libdatachannel',
    rows: ['restart-to'],
    reason: 'libdatachannel refuses an offer that restarts ICE',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      other.order({ do: 'restart' });
      await it.until(() => it.refusals.length > 0, 'refusing');
      assert.match(it.refusals[0].message, /Invalid ICE settings/);
    },
  },
  {
    stack: 'libdatachannel',
    rows: ['restart-from'],
    reason: 'libdatachannel ends the program when it is to offer other ICE credentials',
    third: 'libwebrtc',
    show: async ({ it }) => {
      it.order({ do: 'restart' });
      await assert.rejects(it.until(() => it.answers > 0, 'ending'), /ended with/);
    },
  },
  ...['aiortc', 'gstreamer'].map((stack) => ({
    stack,
    rows: ['restart-to'],
    reason: `${stack === 'aiortc' ? 'aiortc 1.4' : 'GStreamer 1.22'} answers an offer that restarts ICE with the credentials that it had`,
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      const before = ufrag(it);
      other.order({ do: 'restart' });
      await it.until(() => it.answers > 0, 'answering');
      assert.equal(ufrag(it), before);
    },
  })),
  {
    stack: 'gstreamer',
    rows: ['restart-from'],
    reason: 'GStreamer 1.22 offers the ICE credentials that it had: it knows no restart',
    third: 'libwebrtc',
    show: async ({ it, other }) => {
      const before = ufrag(it);
      it.order({ do: 'restart' });
      await other.until(() => other.answers > 1, 'answering again');
      assert.equal(ufrag(it), before);
    },
  },
  {
    stack: 'aiortc',
    rows: ['restart-from'],
    reason: 'aiortc 1.4 knows no ICE restart',
    third: 'libwebrtc',
    show: async ({ it }) => {
      it.order({ do: 'restart' });
      await it.until(() => it.refusals.length > 0, 'refusing');
      assert.match(it.refusals[0].message, /unexpected keyword argument 'iceRestart'/);
    },
  },
  /* RFC 8832 section 6: the DTLS client's ids are even, and others must be refused */
  ...['aiortc', 'werift'].map((stack) => ({
    stack,
    rows: ['answer-client'],
    reason: `${stack} opens channels on odd ids when it made the offer, though it is the DTLS client: they are refused`,
    third: 'libdatachannel',
    connection: { client: true, whole: false },
    show: async ({ it, other }) => {
      await it.until(() => it.channels.get('one').closed && it.channels.get('two').closed, 'closing');
      assert.match(other.local, /^a=setup:passive/m);
      assert.equal(other.channels.size, 0);
    },
  })),
  ...['werift', 'pion'].map((stack) => ({
    stack,
    rows: ['offer-server'],
    reason: `${stack} answers a=setup:active, even to an offer that is active itself`,
    third: 'libwebrtc',
    connection: { offers: 'other', client: true, whole: false },
    show: async ({ it }) => {
      await it.until(() => it.local, 'answering');
      assert.match(it.local, /^a=setup:active/m);
    },
  })),
  {
    stack: 'aiortc',
    rows: ['offer-server'],
    reason: 'aiortc 1.4 refuses an offer that is not a=setup:actpass',
    third: 'libwebrtc',
    connection: { offers: 'other', client: true, whole: false },
    show: async ({ it }) => {
      await it.until(() => it.refusals.length > 0, 'refusing');
      assert.match(it.refusals[0].message, /must be 'actpass' for an offer/);
    },
  },
];

export const limitOf = (stack, row) => LIMITS.find((limit) => limit.stack === stack && limit.rows.includes(row));

/** Why this stack cannot `what` ('send', 'take', 'tell') a message of this size; undefined if it can. */
export const cannot = (stack, what, size) => LIMITS
  .find((limit) => limit.stack === stack && limit.what === what && limit.hits(size))?.reason;
