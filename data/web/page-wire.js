/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading and packing what the page sends. What comes from others may be anything at all. */

export const parse = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
};

/** The value if it is text, cut to `longest` characters; otherwise nothing. */
export const asText = (value, longest) => (typeof value === 'string' ? value.slice(0, longest) : '');

/** Packs a file behind its description. */
export const packFile = (about, body) => {
  const head = new TextEncoder().encode(JSON.stringify(about));
  const packed = new Uint8Array(4 + head.byteLength + body.byteLength);
  new DataView(packed.buffer).setUint32(0, head.byteLength);
  packed.set(head, 4);
  packed.set(new Uint8Array(body), 4 + head.byteLength);
  return packed.buffer;
};

/** The opposite; null where the bytes are no such file. */
export const unpackFile = (packed) => {
  if (!(packed instanceof ArrayBuffer) || packed.byteLength < 4)
    return null;
  const length = new DataView(packed).getUint32(0);
  if (length > packed.byteLength - 4)
    return null;
  const about = parse(new TextDecoder().decode(new Uint8Array(packed, 4, length)));
  if (typeof about?.file !== 'string')
    return null;
  return {
    from: asText(about.from, 16),
    name: asText(about.name, 64),
    file: asText(about.file, 255),
    mime: asText(about.type, 100),
    body: packed.slice(4 + length),
  };
};
