/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The stacks that tests/interop has participants of. What they cannot do is in limits.mjs. */

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
  gstreamer: ['/usr/bin/env', '-u', 'G_DEBUG', '/usr/bin/python3', script('gstreamer/direct.py')], /* it warns of what it refuses */
};

/** The public API of this project, driven in the same way. */
export const OURS = [process.env.WHERRY_DIRECT];

export const commandOf = (kind) => (kind === 'wherry' ? OURS : STACKS[kind]);
