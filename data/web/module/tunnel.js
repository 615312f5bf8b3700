/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Data channels on the signaling WebSocket, until WebRTC connects. Part of wherry.js. */

import { COST, FRAGMENT, Frame, WINDOW, creditFrame, dcepAck, dcepOpen, frame, frames, helloFrame, readDcep } from './frames.js';

const RESERVE = WINDOW / 4; /* for messages of one fragment */
const UNFINISHED = 4; /* messages under way at once */

const happen = (target, type, fields = {}) => target.dispatchEvent(Object.assign(new Event(type), fields));

/* As much of an RTCDataChannel as WherryChannel needs. Its messages go through the tunnel until that has been left, then over
 * `direct`, the RTCDataChannel that is the same channel there. */
class TunnelChannel extends EventTarget {
  #tunnel;
  #low = 0;
  queue = []; /* of { bytes, ppid, at } */
  queued = 0;
  direct = null;
  readyState = 'connecting';
  resetSent = false;
  theirReset = false;
  ourReset = false;

  constructor(tunnel, id, label, init) {
    super();
    this.#tunnel = tunnel;
    this.id = id;
    this.label = label;
    this.init = init;
    this.ordered = init.ordered ?? true;
    this.maxRetransmits = init.maxRetransmits ?? null;
    this.maxPacketLifeTime = init.maxPacketLifeTime ?? null;
    this.protocol = init.protocol ?? '';
  }

  get bufferedAmount() { return this.queued + (this.direct?.bufferedAmount ?? 0); }
  get bufferedAmountLowThreshold() { return this.#low; }
  set bufferedAmountLowThreshold(bytes) {
    this.#low = bytes;
    if (this.direct)
      this.direct.bufferedAmountLowThreshold = bytes;
  }

  send(data) {
    if (this.readyState !== 'open')
      throw new Error(`the channel is ${this.readyState}`);
    if (this.direct && this.#tunnel.left) {
      this.direct.send(data);
      return;
    }
    const text = typeof data === 'string';
    const view = text ? new TextEncoder().encode(data)
      : ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
    const bytes = text ? view : view.slice(); /* the caller may write into it again */
    this.queue.push({ bytes, ppid: (text ? 51 : 53) + (bytes.length === 0 ? (text ? 5 : 4) : 0), at: 0, data: text ? data : bytes });
    this.queued += bytes.length;
    this.#tunnel.pump();
  }

  close() {
    if (this.readyState === 'closing' || this.readyState === 'closed')
      return;
    this.readyState = 'closing';
    this.#tunnel.pump();
  }

  /* So much of what was queued is out. */
  took(bytes) {
    const before = this.bufferedAmount;
    this.queued -= bytes;
    if (before > this.#low && this.bufferedAmount <= this.#low)
      happen(this, 'bufferedamountlow');
  }

  opened() {
    if (this.readyState !== 'connecting')
      return;
    this.readyState = 'open';
    happen(this, 'open');
  }

  ended() {
    if (this.readyState === 'closed')
      return;
    this.readyState = 'closed';
    happen(this, 'close');
  }

  /** The same channel over WebRTC: what comes there is this one's, what goes there waits for `flush()`. */
  bind(dc) {
    this.direct = dc;
    dc.binaryType = 'arraybuffer';
    dc.bufferedAmountLowThreshold = this.#low;
    dc.addEventListener('open', () => {
      this.opened();
      this.#tunnel.pump();
    });
    dc.addEventListener('message', ({ data }) => happen(this, 'message', { data }));
    dc.addEventListener('bufferedamountlow', () => { if (this.queued === 0) happen(this, 'bufferedamountlow'); });
    dc.addEventListener('close', () => { this.#tunnel.forget(this); this.ended(); });
    if (dc.readyState === 'open')
      this.opened();
  }

  flush() {
    const waiting = this.queue.filter(({ ppid }) => ppid !== 50);
    this.queue = this.queue.filter(({ ppid }) => ppid === 50);
    for (const { data, bytes } of waiting) {
      this.direct.send(data);
      this.took(bytes.length);
    }
    if (this.readyState === 'closing')
      this.direct.close();
  }
}

/*
 * `owner` is told: send(bytes) something for the socket; channel(channel) the relay opened one; failed(reason) what came is not
 * as the protocol says, or the relay closed it; left() nothing is sent here any more.
 */
export class Tunnel {
  #owner;
  #channels = new Map();
  #held = []; /* made while the mark was under way */
  #next = 1; /* even streams are the relay's */
  #credit = 0;
  #consumed = 0;
  #parts = new Map();
  #turn = 0;
  #pc = null;
  #leaving = false;
  #marked = false;
  #theyLeave = false; /* their mark came and waits for our way */
  #theyLeft = false;
  #ended = false;
  left = false;
  maxMessageSize = Infinity;

  constructor(maxMessageSize, owner) {
    this.#owner = owner;
    this.#write(helloFrame(Math.min(maxMessageSize, 0xffffffff)));
  }

  /** Whether anything still depends on the socket. */
  get needed() { return !this.left || !this.#theyLeft; }

  createDataChannel(label, init = {}) {
    if (this.left)
      return this.#pc.createDataChannel(label, init);
    if (this.#leaving) {
      const channel = new TunnelChannel(this, null, label, init);
      this.#held.push(channel);
      return channel;
    }
    while (this.#channels.has(this.#next))
      this.#next += 2;
    const channel = new TunnelChannel(this, this.#next, label, init);
    this.#next += 2;
    this.#channels.set(channel.id, channel);
    channel.queue.push({ bytes: dcepOpen(label, init), ppid: 50, at: 0 });
    this.pump();
    return channel;
  }

  /** A binary message that came. */
  receive(buffer) {
    if (this.#ended)
      return;
    try {
      for (const one of frames(buffer))
        this.#take(one);
    } catch (error) {
      this.end();
      this.#owner.failed(error.message);
    }
  }

  /** There is another way: `notices` is its channel for the one with this label, open already. */
  leave(pc, notices) {
    this.#pc = pc;
    for (const channel of this.#channels.values())
      this.#bind(channel, notices);
    this.#leaving = true;
    this.pump();
    if (this.#theyLeave)
      this.#answerSwitch();
  }

  get channels() { return [...this.#channels.values()]; }

  forget(channel) {
    this.#channels.delete(channel.id);
  }

  end() {
    this.#ended = true;
  }

  #write(bytes) {
    if (!this.#ended)
      this.#owner.send(bytes);
  }

  #bind(channel, notices = null) {
    if (channel.direct || channel.resetSent || channel.theirReset)
      return;
    const { label, id, init } = channel;
    channel.bind(notices?.id === id ? notices : this.#pc.createDataChannel(label, { ...init, negotiated: true, id }));
  }

  /* ---- out ---- */

  #mayStart(item) {
    if (this.#leaving && item.ppid !== 50)
      return false;
    if (item.bytes.length <= FRAGMENT)
      return this.#credit >= COST + item.bytes.length;
    const unfinished = this.channels.filter(({ queue }) => queue[0]?.at > 0).length;
    return unfinished < UNFINISHED && this.#credit >= RESERVE + COST + FRAGMENT;
  }

  #mayGoOn(item) {
    return item.at > 0 ? this.#credit >= RESERVE + COST + FRAGMENT : this.#mayStart(item);
  }

  #sendOne(channel) {
    const item = channel.queue[0];
    const payload = item.bytes.subarray(item.at, item.at + FRAGMENT);
    item.at += payload.length;
    const end = item.at >= item.bytes.length;
    this.#credit -= COST + payload.length;
    this.#write(frame(Frame.DATA, { stream: channel.id, ppid: item.ppid, end, payload }));
    if (end)
      channel.queue.shift();
    if (item.ppid !== 50)
      channel.took(payload.length);
  }

  /** Sends what there is credit for, of each channel in turn. */
  pump() {
    for (let tried = 0; tried < this.#channels.size;) {
      const channels = this.channels;
      const channel = channels[this.#turn++ % channels.length];
      if (channel.queue.length > 0 && this.#mayGoOn(channel.queue[0])) {
        this.#sendOne(channel);
        tried = 0;
      } else {
        tried += 1;
      }
      if (channel.queue.length === 0 && channel.readyState === 'closing')
        this.#reset(channel);
    }
    const done = ({ queue, direct }) => !(queue[0]?.at > 0 || queue[0]?.ppid === 50 || (direct && direct.readyState === 'connecting'));
    if (this.#leaving && !this.#marked && this.channels.every(done)) {
      this.#marked = true;
      this.#write(frame(Frame.SWITCH));
    }
  }

  #reset(channel) {
    if (channel.resetSent || (channel.direct && this.left))
      return;
    channel.resetSent = true;
    this.#write(frame(Frame.RESET, { stream: channel.id }));
  }

  #onSwitched() {
    this.left = true;
    for (const channel of this.channels)
      if (channel.direct)
        channel.flush();
    for (const channel of this.#held.splice(0)) {
      if (channel.readyState === 'connecting')
        channel.bind(this.#pc.createDataChannel(channel.label, channel.init));
      else
        channel.ended();
    }
    this.#owner.left();
  }

  /* ---- in ---- */

  #take(one) {
    switch (one.type) {
      case Frame.HELLO:
        this.maxMessageSize = one.maxMessageSize;
        this.#credit = Math.min(one.credit, WINDOW);
        this.pump();
        break;
      case Frame.CREDIT:
        this.#credit = Math.min(this.#credit + one.credit, WINDOW);
        this.pump();
        break;
      case Frame.DATA:
        this.#onData(one);
        break;
      case Frame.RESET:
        this.#onReset(one.stream);
        break;
      case Frame.RESET_DONE:
        this.#onResetDone(one.stream);
        break;
      case Frame.SWITCH:
        this.#theyLeave = true;
        if (this.#pc)
          this.#answerSwitch();
        break;
      case Frame.SWITCHED:
        this.#onSwitched();
        break;
      default:
        throw new Error('the relay closed the tunnel');
    }
  }

  #onData({ stream, ppid, end, payload }) {
    const part = this.#parts.get(stream) ?? [];
    this.#consumed += COST + payload.length;
    if (this.#consumed >= WINDOW / 4) {
      this.#write(creditFrame(this.#consumed));
      this.#consumed = 0;
    }
    part.push(payload);
    this.#parts.set(stream, part);
    if (!end)
      return;
    this.#parts.delete(stream);
    const bytes = new Uint8Array(part.reduce((sum, { length }) => sum + length, 0));
    part.reduce((at, piece) => { bytes.set(piece, at); return at + piece.length; }, 0);
    if (ppid === 50)
      this.#onDcep(stream, readDcep(bytes));
    else
      this.#onMessage(this.#channels.get(stream), ppid === 51 || ppid === 56, bytes);
  }

  #onMessage(channel, text, bytes) {
    if (!channel || channel.readyState === 'closed')
      return;
    channel.opened(); /* who sends on it has it */
    happen(channel, 'message', { data: text ? new TextDecoder().decode(bytes) : bytes.buffer });
  }

  #onDcep(stream, message) {
    if (message?.ack) {
      this.#channels.get(stream)?.opened();
      return;
    }
    if (message === null || stream % 2 === 1 || this.#channels.has(stream))
      return;
    const channel = new TunnelChannel(this, stream, message.label, message.init);
    channel.readyState = 'open';
    this.#channels.set(stream, channel);
    if (this.#pc)
      this.#bind(channel);
    channel.queue.push({ bytes: dcepAck(), ppid: 50, at: 0 });
    this.pump();
    this.#owner.channel(channel);
  }

  #onReset(stream) {
    const channel = this.#channels.get(stream);
    this.#parts.delete(stream);
    this.#write(frame(Frame.RESET_DONE, { stream }));
    if (!channel)
      return;
    channel.theirReset = true;
    channel.queue.length = 0;
    channel.queued = 0;
    this.#reset(channel);
    this.#checkClosed(channel);
  }

  #onResetDone(stream) {
    const channel = this.#channels.get(stream);
    if (!channel)
      return;
    channel.ourReset = true;
    this.#checkClosed(channel);
  }

  #checkClosed(channel) {
    if (!channel.theirReset || !channel.ourReset)
      return;
    this.forget(channel);
    channel.ended();
  }

  /* What the relay closes from now on it closes over there: of a channel that is not there nothing more is heard. */
  #answerSwitch() {
    this.#theyLeave = false;
    this.#theyLeft = true;
    this.#write(frame(Frame.SWITCHED));
    for (const channel of this.channels.filter(({ direct }) => !direct)) {
      this.forget(channel);
      channel.ended();
    }
  }
}
