/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks that tests/interop has participants of, and what they cannot do. */

import { fileURLToPath } from 'node:url';

const script = (path) => fileURLToPath(new URL(`../../interop/${path}`, import.meta.url));

export const STACKS = {
  libwebrtc: [process.execPath, script('libwebrtc/direct.mjs')],
  libdatachannel: [process.execPath, script('libdatachannel/direct.mjs')],
  werift: [process.execPath, script('werift/direct.mjs')],
  gstreamer: ['/usr/bin/python3', script('gstreamer/direct.py')],
};

/* Each is shown in limits.mjs to be the same between this stack and another one without Wherry. */
const LIMITS = [
  {
    stack: 'werift',
    what: 'send',
    hits: (kind, size) => size === 0,
    reason: 'werift 0.24 sends nothing for an empty message, and counts it: all that follow on its stream are lost with it',
  },
  {
    stack: 'gstreamer',
    what: 'send',
    hits: (kind, size) => size === 0,
    reason: 'GStreamer 1.22 closes the channel when it should send an empty text, and sends no empty binary',
  },
  {
    stack: 'gstreamer',
    what: 'tell',
    hits: (kind, size) => size === 0,
    reason: 'GStreamer 1.22 hears empty text as empty binary and the other way round',
  },
  {
    stack: 'gstreamer',
    what: 'send',
    hits: (kind, size) => size > 65_536,
    reason: 'GStreamer 1.22 sends at most 65536 bytes, whatever the other side takes',
  },
];

/** Why this stack cannot `what` a message like this; undefined if it can. */
export const cannot = (stack, what, kind, size) => LIMITS
  .find((limit) => limit.stack === stack && limit.what === what && limit.hits(kind, size))?.reason;
