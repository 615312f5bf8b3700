/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in the page: the participant itself. */

import { serve } from './lines.mjs';
import { W3cStack } from './w3c.mjs';

const [kind, version] = decodeURIComponent(location.hash.slice(1)).split(' ');

await serve(kind, version, new W3cStack(() => new RTCPeerConnection()));
