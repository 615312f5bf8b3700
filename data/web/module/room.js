/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The room: joining, members, channels, and coming back after a loss. */

import { WherryChannel } from './channel.js';
import { ADOPT, ATTACH, ATTACHED, DETACH, EMIT, HOLD, INTERRUPT, Target, WherryError, WherryEvent } from './events.js';
import { Link } from './link.js';
import { channelInit, known, plain, socketUrl, willOf } from './options.js';
import { Session } from './resume.js';
import { readStats } from './stats.js';

export { WherryChannel, WherryError, WherryEvent };

const STABLE_MS = 10_000; /* a connection this old starts the backoff from its beginning */
const DRAIN_MS = 2_000;
const OPENS_BYTES = 8 * 1024; /* of a join, which has at most 64 KiB */
const ECHO = 'echo'; /* each channel is alone there: nothing is to be resumed */
const BACKOFF = { retries: Infinity, minDelay: 500, maxDelay: 15_000 };

/* Answers after which trying again would only get the same answer. */
const FINAL = new Set(['bad-room', 'unauthorized', 'forbidden', 'bad-message', 'unknown-type', 'bad-sdp',
  'kicked', 'banned', 'expired', 'replaced', 'unsupported']);

/** A member's view of a room. `Wherry.join()` makes one that is connected, `Wherry.room()` one that is not. */
export class WherryRoom extends Target {
  #options;
  #url;
  #link = null;
  #session = null; /* null: not to be resumed */
  #state = 'closed';
  #reason = 'Not joined yet.';
  #error = null;
  #id = null;
  #limit = Infinity;
  #features = [];
  #attributes;
  #will;
  #transport = null;
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
    this.#session = this.#options.resume ?? name !== ECHO ? new Session() : null;
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
  /** How messages travel: 'webrtc', 'websocket' where UDP is blocked, null while not connected. */
  get transport() { return this.#transport; }

  /** The largest message that can be sent now, in bytes. */
  get maxMessageSize() {
    return Math.min(this.#limit, this.#link?.maxMessageSize ?? Infinity) - (this.#session?.overhead ?? 0);
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
    if (this.#link?.maker)
      this.#attach(channel, this.#link.maker, init);
    return channel;
  }

  #attach(channel, maker, init = {}) {
    const protocol = this.#session?.protocolOf(channel.protocol) ?? init.protocol;
    const dc = maker.createDataChannel(channel.label, known({ ...init, protocol }));
    channel[ATTACH](dc, this.#session?.frame(dc, false));
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
        prepare: (maker) => { if (mine()) this.#attachAll(maker); },
        transport: (name) => { if (mine()) this.#setTransport(name); },
        refused: () => { this.#session.refused(); return this.#joinFields; },
        keeps: (pc) => this.#session?.keep(pc),
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
      link.start(this.#url, this.#joinFields, first ? 0 : this.#tries);
    });
  }

  get #joinFields() {
    return known({
      room: this.name, name: this.#options.name, token: this.#options.token, mirror: this.#options.mirror,
      attributes: Object.keys(this.#attributes).length > 0 ? this.#attributes : undefined, will: this.#will,
      ...this.#returnFields, opens: this.#opens,
    });
  }

  /* Who never comes back is not to be waited for, and knows all the same who says what. */
  get #returnFields() {
    if (this.#session === null)
      return {};
    return this.#options.reconnect === false ? { addressed: true } : { resume: this.#session.request };
  }

  /* Topics that need no mirror: what is kept of them comes on our own channel. */
  get #opens() {
    const labels = new Set([...this.#channels].filter(({ mirrored }) => !mirrored).map(({ label }) => label));
    let bytes = 0;
    const named = [...labels].filter((label) => {
      bytes += 3 * JSON.stringify(label).length; /* at most, in UTF-8 */
      return bytes <= OPENS_BYTES;
    });
    return named.length > 0 ? named : undefined;
  }

  #setTransport(name) {
    if (this.#transport === name)
      return;
    this.#transport = name;
    this[EMIT]('transport', { transport: name });
  }

  #attachAll(maker) {
    for (const channel of this.#channels) {
      /* a mirror that has something to say does not wait for the relay to open it again */
      const { label, protocol, ordered, maxRetransmits, maxPacketLifeTime } = channel;
      if (!channel.mirrored || channel.bufferedAmount > 0 || this.#session?.waits(label))
        this.#attach(channel, maker, { protocol, ordered, maxRetransmits: maxRetransmits ?? undefined, maxPacketLifeTime: maxPacketLifeTime ?? undefined });
    }
  }

  #onJoined(message) {
    const resumed = this.#session?.joined(message) ?? null;
    this.#id = message.peer;
    this.#limit = message.maxMessageSize || Infinity;
    this.#features = message.features ?? [];
    this.members.clear();
    this.#addMembers(message.members ?? []);
    this[EMIT]('joined', { id: this.#id });
    if (resumed === true)
      this[EMIT]('resumed');
    else if (resumed !== null)
      this.#interrupt(resumed);
  }

  /* Others may have spoken, and what was sent and not acknowledged may not have arrived. */
  #interrupt(lost) {
    const error = new WherryError('resume-refused', 'The relay does not know this member any more; it joined as another one.');
    for (const channel of [...this.#channels]) {
      if (channel.mirrored)
        channel[DETACH](error, true);
      else
        channel[INTERRUPT](lost.get(channel.label) ?? 0);
    }
    this[EMIT]('gap', { topics: [...lost.keys()] });
  }

  #addMembers(list) {
    for (const { peer, name = '', attributes = {}, away = false } of list)
      this.members.set(peer, { id: peer, name, attributes, state: away ? 'away' : 'here' });
    this[EMIT]('members', { members: this.members });
  }

  #onMirror(dc) {
    const framing = this.#session?.frame(dc, true) ?? null;
    const same = framing ? [...this.#channels].filter(({ label }) => label === dc.label) : [];
    const resumed = same.find((channel) => channel.mirrored && !channel[ATTACHED]);
    const own = same.find((channel) => channel[ATTACHED] && !channel[ATTACHED].mirrored);
    if (resumed)
      resumed[ATTACH](dc, framing);
    else if (own)
      own[ADOPT](dc, framing);
    if (resumed || own)
      return;
    const options = known({
      protocol: framing ? '' : dc.protocol,
      ordered: dc.ordered,
      maxRetransmits: dc.maxRetransmits ?? undefined,
      maxPacketLifeTime: dc.maxPacketLifeTime ?? undefined,
    });
    const channel = new WherryChannel(dc.label, options, () => this.maxMessageSize, true);
    channel.addEventListener('close', () => this.#channels.delete(channel));
    this.#channels.add(channel);
    channel[ATTACH](dc, framing);
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
      case 'ack':
        this.#session?.acknowledge(message);
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
    this.#session?.cut();
    this.#setTransport(null);
    for (const channel of [...this.#channels])
      channel[DETACH](error, final, !final && this.#session?.resumable);
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
    this.#session?.end();
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
