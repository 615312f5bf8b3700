/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands in sealed messages: sections 4 and 5 of data/docs/files.md. */

export const READY = 0x40;
export const OFFER = 0x20;
export const ENTRIES = 0x21;
export const HAVE = 0x41;
export const WANT = 0x42;
export const PLAN = 0x22;
export const FILE = 0x23;
export const DATA = 0x24;
export const END = 0x25;
export const DONE = 0x26;
export const ACK = 0x43;
export const SAVED = 0x44;
export const ABORT = 0x2f;

export const DATA_MAX = 61440;
export const WINDOW = 896 * 1024;
export const ACK_EVERY = 128 * 1024;
export const END_COUNT = 256; /* what END is counted as in ACK */

export const REASON = { other: 0, user: 1, refused: 2, inTheWay: 3, space: 4, hash: 5, source: 6, protocol: 7, replaced: 8 };

const ENTRIES_MAX = 65536;
const PATHS_MAX = 16 * 1024 * 1024;
const PATH_MAX = 4000;
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What ends a transfer: a reason of ABORT, and words. */
export class TransferError extends Error {
  constructor(reason, message) {
    super(message);
    this.reason = reason;
  }
}

const broken = (what) => new TransferError(REASON.protocol, `The other side does not keep to the protocol: ${what}.`);

/** fields: [bytes, number] pairs, or bytes as they are */
export const record = (type, ...fields) => {
  const parts = fields.map((field) => (Array.isArray(field) ? field : [field.length, field]));
  const all = new Uint8Array(parts.reduce((sum, [length]) => sum + length, 1));
  const view = new DataView(all.buffer);
  let at = 1;
  all[0] = type;
  for (const [length, value] of parts) {
    if (typeof value !== 'number')
      all.set(value, at);
    else if (length === 8)
      view.setBigInt64(at, BigInt(value));
    else if (length === 4)
      view.setUint32(at, value);
    else if (length === 2)
      view.setUint16(at, value);
    else
      view.setUint8(at, value);
    at += length;
  }
  return all;
};

/** Takes a record apart; @throws TransferError where it is too short or too long. */
export class RecordReader {
  #bytes;
  #view;
  #at = 1;

  constructor(bytes) {
    if (bytes.length === 0)
      throw broken('an empty record');
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left() { return this.#bytes.length - this.#at; }

  #step(n) {
    if (this.left < n)
      throw broken('a record is too short');
    this.#at += n;
    return this.#at - n;
  }

  u8() { return this.#view.getUint8(this.#step(1)); }
  u16() { return this.#view.getUint16(this.#step(2)); }
  u32() { return this.#view.getUint32(this.#step(4)); }
  bytes(n) { const at = this.#step(n); return this.#bytes.slice(at, at + n); }
  rest() { return this.bytes(this.left); }

  /** Sizes: what a browser can count. */
  u64() {
    const value = this.#view.getBigUint64(this.#step(8));
    if (value > BigInt(Number.MAX_SAFE_INTEGER))
      throw new TransferError(REASON.refused, 'A size is too large to be true.');
    return Number(value);
  }

  i64() { return Number(this.#view.getBigInt64(this.#step(8))); }

  end() {
    if (this.left > 0)
      throw broken('a record is too long');
  }
}

const refuse = (path, what) => new TransferError(REASON.refused, `“${showPath(path)}” ${what}.`);
/* eslint-disable-next-line no-control-regex */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;
const HIDDEN_ALL = new RegExp(HIDDEN, 'gu');

/** A path as it can be shown. */
export const showPath = (path) => path.slice(0, 200).replace(HIDDEN_ALL, (c) => `\\x${c.codePointAt(0).toString(16)}`);

const checkPath = (path) => {
  const parts = path.split('/');
  if (HIDDEN.test(path))
    throw refuse(path, 'has control characters in it');
  if (parts.length > 64)
    throw refuse(path, 'is too deep');
  for (const part of parts) {
    if (part === '' || encoder.encode(part).length > 255)
      throw refuse(path, 'has a name in it that is empty or too long');
    if (part === '.' || part === '..')
      throw refuse(path, 'would lead out of the folder');
    if (part.startsWith('.') && part.endsWith('.wherry-part'))
      throw refuse(path, 'is a name for unfinished files');
  }
};

/** The list as it comes: add() each ENTRIES, then check(). */
export class EntryList {
  entries = [];
  #paths = 0;

  constructor(count, sum) {
    if (count > ENTRIES_MAX)
      throw new TransferError(REASON.refused, `${count} files are too many for one transfer.`);
    this.count = count;
    this.sum = sum;
  }

  get isComplete() { return this.entries.length === this.count; }

  add(reader) {
    do {
      const kind = reader.u8();
      const mode = reader.u8();
      const modified = reader.i64();
      const size = reader.u64();
      const length = reader.u16();
      if (kind > 1 || (kind === 1 && size !== 0) || this.isComplete)
        throw broken('a list of files that cannot be');
      if (length === 0 || length > PATH_MAX || (this.#paths += length) > PATHS_MAX)
        throw new TransferError(REASON.refused, 'A path is empty or too long.');
      this.entries.push({ isFolder: kind === 1, mode, modified, size, path: this.#text(reader.bytes(length)) });
    } while (reader.left > 0);
  }

  #text(bytes) {
    try {
      return decoder.decode(bytes);
    } catch {
      throw new TransferError(REASON.refused, 'A name is no UTF-8.');
    }
  }

  check() {
    const files = new Set();
    const all = new Set();
    for (const { path, isFolder } of this.entries) {
      checkPath(path);
      if (all.has(path))
        throw refuse(path, 'is there twice');
      all.add(path);
      if (!isFolder)
        files.add(path);
    }
    for (const { path } of this.entries) {
      for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) {
        if (files.has(path.slice(0, at)))
          throw refuse(path, 'lies in what is a file');
      }
    }
    if (this.entries.reduce((sum, { size }) => sum + size, 0) !== this.sum)
      throw new TransferError(REASON.refused, 'The sizes are not what was announced.');
  }
}

/** ENTRIES records for [{path, size, modified}], files all. */
export const entryRecords = (files) => {
  const records = [];
  let parts = [];
  let length = 0;
  const flush = () => {
    if (parts.length > 0)
      records.push(record(ENTRIES, ...parts));
    parts = [];
    length = 0;
  };
  for (const { path, size, modified } of files) {
    const name = encoder.encode(path);
    const entry = record(0, [1, 0], [8, modified], [8, size], [2, name.length], name);
    if (length + entry.length > DATA_MAX)
      flush();
    parts.push(entry);
    length += entry.length;
  }
  flush();
  return records;
};

export const abortRecord = (reason, text) => record(ABORT, [1, reason], encoder.encode(text).slice(0, 500));

/** What the other side's ABORT says, as an error. */
export const readAbort = (reader) => {
  const reason = reader.u8();
  const text = new TextDecoder().decode(reader.rest());
  const error = new TransferError(reason, `The other side ended it: ${text === '' ? `reason ${reason}` : showPath(text)}`);
  error.wasSaid = true;
  return error;
};

/** @param {Uint8Array | null} bytes */
export const readRecord = (bytes) => {
  if (bytes === null)
    throw broken('a length is wrong');
  return { type: bytes[0], reader: new RecordReader(bytes) };
};
export const outOfTurn = (type) => broken(`a record of type ${type} out of turn`);
