/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A participant on werift, as ../participant.md describes it. */

import { readFile } from 'node:fs/promises';

import { RTCPeerConnection } from 'werift';

import { serve } from '../lines.mjs';
import { W3cStack } from '../w3c.mjs';

const PACKAGE = new URL('../../node_modules/werift/package.json', import.meta.url);
const make = () => new RTCPeerConnection({
  iceServers: [],
  iceUseIpv6: false,
  iceInterfaceAddresses: { udp4: '127.0.0.1' },
  iceAdditionalHostAddresses: ['127.0.0.1'],
});

await serve('werift', JSON.parse(await readFile(PACKAGE)).version, new W3cStack(make));
