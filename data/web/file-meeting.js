/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How two that know the same code find each other in a room, and have a sealed session: section 2 of data/docs/files.md.
 * What they then do is FileSender's and FileReceiver's.
 */

import { abortRecord, readAbort, readRecord, ABORT, REASON, TransferError } from './file-records.js';
import { deriveKeys, equal, join, prove, SEALED_MAX } from './file-seal.js';
import { Wherry, WherryEvent } from './wherry.js';

export const HERE = 1;
export const HELLO = 2;
export const WELCOME = 3;
export const REFUSED = 4;
const SEALED = 16;
export const VERSION = 1;
const WAITING_MAX = 4 * 1024 * 1024; /* an honest sender has less than 1 MiB on the way */
const BROKEN_MAX = 3;
const PATIENCE_MS = 3000;

export const random = () => crypto.getRandomValues(new Uint8Array(32));

/** Events: `waiting`, `session`, `entries` {entries}, `progress` {done, total}, `file` {path, blob}, `end` {error}. */
export class FileMeeting extends EventTarget {
  #url;
  #code;
  #token;
  #turn = Promise.resolve(); /* messages are taken one after the other */
  #waiting = 0; /* bytes that are yet to be */
  #queue = []; /* records that are yet to be sealed: {record, session, done} */
  #sealing = false;
  #queued = 0; /* bytes of them */
  #broken = 0;
  #ended = false;
  session = null; /* {peer, sealed}: the one that counts */

  constructor(url, code, token) {
    super();
    this.#url = url;
    this.#code = code;
    this.#token = token;
  }

  get ended() { return this.#ended; }

  tell(type, fields) {
    this.dispatchEvent(new WherryEvent(type, fields));
  }

  /** Resolves when it is in the room; what happens then is told by events. */
  async start() {
    this.keys = await deriveKeys(this.#code);
    this.room = Wherry.room(this.#url, this.keys.room, { token: this.#token || undefined, mirror: false });
    this.channel = this.room.channel('files');
    this.channel.addEventListener('open', () => this.greet());
    this.channel.addEventListener('message', (event) => this.#heard(event));
    /* which may overtake the last messages */
    this.room.addEventListener('member-left', ({ member }) => setTimeout(() => this.#inTurn(() => this.#left(member.id)), PATIENCE_MS));
    this.room.addEventListener('state', ({ state, error, reason }) => {
      if (state === 'failed')
        this.end(error ?? new Error(reason));
    });
    if (this.#ended)
      return;
    try {
      await this.room.join();
      this.tell('waiting');
    } catch (error) {
      this.end(error);
    }
  }

  /** Ends it; the other side is told why, unless that was the one who said so. */
  async end(error = null, said = false) {
    if (this.#ended)
      return;
    this.#ended = true;
    this.tell('end', { error });
    if (this.session && error !== null && !said) {
      const reason = error instanceof TransferError ? error.reason : REASON.other;
      await this.say(abortRecord(reason, error.message));
    }
    await this.room?.leave();
  }

  cancel() {
    return this.end(new TransferError(REASON.user, 'It was ended here.'));
  }

  post(to, type, ...fields) {
    return this.channel.send(join(Uint8Array.of(type), ...fields), to ? { to } : {});
  }

  /** Bytes that are yet to be sealed. */
  get queued() { return this.#queued; }

  /** Seals and sends a record, with those that wait beside it; resolves when there is room for the next. */
  say(record, session = this.session) {
    return new Promise((done) => {
      this.#queue.push({ record, session, done });
      this.#queued += record.length;
      if (!this.#sealing)
        this.#flush();
    });
  }

  async #flush() {
    this.#sealing = true;
    while (this.#queue.length > 0) {
      const { session } = this.#queue[0];
      let size = 0;
      const fits = this.#queue.findIndex(({ record, session: other }) => other !== session || (size += record.length + 2) > SEALED_MAX);
      const batch = this.#queue.splice(0, fits < 0 ? this.#queue.length : fits);
      try {
        await this.channel.send(await session.sealed.seal(...batch.map(({ record }) => record)), { to: session.peer });
      } catch (error) {
        this.end(error);
      }
      for (const { record, done } of batch) {
        this.#queued -= record.length;
        done();
      }
    }
    this.#sealing = false;
  }

  /* for the two roles: greet(), hear(from, type, body), candidates(): sessions that may take the place of this one,
   * begun(record), take(type, reader), lost(); the sender's: replaced(peer) */

  #inTurn(work) {
    this.#turn = this.#turn.then(async () => {
      if (!this.#ended)
        await work();
    }).catch((error) => this.end(error, error.wasSaid === true));
  }

  #heard({ data, from, replayed }) {
    if (typeof data === 'string' || data.byteLength === 0 || !from || replayed || this.#ended)
      return;
    this.#waiting += data.byteLength;
    if (this.#waiting > WAITING_MAX) {
      this.end(new TransferError(REASON.protocol, 'The other side sends more than it may.'));
      return;
    }
    this.#inTurn(async () => {
      this.#waiting -= data.byteLength;
      const message = new Uint8Array(data);
      if (message[0] !== SEALED)
        await this.hear(from, message[0], message.subarray(1));
      else if (message.length >= 9 + 16)
        await this.#sealedFrom(from, message);
    });
  }

  async #sealedFrom(from, message) {
    const candidate = this.candidates().find(({ peer, sealed }) => peer === from && sealed.isFor(message));
    if (candidate) {
      await this.#replace(candidate, message);
      return;
    }
    if (this.session?.peer !== from || !this.session.sealed.isFor(message))
      return;
    let opened;
    try {
      opened = await this.session.sealed.open(message);
    } catch {
      this.#broken += 1;
      if (this.#broken >= BROKEN_MAX)
        throw new TransferError(REASON.hash, 'What came was changed on the way, again and again.');
      this.#lose();
      return;
    }
    await this.#take(opened);
  }

  async #replace(candidate, message) {
    let first;
    try {
      first = await candidate.sealed.open(message);
    } catch {
      return;
    }
    const before = this.session;
    if (before && before.peer !== candidate.peer) {
      this.say(abortRecord(REASON.replaced, 'another receiver took its place'), before);
      this.replaced?.(before.peer);
    }
    this.session = candidate;
    this.tell('session');
    this.begun();
    await this.#take(first);
  }

  async #take(records) {
    const session = this.session;
    for (const bytes of records) {
      const { type, reader } = readRecord(bytes);
      if (type === ABORT)
        throw readAbort(reader);
      if (this.session === session && !this.#ended)
        await this.take(type, reader);
    }
  }

  #left(id) {
    if (this.session?.peer === id && !this.room.members.has(id))
      this.#lose();
  }

  #lose() {
    this.session = null;
    this.lost();
    this.tell('waiting');
    if (this.channel.readyState === 'open')
      this.greet();
  }
}

/** Whether a proof is right for what it proves. */
export const proves = async (keys, which, proof, ...nonces) => equal(await prove(keys, which, ...nonces), proof);
