/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The code, and the keys that come of it: sections 1 and 3 of data/docs/files.md, by WebCrypto. */

import { words } from './file-words.js';

const CODE_WORDS = 7;
const ROUNDS = 600000;
const MAGIC = 'wherry.file.1';
/** Bytes that may be sealed at once. */
export const SEALED_MAX = 61443;
const known = new Set(words);
const encoder = new TextEncoder();

/** Why it cannot be done here; '' where it can. */
export const sealProblem = () => (globalThis.crypto?.subtle ? '' : 'The browser encrypts only on pages by https, or of this machine.');

/** A new code, evenly drawn. */
export const makeCode = () => Array.from(crypto.getRandomValues(new Uint16Array(CODE_WORDS)), (number) => words[number % words.length]).join('-');

/** @throws {Error} in words for who typed it */
export const readCode = (typed) => {
  const parts = typed.toLowerCase().split(/[\s\-_,.]+/).filter((part) => part !== '');
  for (const part of parts) {
    if (known.has(part))
      continue;
    const meant = words.find((word) => word.slice(0, 4) === part.slice(0, 4));
    throw new Error(`“${part}” is no word of a code${meant ? `; is it “${meant}”?` : '.'}`);
  }
  if (parts.length !== CODE_WORDS)
    throw new Error(`A code has ${CODE_WORDS} words, and these are ${parts.length}.`);
  return parts.join('-');
};

export const join = (...parts) => {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

const hmac = async (key, ...parts) => {
  const imported = await crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, join(...parts)));
};

/* RFC 5869 section 2.3, up to one hash long */
const expand = async (key, label, length) => (await hmac(key, encoder.encode(`${MAGIC} ${label}`), Uint8Array.of(1))).slice(0, length);

/** {master, proof, room} */
export const deriveKeys = async (code) => {
  const typed = await crypto.subtle.importKey('raw', encoder.encode(code), 'PBKDF2', false, ['deriveBits']);
  const master = new Uint8Array(await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt: encoder.encode(MAGIC), iterations: ROUNDS }, typed, 256));
  const name = await expand(master, 'room', 10);
  return {
    master,
    proof: await expand(master, 'proof', 32),
    room: `file-${Array.from(name, (byte) => byte.toString(16).padStart(2, '0')).join('')}`,
  };
};

/** @param {'hello' | 'welcome'} which */
export const prove = (keys, which, ...nonces) => hmac(keys.proof, encoder.encode(which), ...nonces);

export const equal = (a, b) => a.length === b.length && a.reduce((differ, byte, i) => differ | (byte ^ b[i]), 0) === 0;

const aes = (key, use) => crypto.subtle.importKey('raw', key, 'AES-GCM', false, [use]);

const nonce = (counter) => {
  const iv = new Uint8Array(12);
  new DataView(iv.buffer).setBigUint64(4, counter);
  return iv;
};

/** What passes between two members from their welcome on; each record is sealed and opened in its turn. */
export class SealedSession {
  static async make(keys, role, theirs, ours) {
    const key = await hmac(join(theirs, ours), keys.master); /* HKDF-Extract; theirs: Nr, ours: Ns */
    const session = new SealedSession();
    session.id = await expand(key, 'session', 8);
    session.sealKey = await aes(await expand(key, role, 32), 'encrypt');
    session.openKey = await aes(await expand(key, role === 'sender' ? 'receiver' : 'sender', 32), 'decrypt');
    return session;
  }

  sealed = 0n;
  opened = 0n;
  #head = () => join(Uint8Array.of(16), this.id);

  /** One message of them all, which may have SEALED_MAX bytes, and two more for each. */
  async seal(...records) {
    const head = this.#head();
    const iv = nonce(this.sealed++);
    const plain = join(...records.flatMap((record) => [Uint8Array.of(record.length >> 8, record.length & 255), record]));
    return join(head, new Uint8Array(await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: head }, this.sealKey, plain)));
  }

  isFor(message) {
    return equal(message.subarray(1, 9), this.id);
  }

  /** The records, the last one of them null where its length is wrong. @throws where something was changed, cut, repeated or reordered */
  async open(message) {
    const iv = nonce(this.opened);
    const plain = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: this.#head() }, this.openKey, message.subarray(9)));
    const records = [];
    this.opened++;
    for (let at = 0; at < plain.length;) {
      const end = at + 2 + ((plain[at] << 8) | plain[at + 1]);
      const isWhole = at + 2 < end && end <= plain.length;
      records.push(isWhole ? plain.slice(at + 2, end) : null);
      at = isWhole ? end : plain.length;
    }
    return records.length > 0 ? records : [null];
  }
}
