/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Takes files from one that knows the code: sections 2, 4 and 5 of data/docs/files.md. They are kept in memory, and each is
 * told of once its hash was right. What came before an interruption is kept as long as the page is.
 */

import { Sha256 } from './file-hash.js';
import { FileMeeting, HELLO, HERE, REFUSED, VERSION, WELCOME, proves, random } from './file-meeting.js';
import {
  ACK, ACK_EVERY, DATA, DATA_MAX, DONE, END, END_COUNT, ENTRIES, EntryList, FILE, HAVE, OFFER, PLAN, READY, REASON, SAVED, TransferError, WANT,
  outOfTurn, record, showPath,
} from './file-records.js';
import { equal, prove, SealedSession } from './file-seal.js';

export const MEMORY_MAX = 1024 ** 3;
const REFUSED_AFTER_MS = 3000;
const NONCES_MAX = 64;
const HAVES_MAX = 1024;

class Part {
  blobs = [];
  size = 0;
  hash = new Sha256();
  isWhole = false;
}

export class FileReceiver extends FileMeeting {
  #nonces = new Map(); /* member id, or '' for everybody: our newest Nr */
  #welcomed = [];
  #refusal = null;
  #parts = new Map(); /* path -> Part */
  #list = null;
  #run = null; /* of this session */

  greet() {
    this.#hello('').catch(() => {});
  }

  async #hello(to) {
    const ours = random();
    if (this.#nonces.size >= NONCES_MAX)
      this.#nonces.clear();
    this.#nonces.delete(to);
    this.#nonces.set(to, ours);
    await this.post(to || null, HELLO, Uint8Array.of(VERSION), ours, await prove(this.keys, 'hello', ours));
  }

  candidates() { return this.#welcomed; }

  begun() {
    clearTimeout(this.#refusal);
    this.#welcomed = [];
    this.#list = null;
    this.#run = { have: [], asked: 0, same: [], looked: false, planned: false, current: null, next: 0, done: 0, counted: 0, told: 0 };
  }

  lost() {
    this.#run = null;
    this.#list = null;
  }

  async hear(from, type, body) {
    if (type === HERE)
      await this.#hello(from);
    else if (type === REFUSED && body.length === 34 && this.#saidTo(from, body.slice(1, 33)) !== undefined)
      this.#onRefused(body[33]);
    else if (type === WELCOME && body.length === 97 && body[0] === VERSION)
      await this.#onWelcome(from, body);
  }

  /* to whom we said it; undefined: to nobody just before */
  #saidTo(from, nonce) {
    return [from, ''].find((to) => this.#nonces.has(to) && equal(this.#nonces.get(to), nonce));
  }

  #onRefused(reason) {
    const words = ['', 'The code is wrong.', 'There were too many wrong codes; the sender has to begin again.', 'The sender speaks another version.',
      'Another receiver with this code took our place.'];
    if (this.session)
      return;
    clearTimeout(this.#refusal);
    this.#refusal = setTimeout(() => this.end(new Error(words[reason] ?? 'The sender refuses.')), REFUSED_AFTER_MS);
  }

  async #onWelcome(from, body) {
    const ours = body.slice(1, 33);
    const theirs = body.slice(33, 65);
    const to = this.#saidTo(from, ours);
    if (to === undefined || !await proves(this.keys, 'welcome', body.slice(65), ours, theirs))
      return;
    this.#nonces.delete(to); /* one makes one session: two would have the same keys */
    const session = { peer: from, sealed: await SealedSession.make(this.keys, 'receiver', ours, theirs) };
    this.#welcomed = [...this.#welcomed.slice(-3), session];
    clearTimeout(this.#refusal);
    await this.say(record(READY, [4, 1]), session); /* bit 0: not directly */
  }

  async take(type, reader) {
    const run = this.#run;
    if (type === OFFER && this.#list === null)
      await this.#offered(reader);
    else if (type === ENTRIES && this.#list !== null && !run.looked)
      await this.#entries(run, reader);
    else if (type === PLAN && run.looked && !run.planned)
      await this.#onPlan(run, reader);
    else if (type === FILE && run.planned && run.current === null)
      this.#fileBegins(run, reader);
    else if (type === DATA && run.current !== null)
      await this.#data(run, reader);
    else if (type === END && run.current !== null)
      await this.#fileEnds(run, reader);
    else if (type === DONE && run.planned && run.current === null)
      await this.#done(run, reader);
    else
      throw outOfTurn(type);
  }

  async #offered(reader) {
    const count = reader.u32();
    const sum = reader.u64();
    reader.end();
    if (sum > MEMORY_MAX)
      throw new TransferError(REASON.space, 'This is more than a page can hold (1 GiB): use “wherry receive”.');
    this.#list = new EntryList(count, sum);
    if (count === 0)
      await this.#look(this.#run);
  }

  async #entries(run, reader) {
    run.counted += reader.left;
    this.#list.add(reader);
    await this.#count(run, 0);
    if (this.#list.isComplete)
      await this.#look(run);
  }

  async #look(run) {
    this.#list.check();
    const { entries } = this.#list;
    this.tell('entries', { entries });
    run.looked = true;
    for (const [index, { path, size, isFolder }] of entries.entries()) {
      const part = this.#parts.get(path);
      if (part === undefined)
        continue;
      if (!isFolder && part.size > 0 && part.size <= size)
        run.have.push(index);
      else
        this.#parts.delete(path);
    }
    await this.#ask(run);
  }

  async #ask(run) {
    while (run.asked < run.have.length && run.asked - run.same.length < HAVES_MAX) {
      const index = run.have[run.asked++];
      await this.say(record(HAVE, [4, index], [8, this.#parts.get(this.#list.entries[index].path).size]));
    }
    if (run.same.length < run.have.length)
      return;
    const bits = new Uint8Array(Math.ceil(run.same.length / 8));
    run.same.forEach((same, i) => { bits[i >> 3] |= same ? 1 << (i & 7) : 0; });
    run.planned = true;
    await this.say(record(WANT, bits));
  }

  async #onPlan(run, reader) {
    const index = reader.u32();
    const theirs = reader.bytes(32);
    reader.end();
    if (run.same.length >= run.asked || index !== run.have[run.same.length])
      throw outOfTurn(PLAN);
    const { path, size } = this.#list.entries[index];
    const part = this.#parts.get(path);
    const same = equal(part.hash.digest(), theirs);
    run.same.push(same);
    if (!same) {
      this.#parts.delete(path);
    } else {
      part.isWhole = part.size === size;
      run.done += part.size;
    }
    await this.#ask(run);
  }

  #fileBegins(run, reader) {
    const index = reader.u32();
    const offset = reader.u64();
    reader.end();
    const entry = this.#list.entries[index];
    if (index < run.next || !entry || entry.isFolder)
      throw outOfTurn(FILE);
    const part = this.#parts.get(entry.path) ?? new Part();
    if (part.isWhole || offset !== part.size)
      throw outOfTurn(FILE);
    this.#parts.set(entry.path, part);
    run.next = index + 1;
    run.current = { entry, part };
  }

  async #data(run, reader) {
    const { entry, part } = run.current;
    const bytes = reader.rest();
    if (bytes.length === 0 || bytes.length > DATA_MAX || part.size + bytes.length > entry.size)
      throw new TransferError(REASON.protocol, `“${showPath(entry.path)}” is longer than was announced.`);
    part.blobs.push(new Blob([bytes])); /* the browser may keep it on its disk */
    part.hash.update(bytes);
    part.size += bytes.length;
    run.done += bytes.length;
    await this.#count(run, bytes.length);
    this.tell('progress', { done: run.done, total: this.#list.sum });
  }

  async #fileEnds(run, reader) {
    const { entry, part } = run.current;
    const theirs = reader.bytes(32);
    reader.end();
    if (part.size !== entry.size || !equal(part.hash.digest(), theirs)) {
      this.#parts.delete(entry.path);
      throw new TransferError(REASON.hash, `“${showPath(entry.path)}” is not what was sent: its hash is wrong.`);
    }
    part.isWhole = true;
    run.current = null;
    await this.#count(run, END_COUNT);
  }

  async #count(run, n) {
    run.counted += n;
    if (run.counted - run.told < ACK_EVERY && n !== END_COUNT)
      return;
    run.told = run.counted;
    await this.say(record(ACK, [8, run.counted]));
  }

  async #done(run, reader) {
    reader.end();
    const files = this.#list.entries.filter(({ isFolder }) => !isFolder);
    if (files.some(({ path }) => !this.#parts.get(path)?.isWhole))
      throw new TransferError(REASON.protocol, 'Some files did not come.');
    for (const { path } of files)
      this.tell('file', { path, blob: new Blob(this.#parts.get(path).blobs) });
    await this.say(record(SAVED));
    await this.end();
  }
}
