/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The frames of the tunnel, data/docs/protocol.md section 5, and RFC 8832's two messages. Part of wherry.js. */

export const Frame = { HELLO: 0, DATA: 1, RESET: 2, RESET_DONE: 3, CREDIT: 4, SWITCH: 5, SWITCHED: 6, CLOSE: 7 };

export const WINDOW = 256 * 1024;
export const FRAGMENT = 16 * 1024;
export const COST = 64;

const FRAME_VERSION = 1;
const FRAME_HEADER = 8;
const FRAME_PAYLOADS = new Map([[Frame.HELLO, 9], [Frame.CREDIT, 4]]);
const FRAME_KINDS = new Set([50, 51, 53, 56, 57]);

/** One frame; `payload`: a Uint8Array. */
export const frame = (type, { stream = 0, end = false, ppid = 0, payload = new Uint8Array(0) } = {}) => {
  const bytes = new Uint8Array(FRAME_HEADER + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, type);
  view.setUint8(1, end ? 1 : 0);
  view.setUint16(2, stream);
  view.setUint32(4, payload.length);
  view.setUint8(4, ppid);
  bytes.set(payload, FRAME_HEADER);
  return bytes;
};

export const helloFrame = (maxMessageSize) => {
  const payload = new Uint8Array(9);
  const view = new DataView(payload.buffer);
  view.setUint8(0, FRAME_VERSION);
  view.setUint32(1, maxMessageSize);
  view.setUint32(5, WINDOW);
  return frame(Frame.HELLO, { payload });
};

export const creditFrame = (bytes) => {
  const payload = new Uint8Array(4);
  new DataView(payload.buffer).setUint32(0, bytes);
  return frame(Frame.CREDIT, { payload });
};

/** The frames of a binary message, one after the other; throws at what is none. */
export function* frames(buffer) {
  const view = new DataView(buffer);
  for (let at = 0; at < buffer.byteLength;) {
    if (buffer.byteLength - at < FRAME_HEADER)
      throw new Error('a frame is shorter than its header');
    const type = view.getUint8(at);
    const ppid = view.getUint8(at + 4);
    const length = view.getUint32(at + 4) & 0xffffff;
    const payload = new Uint8Array(buffer, at + FRAME_HEADER, Math.min(length, buffer.byteLength - at - FRAME_HEADER));
    const good = type === Frame.DATA ? FRAME_KINDS.has(ppid) && length <= FRAGMENT : type <= Frame.CLOSE && length === (FRAME_PAYLOADS.get(type) ?? 0);
    if (!good || payload.length !== length)
      throw new Error('a frame is not as the protocol says');
    const values = new DataView(buffer, at + FRAME_HEADER, length);
    yield {
      type,
      ppid,
      payload,
      stream: view.getUint16(at + 2),
      end: (view.getUint8(at + 1) & 1) === 1,
      maxMessageSize: type === Frame.HELLO ? values.getUint32(1) : 0,
      credit: type === Frame.HELLO ? values.getUint32(5) : type === Frame.CREDIT ? values.getUint32(0) : 0,
    };
    at += FRAME_HEADER + length;
  }
}

const ACK_BYTE = 2;
const OPEN_BYTE = 3;
const UNORDERED = 0x80;

export const dcepAck = () => Uint8Array.of(ACK_BYTE);

export const dcepOpen = (label, { ordered = true, maxRetransmits, maxPacketLifeTime, protocol = '' }) => {
  const encoder = new TextEncoder();
  const names = [encoder.encode(label), encoder.encode(protocol)];
  const bytes = new Uint8Array(12 + names[0].length + names[1].length);
  const view = new DataView(bytes.buffer);
  const kind = maxRetransmits != null ? 1 : maxPacketLifeTime != null ? 2 : 0;
  view.setUint8(0, OPEN_BYTE);
  view.setUint8(1, kind | (ordered ? 0 : UNORDERED));
  view.setUint16(2, 256); /* "low", what RTCDataChannel says by default */
  view.setUint32(4, maxRetransmits ?? maxPacketLifeTime ?? 0);
  view.setUint16(8, names[0].length);
  view.setUint16(10, names[1].length);
  bytes.set(names[0], 12);
  bytes.set(names[1], 12 + names[0].length);
  return bytes;
};

/** What a DCEP message says: `{ ack: true }`, or `{ label, init }`; null: neither. */
export const readDcep = (bytes) => {
  if (bytes.length === 1 && bytes[0] === ACK_BYTE)
    return { ack: true };
  if (bytes.length < 12 || bytes[0] !== OPEN_BYTE)
    return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const lengths = [view.getUint16(8), view.getUint16(10)];
  if (bytes.length !== 12 + lengths[0] + lengths[1])
    return null;
  const kind = bytes[1] & ~UNORDERED;
  const value = view.getUint32(4);
  const decoder = new TextDecoder();
  const init = { ordered: (bytes[1] & UNORDERED) === 0, protocol: decoder.decode(bytes.subarray(12 + lengths[0])) };
  if (kind === 1)
    init.maxRetransmits = value;
  else if (kind === 2)
    init.maxPacketLifeTime = value;
  return { ack: false, label: decoder.decode(bytes.subarray(12, 12 + lengths[0])), init };
};
