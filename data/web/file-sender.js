/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sends files to one that knows the code: sections 2 and 4 of data/docs/files.md. */

import { Sha256 } from './file-hash.js';
import { FileMeeting, HELLO, HERE, REFUSED, VERSION, WELCOME, proves, random } from './file-meeting.js';
import {
  ACK, DATA, DATA_MAX, DONE, END, END_COUNT, EntryList, FILE, HAVE, OFFER, PLAN, READY, REASON, RecordReader, SAVED, TransferError, WANT, WINDOW,
  entryRecords, outOfTurn, record,
} from './file-records.js';
import { prove, SealedSession } from './file-seal.js';

const WRONG_MAX = 10;
const OFFERED_MAX = 16; /* welcomes that nobody has answered yet */
const ANSWERED_MAX = 1024;
const READ_BYTES = 1024 * 1024;
const QUEUED_MAX = 128 * 1024; /* so many small records may wait to go in one message */

const bytesOf = async (blob) => {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new TransferError(REASON.source, `A file cannot be read: ${cause.message}`);
  }
};

export class FileSender extends FileMeeting {
  #files;
  #total;
  #offered = [];
  #answered = new Set();
  #wrong = 0;
  #replaced = new Set(); /* members whose place another one took: they would take it from each other for ever */
  #run = null; /* of this session */

  /** files: File objects */
  constructor(url, code, token, files) {
    super(url, code, token);
    this.#files = files.map((file) => ({ file, path: file.webkitRelativePath || file.name, size: file.size, modified: file.lastModified }));
    this.#total = this.#files.reduce((sum, { size }) => sum + size, 0);
    const list = new EntryList(this.#files.length, this.#total);
    for (const bytes of entryRecords(this.#files))
      list.add(new RecordReader(bytes));
    list.check();
  }

  greet() {
    this.post(null, HERE, Uint8Array.of(VERSION)).catch(() => {});
  }

  candidates() { return this.#offered; }

  begun() {
    this.#offered = this.#offered.filter((session) => session !== this.session);
    this.#run = { haves: [], starts: null, before: 0, overhead: 0, sent: 0, acked: 0, wake: null, done: false };
  }

  lost() {
    this.#run?.wake?.();
    this.#run = null;
  }

  async hear(from, type, body) {
    if (type !== HELLO || body.length !== 65)
      return;
    const theirs = body.slice(1, 33);
    const key = theirs.join();
    if (this.#answered.has(key))
      return;
    if (this.#answered.size >= ANSWERED_MAX)
      this.#answered.clear();
    this.#answered.add(key);
    if (body[0] !== VERSION) {
      await this.post(from, REFUSED, Uint8Array.of(VERSION), theirs, Uint8Array.of(3));
    } else if (!await proves(this.keys, 'hello', body.slice(33), theirs)) {
      this.#wrong += 1;
      const isLast = this.#wrong >= WRONG_MAX;
      await this.post(from, REFUSED, Uint8Array.of(VERSION), theirs, Uint8Array.of(isLast ? 2 : 1));
      if (isLast)
        throw new TransferError(REASON.other, 'Ten times somebody came with a wrong code. Begin again, with a new one.');
    } else if (this.#replaced.has(from)) {
      await this.post(from, REFUSED, Uint8Array.of(VERSION), theirs, Uint8Array.of(4));
    } else {
      await this.#welcome(from, theirs);
    }
  }

  replaced(peer) {
    this.#replaced.add(peer);
  }

  async #welcome(from, theirs) {
    const ours = random();
    const sealed = await SealedSession.make(this.keys, 'sender', theirs, ours);
    this.#offered = [...this.#offered.slice(1 - OFFERED_MAX), { peer: from, sealed }];
    await this.post(from, WELCOME, Uint8Array.of(VERSION), theirs, ours, await prove(this.keys, 'welcome', theirs, ours));
  }

  async take(type, reader) {
    const run = this.#run;
    if (type === READY) {
      reader.u32();
      reader.end();
      /* beside the messages: ACK must be heard meanwhile */
      this.#offer(run).catch((error) => this.end(error));
    } else if (type === HAVE && run.starts === null) {
      await this.#compare(run, reader);
    } else if (type === WANT && run.starts === null) {
      this.#plan(run, reader);
      this.#send(run).catch((error) => this.end(error));
    } else if (type === ACK) {
      this.#onAck(run, reader);
    } else if (type === SAVED && run.done) {
      reader.end();
      this.tell('progress', { done: this.#total, total: this.#total });
      await this.end();
    } else {
      throw outOfTurn(type);
    }
  }

  async #offer(run) {
    await this.say(record(OFFER, [4, this.#files.length], [8, this.#total]));
    for (const bytes of entryRecords(this.#files))
      await this.#sayCounted(run, bytes, bytes.length - 1);
    run.overhead = run.sent;
  }

  #onAck(run, reader) {
    run.acked = reader.u64();
    reader.end();
    if (run.acked > run.sent)
      throw new TransferError(REASON.protocol, 'The other side has taken more than was sent.');
    run.wake?.();
    if (run.starts !== null)
      this.tell('progress', { done: Math.max(0, Math.min(run.before + run.acked - run.overhead, this.#total)), total: this.#total });
  }

  async #hashOf(index, size) {
    const hash = new Sha256();
    for (let at = 0; at < size; at += READ_BYTES)
      hash.update(await bytesOf(this.#files[index].file.slice(at, Math.min(size, at + READ_BYTES))));
    return hash;
  }

  async #compare(run, reader) {
    const index = reader.u32();
    const size = reader.u64();
    reader.end();
    const last = run.haves.at(-1)?.index ?? -1;
    if (index <= last || index >= this.#files.length || size > this.#files[index].size)
      throw outOfTurn(HAVE);
    run.haves.push({ index, size });
    await this.say(record(PLAN, [4, index], (await this.#hashOf(index, size)).digest()));
  }

  /* where each file goes on */
  #plan(run, reader) {
    const bits = reader.bytes(Math.ceil(run.haves.length / 8));
    reader.end();
    run.starts = new Map();
    run.haves.forEach(({ index, size }, i) => {
      if (bits[i >> 3] & (1 << (i & 7)))
        run.starts.set(index, size);
    });
    run.before = [...run.starts.values()].reduce((sum, size) => sum + size, 0);
  }

  async #send(run) {
    for (const [index, { file, size }] of this.#files.entries()) {
      const start = run.starts.get(index);
      if (start === size)
        continue;
      const hash = await this.#hashOf(index, start ?? 0);
      await this.#sayCounted(run, record(FILE, [4, index], [8, start ?? 0]), 0);
      for (let at = start ?? 0; at < size && this.#run === run; at += DATA_MAX) {
        const bytes = await bytesOf(file.slice(at, Math.min(size, at + DATA_MAX)));
        hash.update(bytes);
        await this.#sayCounted(run, record(DATA, bytes), bytes.length);
      }
      await this.#sayCounted(run, record(END, hash.digest()), END_COUNT);
    }
    run.done = true;
    await this.#sayCounted(run, record(DONE), 0);
  }

  async #sayCounted(run, bytes, count) {
    while (this.#run === run && !this.ended && run.sent + count - run.acked > WINDOW) {
      await new Promise((resolve) => { run.wake = resolve; });
    }
    if (this.#run !== run || this.ended)
      return;
    run.sent += count;
    const said = this.say(bytes);
    if (this.queued > QUEUED_MAX)
      await said;
  }
}
