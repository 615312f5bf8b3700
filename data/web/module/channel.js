/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A data channel of a room that outlives the connection under it. Part of wherry.js. */

import { ADOPT, ATTACH, ATTACHED, DETACH, EMIT, HOLD, INTERRUPT, Target, WherryError, byteSize } from './events.js';

const LOW_BYTES = 256 * 1024; /* below this a channel asks for more */
const HIGH_BYTES = 1024 * 1024; /* what the browser is handed at once; Chromium refuses past 16 MiB */
const QUEUE_BYTES = 64 * 1024 * 1024; /* what waits behind that before send() refuses */
const ITERATOR_BYTES = 16 * 1024 * 1024;

const copyOf = (data) => (ArrayBuffer.isView(data)
  ? data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength)
  : data.slice(0));

/** A data channel of a room: publishes and subscribes on its label. Made by `room.channel()`. */
export class WherryChannel extends Target {
  #limit;
  #options;
  #dc = null;
  #framing = null;
  #state = 'connecting';
  #error = null;
  #queue = [];
  #queued = 0;
  #waiters = [];

  constructor(label, options, limit, mirrored = false) {
    super();
    this.label = label;
    this.mirrored = mirrored;
    this.counts = { messagesSent: 0, messagesReceived: 0, bytesSent: 0, bytesReceived: 0 };
    this.#options = options;
    this.#limit = limit;
    this[HOLD]('message');
  }

  get protocol() { return this.#options.protocol ?? ''; }
  get ordered() { return this.#options.ordered ?? true; }
  get maxRetransmits() { return this.#options.maxRetransmits ?? null; }
  get maxPacketLifeTime() { return this.#options.maxPacketLifeTime ?? null; }
  get id() { return this.#dc?.id ?? null; }
  get readyState() { return this.#state; }
  get error() { return this.#error; }
  get bufferedAmount() { return this.#queued + (this.#dc?.bufferedAmount ?? 0); }

  /** Sends one message. The promise says when there is room for the next; it need not be awaited. */
  send(data, { to } = {}) {
    const size = byteSize(data);
    const limit = this.#limit();
    if (this.#state !== 'open')
      throw new WherryError('not-connected', `channel “${this.label}” is ${this.#state}: await ready() first`);
    if (size > limit)
      throw new RangeError(`the message has ${size} bytes and the relay takes at most ${limit}`);
    if (this.#queued > 0 && this.#queued + size > QUEUE_BYTES)
      throw new WherryError('buffer-full', `channel “${this.label}” has ${this.#queued} bytes waiting: await ready()`);

    const recipient = typeof to === 'object' ? to?.id : to;
    if (recipient !== undefined && !(this.#framing && /^[0-9a-f]{16}$/.test(recipient)))
      throw new TypeError(this.#framing ? 'a member is named by its id' : `channel “${this.label}” cannot address one member: it needs the option resume`);

    const item = { data, size, to: recipient, reading: false };
    this.#queue.push(item);
    this.#queued += size;
    this.#pump();
    /* What has to wait must not change when the caller writes into its buffer again. */
    if (this.#queue.includes(item) && typeof data !== 'string' && !item.reading && !('stream' in data))
      item.data = copyOf(data);
    const room = this.ready();
    room.catch(() => {});
    return room;
  }

  /** Resolves when the channel is open and takes more without piling up; rejects when it is closed. */
  ready() {
    return this.#until(LOW_BYTES);
  }

  /** Resolves when everything sent so far has left this machine's buffers. */
  drained() {
    return this.#until(0);
  }

  /** Closes the channel after what was sent on it. */
  close() {
    if (this.#state === 'closed' || this.#state === 'closing')
      return;
    if (this.#dc === null) {
      this.#closed(null);
      return;
    }
    this.#state = 'closing';
    this.#pump();
  }

  /** The messages, one after the other, until the channel is closed. */
  async* [Symbol.asyncIterator]() {
    const queue = [];
    let bytes = 0;
    let wake = () => {};
    const take = (event) => {
      if (bytes <= ITERATOR_BYTES)
        queue.push(event.data);
      bytes += byteSize(event.data);
      wake();
    };
    const end = () => wake();
    this.addEventListener('message', take);
    this.addEventListener('close', end);
    try {
      for (;;) {
        while (queue.length > 0) {
          const data = queue.shift();
          yield data;
          if (bytes <= ITERATOR_BYTES)
            bytes -= byteSize(data);
        }
        if (bytes > ITERATOR_BYTES)
          throw new WherryError('too-slow', `the messages of channel “${this.label}” were not read in time`);
        if (this.#state === 'closed' && this.#error !== null)
          throw this.#error;
        if (this.#state === 'closed')
          return;
        await new Promise((resolve) => { wake = resolve; });
      }
    } finally {
      this.removeEventListener('message', take);
      this.removeEventListener('close', end);
    }
  }

  /* framing: null: messages are sent as they are. */
  [ATTACH](dc, framing = null) {
    this.#framing?.closed();
    this.#dc = dc;
    this.#framing = framing;
    if (framing)
      framing.wake = () => this.#pump();
    dc.binaryType = 'arraybuffer';
    dc.bufferedAmountLowThreshold = LOW_BYTES;
    const own = (handler) => (event) => { if (this.#dc === dc) handler(event); };
    dc.addEventListener('open', own(() => this.#opened()));
    dc.addEventListener('message', own((event) => this.#received(event, framing)));
    dc.addEventListener('bufferedamountlow', own(() => this.#pump()));
    dc.addEventListener('close', own(() => this.#closed(null)));
    /* not now: whoever called room.channel() has yet to listen */
    if (dc.readyState === 'open')
      queueMicrotask(own(() => this.#opened()));
  }

  /* What carries our messages; null: nothing does. */
  get [ATTACHED]() { return this.#dc && this.#framing; }

  /* The relay opened a mirror before it knew of our channel: what was to come on this one has begun there. */
  [ADOPT](dc, framing) {
    const current = this.#dc;
    dc.binaryType = 'arraybuffer';
    dc.addEventListener('message', (event) => { if (this.#dc === current) this.#received(event, framing); });
  }

  /* The connection ended. A channel of ours waits for the next one unless there is none; when it goes on there, nothing has
   * happened to it. */
  [DETACH](error, final, resumes = false) {
    const lost = this.bufferedAmount;
    this.#dc = null;
    if (resumes && this.#framing && this.#state !== 'closed')
      return;
    this.#framing = null;
    this.#queue = [];
    this.#queued = 0;
    if (this.#state === 'closed')
      return;
    if (final || this.mirrored || this.#state === 'closing') {
      this.#closed(error);
      return;
    }
    this.#state = 'connecting';
    if (lost > 0)
      this[EMIT]('gap', { bytes: lost });
  }

  /* The connection goes on as another member's. */
  [INTERRUPT](bytes) {
    this[EMIT]('gap', { bytes });
  }

  #opened() {
    this.#framing?.opened();
    if (this.#state === 'connecting') {
      this.#state = 'open';
      this[EMIT]('open');
    }
    this.#pump();
  }

  #received(event, framing) {
    const fields = framing ? framing.receive(event.data) : { data: event.data };
    if (fields === null)
      return;
    const { data } = fields;
    this.counts.messagesReceived += 1;
    this.counts.bytesReceived += byteSize(data);
    this[EMIT]('message', fields);
  }

  #closed(error) {
    if (this.#state === 'closed')
      return;
    this.#state = 'closed';
    this.#error = error;
    this.#dc = null;
    this.#framing?.closed();
    this.#wake();
    this[EMIT]('close', { error });
  }

  #pump() {
    while (this.#queue.length > 0 && this.#dc?.readyState === 'open') {
      const item = this.#queue[0];
      if (typeof item.data === 'object' && 'stream' in item.data) {
        this.#readBlob(item);
        return;
      }
      const buffered = this.#dc.bufferedAmount;
      if (this.#framing?.full || (buffered > LOW_BYTES && buffered + item.size > HIGH_BYTES))
        break;
      this.#queue.shift();
      this.#queued -= item.size;
      try {
        if (this.#framing)
          this.#framing.send(item.data, item.to);
        else
          this.#dc.send(item.data);
        this.counts.messagesSent += 1;
        this.counts.bytesSent += item.size;
      } catch (cause) {
        this[EMIT]('error', { error: new WherryError('not-sent', `a message was not sent: ${cause.message}`, { cause }) });
      }
    }
    if (this.#state === 'closing' && this.#queue.length === 0)
      this.#dc?.close();
    this.#wake();
  }

  /* What follows a Blob waits until it is read, so that order is kept. */
  #readBlob(item) {
    if (item.reading)
      return;
    item.reading = true;
    const done = (data, error) => {
      if (this.#queue[0] !== item)
        return;
      if (error) {
        this.#queue.shift();
        this.#queued -= item.size;
        this[EMIT]('error', { error: new WherryError('not-sent', `a Blob could not be read: ${error.message}`) });
      } else {
        item.data = data;
      }
      this.#pump();
    };
    item.data.arrayBuffer().then((data) => done(data, null), (error) => done(null, error));
  }

  #until(bytes) {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ bytes, resolve, reject });
      this.#wake();
    });
  }

  #wake() {
    const amount = this.bufferedAmount;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) {
      if (this.#state === 'closed')
        waiter.reject(this.#error ?? new WherryError('closed', `channel “${this.label}” is closed`));
      else if (this.#state === 'open' && amount <= waiter.bytes)
        waiter.resolve();
      else
        this.#waiters.push(waiter);
    }
    if (this.#dc !== null)
      this.#dc.bufferedAmountLowThreshold = this.#waiters.some((w) => w.bytes === 0) ? 0 : LOW_BYTES;
  }
}
