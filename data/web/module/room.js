/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room: joining, members, channels, and coming back after a loss. */

import { WherryChannel } from './channel.js';
import { ATTACH, DETACH, EMIT, HOLD, Target, WherryError, WherryEvent, byteSize } from './events.js';
import { Link } from './link.js';
import { readStats } from './stats.js';

export { WherryChannel, WherryError, WherryEvent };

const STABLE_MS = 10_000; /* a connection this old starts the backoff from its beginning */
const DRAIN_MS = 2_000;
const BACKOFF = { retries: Infinity, minDelay: 500, maxDelay: 15_000 };

/* Answers after which trying again would only get the same answer. */
const FINAL = new Set(['bad-room', 'unauthorized', 'forbidden', 'bad-message', 'unknown-type', 'bad-sdp',
  'kicked', 'banned', 'expired', 'replaced', 'unsupported']);

const socketUrl = (url) => {
  const parsed = new URL(url, globalThis.location?.href);
  parsed.protocol = parsed.protocol.replace(/^http/, 'ws');
  parsed.hash = '';
  if (!parsed.pathname.endsWith('/connect'))
    parsed.pathname = `${parsed.pathname.replace(/\/[^/]*$/, '')}/connect`;
  return parsed.href;
};

const known = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/* What RTCPeerConnection.createDataChannel() would refuse is refused here, so that it also is while not connected. */
const channelInit = (label, { ordered, maxRetransmits, maxPacketLifeTime, protocol }) => {
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

const plain = (attributes) => {
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes))
    throw new TypeError('attributes are an object');
  return attributes;
};

/* As the server takes it: text, or binary data in base64. */
const willOf = (will) => {
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

/** A member's view of a room. `Wherry.join()` makes one that is connected, `Wherry.room()` one that is not. */
export class WherryRoom extends Target {
  #options;
  #url;
  #link = null;
  #state = 'closed';
  #reason = 'Not joined yet.';
  #error = null;
  #id = null;
  #limit = Infinity;
  #features = [];
  #attributes;
  #will;
  #channels = new Set();
  #tries = 0;
  #since = 0;
  #retry = null;
  #wake = null;
  #onPageHide = () => { if (this.#options.leaveOnPageHide !== false) this.#leave(); };
  #onAbort = () => { this.#leave(); };

  constructor(url, name, options = {}) {
    super();
    this.#url = socketUrl(url);
    this.#options = { ...options };
    this.#options.WebSocket ??= globalThis.WebSocket;
    this.#options.RTCPeerConnection ??= globalThis.RTCPeerConnection;
    this.#attributes = plain(this.#options.attributes ?? {});
    this.#will = willOf(this.#options.will);
    this.name = name;
    this.members = new Map();
    this[HOLD]('channel', 'signal', 'msg');
  }

  get id() { return this.#id; }
  get state() { return this.#state; }
  get reason() { return this.#reason; }
  get error() { return this.#error; }
  get features() { return [...this.#features]; }
  get attributes() { return this.#attributes; }
  get signalingOpen() { return this.#link?.socketOpen ?? false; }
  get channels() { return [...this.#channels]; }

  /** The largest message that can be sent now, in bytes. */
  get maxMessageSize() {
    return Math.min(this.#limit, this.#link?.pc?.sctp?.maxMessageSize || Infinity);
  }

  /** Joins; resolves with the room when messages can pass, rejects with the reason why they cannot. */
  async join() {
    const { signal, WebSocket, RTCPeerConnection } = this.#options;
    if (this.#state !== 'closed' && this.#state !== 'failed')
      throw new WherryError('already-joined', `this room is ${this.#state}`);
    signal?.throwIfAborted();
    if (!WebSocket || !RTCPeerConnection)
      throw this.#fail(new WherryError('unsupported', 'This browser has no WebRTC, or it is switched off.'));
    this.#error = null;
    this.#tries = 0;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    globalThis.addEventListener?.('pagehide', this.#onPageHide);
    try {
      await this.#attempt(true);
    } catch (error) {
      if (signal?.aborted)
        throw signal.reason;
      throw this.#state === 'closed' ? error : this.#fail(error);
    }
    return this;
  }

  /** A channel of one's own, opened now and again after each reconnection. */
  channel(label, options = {}) {
    const init = channelInit(label, options);
    const channel = new WherryChannel(label, init, () => this.maxMessageSize);
    channel.addEventListener('close', () => this.#channels.delete(channel));
    this.#channels.add(channel);
    if (this.#link?.pc)
      channel[ATTACH](this.#link.pc.createDataChannel(label, init));
    return channel;
  }

  /** Sends any JSON to one member over the signaling connection. */
  signal(to, data) {
    this.#needLink().send({ type: 'signal', to: typeof to === 'string' ? to : to.id, data });
  }

  /** Sends an object to every member, this one too, over the signaling connection. */
  msg(object) {
    this.#needLink().send({ ...object, type: 'msg' });
  }

  /** Says something about this member to everybody, now and whenever it joins; resolves when they were told. */
  async setAttributes(attributes) {
    this.#attributes = plain(attributes);
    await this.#link?.ask({ type: 'attributes', attributes });
  }

  /** Milliseconds to the server and back over the signaling connection. */
  async ping() {
    return this.#needLink().ping();
  }

  /** What the connection is and how it does; null while there is none. */
  async stats() {
    const pc = this.#link?.pc;
    return pc ? readStats(pc) : null;
  }

  /** Leaves for good, after what was sent; join() may be called again. */
  async leave() {
    if (this.#state === 'connected')
      await this.#drained();
    await this.#leave();
  }

  async #leave() {
    const link = this.#link;
    if (this.#state === 'closed')
      return;
    clearTimeout(this.#retry);
    this.#unhook();
    this.#link = null;
    const error = new WherryError('closed', 'This member left the room.');
    this.#setState('closed', error.message);
    await link?.leave();
    this.#wake?.(error);
    this.#drop(error, true);
  }

  /* At most two seconds: leaving must not hang on a relay that reads nothing. */
  async #drained() {
    const busy = [...this.#channels].filter((channel) => channel.bufferedAmount > 0);
    let timer;
    const late = new Promise((resolve) => { timer = setTimeout(resolve, DRAIN_MS); });
    if (busy.length > 0)
      await Promise.race([Promise.allSettled(busy.map((channel) => channel.drained())), late]);
    clearTimeout(timer);
  }

  #needLink() {
    if (this.#link === null)
      throw new WherryError('not-connected', `this room is ${this.#state}`);
    return this.#link;
  }

  /* One try: resolves when connected. Afterwards the end of the link is #lost()'s business. */
  #attempt(first) {
    let up = false;
    return new Promise((resolve, reject) => {
      const mine = () => this.#link === link;
      const link = new Link(this.#options, {
        phase: (name) => { if (mine() && first) this.#setState(name, name === 'signaling' ? 'Asking the server.' : 'Making the connection to the relay.'); },
        joined: (message) => { if (mine()) this.#onJoined(message); },
        prepare: (pc) => { if (mine()) this.#attachAll(pc); },
        channel: (dc) => { if (mine()) this.#onMirror(dc); },
        message: (message) => { if (mine()) this.#onMessage(message); },
        wavering: (yes) => { if (mine()) this.#onWavering(yes); },
        connected: () => {
          if (!mine())
            return;
          up = true;
          this.#since = Date.now();
          this.#setState('connected', 'Connected to the relay.');
          resolve();
        },
        lost: (error) => { if (mine() && up) this.#onLost(error); },
        ended: (error) => {
          if (!up)
            reject(error);
          else if (mine())
            this.#lost(error);
        },
      });
      this.#link = link;
      link.start(this.#url, known({
        room: this.name, name: this.#options.name, token: this.#options.token, mirror: this.#options.mirror,
        attributes: Object.keys(this.#attributes).length > 0 ? this.#attributes : undefined, will: this.#will,
      }));
    });
  }

  #attachAll(pc) {
    for (const channel of this.#channels) {
      const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime } = channel;
      channel[ATTACH](pc.createDataChannel(label, known({
        protocol, ordered, maxRetransmits: maxRetransmits ?? undefined, maxPacketLifeTime: maxPacketLifeTime ?? undefined,
      })));
    }
  }

  #onJoined(message) {
    this.#id = message.peer;
    this.#limit = message.maxMessageSize || Infinity;
    this.#features = message.features ?? [];
    this.members.clear();
    this.#addMembers(message.members ?? []);
    this[EMIT]('joined', { id: this.#id });
  }

  #addMembers(list) {
    for (const { peer, name = '', attributes = {} } of list)
      this.members.set(peer, { id: peer, name, attributes, state: 'here' });
    this[EMIT]('members', { members: this.members });
  }

  #onMirror(dc) {
    const options = known({
      protocol: dc.protocol,
      ordered: dc.ordered,
      maxRetransmits: dc.maxRetransmits ?? undefined,
      maxPacketLifeTime: dc.maxPacketLifeTime ?? undefined,
    });
    const channel = new WherryChannel(dc.label, options, () => this.maxMessageSize, true);
    channel.addEventListener('close', () => this.#channels.delete(channel));
    this.#channels.add(channel);
    channel[ATTACH](dc);
    this[EMIT]('channel', { channel });
  }

  #onMessage(message) {
    switch (message.type) {
      case 'members':
        this.#addMembers(message.members ?? []);
        break;
      case 'member-joined':
        this.#onMember(message, 'here');
        break;
      case 'member-changed':
        this.#onChanged(message);
        break;
      case 'member-away':
        this.#onMember(message, 'away');
        break;
      case 'member-back':
        this.#onMember(message, 'here');
        break;
      case 'member-left':
        this.#onMember(message, 'left');
        break;
      case 'signal':
        this[EMIT]('signal', { from: message.from, data: message.data });
        break;
      case 'msg':
        this[EMIT]('msg', { from: message.from, data: message });
        break;
      case 'error':
        this[EMIT]('notice', { error: new WherryError(message.code, message.message ?? message.code), notice: message });
        break;
      default: /* what a newer server says is not for this version */
    }
  }

  #onMember(message, state) {
    const id = message.peer;
    const member = this.members.get(id) ?? { id, name: message.name ?? '', attributes: message.attributes ?? {}, state };
    const news = state === 'left' ? this.members.has(id) : this.members.get(id)?.state !== state;
    if (!news || id === this.#id)
      return;
    member.state = state;
    if (state === 'left')
      this.members.delete(id);
    else
      this.members.set(id, member);
    this[EMIT](message.type, known({ member, reason: message.reason }));
    this[EMIT]('members', { members: this.members });
  }

  #onChanged({ peer, attributes = {} }) {
    const member = this.members.get(peer);
    if (peer === this.#id) {
      this.#attributes = attributes;
      this[EMIT]('attributes', { attributes });
    } else if (member) {
      member.attributes = attributes;
      this[EMIT]('member-changed', { member });
      this[EMIT]('members', { members: this.members });
    }
  }

  #onWavering(yes) {
    if (yes && this.#state === 'connected')
      this.#setState('reconnecting', 'The relay does not answer just now; waiting for the network.');
    else if (!yes && this.#state === 'reconnecting')
      this.#setState('connected', 'Connected to the relay.');
  }

  /* What the browser closes now is not for a channel of ours to take as its end. */
  #onLost(error) {
    this.#drop(error, false);
    this.#setState('reconnecting', error.message, error);
  }

  /* The connection is gone: everything that belonged to it goes, and the waiting begins. */
  #lost(error) {
    if (Date.now() - this.#since >= STABLE_MS)
      this.#tries = 0;
    this.#link = null;
    if (this.#options.reconnect === false || FINAL.has(error.code)) {
      this.#fail(error);
      return;
    }
    this.#drop(error, false);
    this.#reconnect(error);
  }

  async #reconnect(error) {
    let last = error;
    const backoff = { ...BACKOFF, ...this.#options.reconnect };
    while (this.#tries < backoff.retries) {
      const longest = Math.min(backoff.maxDelay, backoff.minDelay * 2 ** Math.min(this.#tries, 20));
      const delay = longest * (0.5 + Math.random() / 2); /* a room must not come back all at once */
      this.#tries += 1;
      this.#setState('reconnecting', `${last.message} Trying again (attempt ${this.#tries}).`, last);
      if (await this.#wait(delay) !== undefined)
        return;
      try {
        await this.#attempt(false);
        return;
      } catch (failure) {
        if (this.#state === 'closed')
          return;
        last = failure;
        this.#link = null;
        this.#drop(failure, false);
        if (FINAL.has(failure.code))
          break;
      }
    }
    this.#fail(last);
  }

  /* Waits, less long when the browser says that the network is back; leave() ends it with an error. */
  #wait(ms) {
    return new Promise((resolve) => {
      const go = (value) => {
        clearTimeout(this.#retry);
        globalThis.removeEventListener?.('online', online);
        this.#wake = null;
        resolve(value);
      };
      const online = () => go();
      this.#retry = setTimeout(go, ms);
      this.#wake = go;
      globalThis.addEventListener?.('online', online);
    });
  }

  #drop(error, final) {
    for (const channel of [...this.#channels])
      channel[DETACH](error, final);
    this.members.clear();
    this[EMIT]('members', { members: this.members });
  }

  #fail(error) {
    this.#unhook();
    this.#link = null;
    this.#error = error;
    this.#drop(error, true);
    this.#setState('failed', error.message, error);
    return error;
  }

  #unhook() {
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    globalThis.removeEventListener?.('pagehide', this.#onPageHide);
  }

  #setState(state, reason, error = null) {
    this.#state = state;
    this.#reason = reason;
    this[EMIT]('state', { state, reason, error });
  }
}

export const Wherry = {
  /** Joins a room; resolves when messages can pass. */
  join: (url, name, options) => new WherryRoom(url, name, options).join(),
  /** A room that is not joined yet, for those who want to hear every state. */
  room: (url, name, options) => new WherryRoom(url, name, options),
};
