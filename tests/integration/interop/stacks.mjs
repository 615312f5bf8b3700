/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks that tests/interop has participants of, and what they cannot do. */

import { fileURLToPath } from 'node:url';

const script = (path) => fileURLToPath(new URL(`../../interop/${path}`, import.meta.url));

export const STACKS = {
  libwebrtc: [process.execPath, script('libwebrtc/direct.mjs')],
  libdatachannel: [process.execPath, script('libdatachannel/direct.mjs')],
  werift: [process.execPath, script('werift/direct.mjs')],
  aiortc: ['/usr/bin/python3', script('aiortc/direct.py')],
  ...(process.env.WHERRY_PION && { pion: [process.env.WHERRY_PION, 'direct'] }),
  chromium: [process.execPath, script('browser/direct.mjs'), 'chromium'],
  firefox: [process.execPath, script('browser/direct.mjs'), 'firefox'],
  gstreamer: ['/usr/bin/python3', script('gstreamer/direct.py')],
};

/*
 * Messages that a stack cannot `send`, cannot `take`, or does not `tell` right. limits.mjs shows that it is the same
 * between this stack and another one, without Wherry.
 */
const LIMITS = [
  {
    stack: 'werift',
    what: 'send',
    hits: (size) => size === 0,
    reason: 'werift 0.24 sends nothing for an empty message, and counts it: all that follow on its stream are lost with it',
  },
  {
    stack: 'gstreamer',
    what: 'send',
    hits: (size) => size === 0,
    reason: 'GStreamer 1.22 closes the channel when it should send an empty text, and sends no empty binary',
  },
  {
    stack: 'gstreamer',
    what: 'tell',
    hits: (size) => size === 0,
    reason: 'GStreamer 1.22 hears empty text as empty binary and the other way round',
  },
  {
    stack: 'gstreamer',
    what: 'send',
    hits: (size) => size > 65_536,
    reason: 'GStreamer 1.22 drops what is larger than 65536 bytes in silence, whatever the other side takes',
  },
  {
    stack: 'pion',
    what: 'send',
    hits: (size) => size > 65_535,
    reason: 'pion 3.1 sends at most 65535 bytes',
  },
  {
    stack: 'pion',
    what: 'take',
    hits: (size) => size > 65_535,
    reason: 'pion 3.1 closes its channel when more than 65535 bytes come, and its description says 65536 by saying nothing',
  },
];

/** Why this stack cannot `what` a message of this size; undefined if it can. */
export const cannot = (stack, what, size) => LIMITS
  .find((limit) => limit.stack === stack && limit.what === what && limit.hits(size))?.reason;
