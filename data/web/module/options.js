/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What may be asked of a room and a channel, checked. Part of wherry.js. */

import { WherryError, byteSize } from './events.js';

export const socketUrl = (url) => {
  const parsed = new URL(url, globalThis.location?.href);
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  parsed.hash = '';
  if (!parsed.pathname.endsWith('/connect'))
    parsed.pathname = `${parsed.pathname.replace(/\/[^/]*$/, '')}/connect`;
  return parsed.href;
};

export const known = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/* What RTCPeerConnection.createDataChannel() would refuse is refused here, so that it also is while not connected. */
export const channelInit = (label, { ordered, maxRetransmits, maxPacketLifeTime, protocol }) => {
  if (typeof label !== 'string' || byteSize(label) > 65535)
    throw new TypeError('a label is a string of at most 65535 bytes');
  if (label.startsWith('wherry:'))
    throw new WherryError('forbidden', 'labels that start with “wherry:” are the relay\'s own');
  for (const number of [maxRetransmits, maxPacketLifeTime]) {
    if (number !== undefined && !(Number.isInteger(number) && number >= 0 && number <= 65535))
      throw new TypeError('maxRetransmits and maxPacketLifeTime are numbers from 0 to 65535');
  }
  if (maxRetransmits !== undefined && maxPacketLifeTime !== undefined)
    throw new TypeError('maxRetransmits and maxPacketLifeTime exclude each other');
  return known({ ordered, maxRetransmits, maxPacketLifeTime, protocol });
};

export const plain = (attributes) => {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    throw new TypeError('attributes are an object');
  return attributes;
};

/* As the server takes it: text, or binary data in base64. */
export const willOf = (will) => {
  if (will === undefined)
    return undefined;
  const { topic, data } = will;
  if (typeof topic !== 'string' || topic.startsWith('wherry:') || byteSize(data) > 16384)
    throw new TypeError('a will has a topic, and data of at most 16 KiB');
  if (typeof data === 'string')
    return { topic, text: data };
  const bytes = ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
  return { topic, data: btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join('')) };
};
