/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A participant on libwebrtc, as ../participant.md describes it. It leaves loopback out when it
 * gathers: its candidates are this machine's other addresses, and its packets stay on the machine. */

import { createRequire } from 'node:module';

import { serve } from '../lines.mjs';
import { W3cStack } from '../w3c.mjs';

const require = createRequire(import.meta.url);
const wrtc = require('@roamhq/wrtc');

await serve('libwebrtc', `@roamhq/wrtc ${require('@roamhq/wrtc/package.json').version}`, new W3cStack(() => new wrtc.RTCPeerConnection({ iceServers: [] })));
