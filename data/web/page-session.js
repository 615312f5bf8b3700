/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the page says on the wire, apart from how it looks. Topics: "chat" (JSON {from, name, text}; anything else is
 * shown as it is), "files" (4 bytes big-endian length, JSON {from, name, file, type}, then the file), "wherry-page:ping"
 * (JSON, unordered, no retransmissions). How one is connected goes to the others as signaling messages, whose sender
 * the server vouches for.
 */

import { asText, packFile, parse, unpackFile } from './page-wire.js';
import { Wherry, WherryEvent } from './wherry.js';

const TICK_MS = 1000;
const PING_LOST_MS = 5000;
const PEOPLE_PER_PING = 8; /* in a larger room each pings less often, so that pings stay a trickle */

/* “here” and “hello” of data/docs/files.md: programs that look for each other on the same topic */
const isGreeting = (data) => data instanceof ArrayBuffer
  && [[1, 2], [2, 66]].some(([type, length]) => data.byteLength === length && new Uint8Array(data)[0] === type);

/** Events: said {from, name, text, topic}, file {...}, people, sample {rtt, echo, in, out, stats}, state, notice. */
export class Session extends EventTarget {
  #name;
  #chat;
  #files;
  #ping;
  #timer = null;
  #pings = new Map();
  #pingTurn = 0;
  #pingNumber = 0;
  #ticks = 0;
  #echo = null;
  #before = null;
  #pair = null;

  constructor(url, roomName, { name, token }) {
    super();
    this.#name = name;
    this.room = Wherry.room(url, roomName, { name: name || undefined, token: token || undefined });
    this.people = new Map(); /* id -> {pair, state, rtt} as others told it */
    this.#chat = this.room.channel('chat');
    this.#files = this.room.channel('files');
    this.#ping = this.room.channel('wherry-page:ping', { ordered: false, maxRetransmits: 0 });
    this.#chat.addEventListener('message', (event) => this.#onChat(event.data));
    this.#files.addEventListener('message', (event) => this.#onFile(event.data));
    this.#ping.addEventListener('message', (event) => this.#onPing(event.data));
    for (const channel of [this.#chat, this.#files])
      channel.addEventListener('gap', (event) => this.#tell('gap', { bytes: event.bytes }));
    this.room.addEventListener('channel', (event) => this.#onMirror(event.channel));
    this.room.addEventListener('state', (event) => this.#onState(event));
    this.room.addEventListener('members', () => this.#tell('people'));
    this.room.addEventListener('member-joined', (event) => this.#tell('came', { member: event.member }));
    this.room.addEventListener('member-left', (event) => this.#onLeft(event));
    this.room.addEventListener('signal', (event) => this.#onStatus(event.from, event.data));
    this.room.addEventListener('msg', (event) => this.#onMsg(event));
    this.room.addEventListener('notice', (event) => this.#tell('notice', { error: event.error }));
  }

  join() {
    return this.room.join();
  }

  async leave() {
    clearInterval(this.#timer);
    await this.room.leave();
  }

  get pair() { return this.#pair; }

  /** Sends a line of chat; throws what the channel throws. */
  say(text) {
    this.#chat.send(JSON.stringify({ from: this.room.id, name: this.#name, text }));
  }

  /** Sends a file in one message. */
  async sendFile(file) {
    const about = { from: this.room.id, name: this.#name, file: file.name, type: file.type };
    const limit = this.room.maxMessageSize;
    if (file.size + JSON.stringify(about).length > limit)
      throw new RangeError(`${file.name} is too large: one message carries ${Math.floor(limit / 1024)} KiB here, and the file has ${Math.ceil(file.size / 1024)} KiB.`);
    await this.#files.send(packFile(about, await file.arrayBuffer()));
  }

  #tell(type, fields) {
    this.dispatchEvent(new WherryEvent(type, fields));
  }

  #onState({ state, reason, error }) {
    clearInterval(this.#timer);
    if (state === 'connected') {
      this.#before = null;
      this.#timer = setInterval(() => this.#tick(), TICK_MS);
      this.#tick();
    } else {
      this.people.clear();
      this.#pings.clear();
      this.#pair = null;
    }
    this.#tell('state', { state, reason, error });
  }

  #onLeft({ member, reason }) {
    this.people.delete(member.id);
    this.#tell('gone', { member, reason });
  }

  #onChat(data) {
    const said = typeof data === 'string' ? parse(data) : null;
    if (typeof said?.text === 'string')
      this.#tell('said', { from: asText(said.from, 16), name: asText(said.name, 64), text: said.text });
    else
      this.#tell('said', { from: '', name: '', text: data });
  }

  #onFile(data) {
    if (isGreeting(data))
      return;
    const file = unpackFile(data);
    if (file)
      this.#tell('file', file);
    else
      this.#tell('said', { from: '', name: '', text: data, topic: 'files' });
  }

  /* Topics of other programs: shown with their name, so that whoever experiments sees what arrives. */
  #onMirror(channel) {
    if (channel.label.startsWith('wherry-page:'))
      return;
    channel.addEventListener('message', (event) => {
      this.#tell('said', { from: '', name: '', text: event.data, topic: channel.label });
    });
  }

  #onMsg({ from, data }) {
    if (data.page !== 'status' || from === this.room.id)
      return;
    this.#onStatus(from, data);
    if (data.ask === true && this.room.signalingOpen)
      this.room.signal(from, { page: 'status', pair: this.#pair });
  }

  #onStatus(from, data) {
    if (data?.page !== 'status')
      return;
    const known = this.people.get(from) ?? { rtt: null };
    const pair = data.pair && { relayed: data.pair.relayed === true, protocol: asText(data.pair.protocol, 4), local: asText(data.pair.local, 8), remote: asText(data.pair.remote, 8) };
    this.people.set(from, { ...known, pair });
    this.#tell('people');
  }

  async #tick() {
    const stats = await this.room.stats();
    if (stats === null || this.room.state !== 'connected')
      return;
    const ask = this.#before === null; /* the first time, the others are asked to say theirs */
    const news = ask || JSON.stringify(stats.pair) !== JSON.stringify(this.#pair);
    this.#pair = stats.pair;
    if (news && this.room.signalingOpen)
      this.room.msg({ page: 'status', pair: this.#pair, ask });
    this.#ticks += 1;
    this.#sample(stats);
    this.#sendPing();
  }

  #sample(stats) {
    const now = performance.now();
    const before = this.#before;
    this.#before = { now, sent: stats.bytesSent, received: stats.bytesReceived };
    const seconds = before ? (now - before.now) / 1000 : 0;
    const rate = (to, from) => (seconds > 0.2 ? Math.max(0, to - from) / seconds : null);
    this.#tell('sample', {
      rtt: stats.roundTripTime,
      echo: this.#echo,
      in: before ? rate(stats.bytesReceived, before.received) : null,
      out: before ? rate(stats.bytesSent, before.sent) : null,
      stats,
    });
    this.#echo = null;
  }

  /* One member after the other is pinged; in a room of n, each is answered to by all pages about every n seconds. */
  #sendPing() {
    const ids = [...this.people.keys()];
    const every = Math.ceil(ids.length / PEOPLE_PER_PING);
    for (const [number, ping] of this.#pings) {
      if (performance.now() - ping.start > PING_LOST_MS)
        this.#pings.delete(number);
    }
    if (ids.length === 0 || this.#ping.readyState !== 'open' || this.#ticks % every !== 0)
      return;
    const to = ids[this.#pingTurn++ % ids.length];
    this.#pingNumber += 1;
    this.#pings.set(this.#pingNumber, { start: performance.now(), to });
    this.#ping.send(JSON.stringify({ ping: this.#pingNumber, from: this.room.id, to }));
  }

  #onPing(data) {
    const ping = typeof data === 'string' ? parse(data) : null;
    if (ping?.to !== this.room.id)
      return;
    if (Number.isInteger(ping.ping) && typeof ping.from === 'string' && this.#ping.readyState === 'open') {
      this.#ping.send(JSON.stringify({ pong: ping.ping, from: this.room.id, to: ping.from }));
      return;
    }
    const mine = this.#pings.get(ping.pong);
    if (mine?.to !== ping.from)
      return;
    this.#pings.delete(ping.pong);
    this.#echo = performance.now() - mine.start;
    const known = this.people.get(ping.from);
    if (known) {
      known.rtt = this.#echo;
      this.#tell('people');
    }
  }
}
