/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A participant on libwebrtc, as ../participant.md describes it. It leaves loopback out when it
 * gathers: its candidates are this machine's other addresses, and its packets stay on the machine. */

import { createRequire } from 'node:module';

import { serve } from '../lines.mjs';
import { W3cStack } from '../w3c.mjs';

const wrtc = createRequire(import.meta.url)('@roamhq/wrtc');

await serve('libwebrtc', new W3cStack(new wrtc.RTCPeerConnection({ iceServers: [] })));
