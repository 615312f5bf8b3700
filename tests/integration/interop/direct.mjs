/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Drives participants in the direct mode of ../../interop/participant.md: programs that know of no room and no server,
 * but only of descriptions, candidates and channels. RoomMember puts one into a room: it passes on what they say.
 */

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import readline from 'node:readline';
import WebSocket from 'ws';

import { Participant } from '../browser/participant.mjs';

const START_MS = 90_000; /* a browser on a busy machine */
const NO_MAXIMUM_SAID = 65536; /* RFC 8841 section 6.1 */

export class DirectParticipant extends Participant {
  channels = new Map(); /* by name: what was said of them, `open`, `closed` */
  refusals = []; /* orders that the stack could not carry out */
  ready = null;
  state = 'new';
  max = null; /* what it announced last */
  answers = 0; /* that it said */
  pair = null; /* what ICE settled on last, where its stack tells it */
  sent = []; /* the sizes of the messages that were handed to its stack */
  #child;

  get pid() { return this.#child.pid; }

  /** Starts the program. What it has to say to the other side goes to `onSignal`. */
  static async start(command, { kind, name, onSignal }) {
    const self = new this(kind, name);
    self.onSignal = onSignal;
    self.spawn(command);
    await self.until(() => self.ready, 'starting', START_MS);
    return self;
  }

  spawn(command) {
    this.#child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'inherit'] });
    readline.createInterface({ input: this.#child.stdout }).on('line', (line) => this.#take(JSON.parse(line)));
    this.#child.once('error', (error) => this.note({ event: 'error', message: error.message }));
    this.#child.once('exit', (code) => {
      if (code !== 0)
        this.note({ event: 'error', message: `ended with ${code}` });
    });
    this.#child.stdin.on('error', () => {}); /* the exit status says it */
  }

  #take(event) {
    if (!this.ready && !['ready', 'error'].includes(event.event))
      return; /* of the connection before */
    const channel = this.channels.get(event.channel);
    if (event.event === 'channel')
      this.channels.set(event.channel, { ...event, theirs: true, open: false, closed: false });
    else if (event.event === 'open')
      channel.open = true;
    else if (event.event === 'closed')
      channel.closed = true;
    else if (event.event === 'message')
      event.label = channel?.label ?? event.channel; /* the native one calls channels by their labels */
    else if (event.event === 'pair')
      this.pair = event;
    else if (event.event === 'sent')
      this.sent.push(event.size);
    else if (event.event === 'failed')
      this.refusals.push(event);
    else if (event.event === 'state')
      this.state = event.state;
    else if (event.event === 'ready')
      this.ready = event;
    if (event.sdp) {
      this.local = event.sdp;
      this.max = Number(event.sdp.match(/^a=max-message-size:(\d+)/m)?.[1] ?? NO_MAXIMUM_SAID);
    }
    if (event.type)
      this.onSignal?.(event);
    this.note(event);
  }

  order(order) {
    this.#child.stdin.write(`${JSON.stringify(order)}\n`);
  }

  create(channel, options) {
    this.channels.set(channel, { ...options, theirs: false, open: false, closed: false });
    this.order({ do: 'create', channel, ...options });
  }

  async send({ channel, kind, head, size }) {
    this.order({ do: 'send', channel, kind, head, size });
  }

  /** Makes a new connection in the same program. */
  async renew() {
    this.ready = null;
    this.state = 'new';
    this.pair = null;
    this.sent = [];
    this.answers = 0;
    this.refusals.length = 0;
    this.messages.length = 0;
    this.channels.clear();
    this.order({ do: 'renew' });
    await this.until(() => this.ready, 'making a new connection');
  }

  async quit() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null)
      return;
    const ended = new Promise((resolve) => { this.#child.once('exit', resolve); });
    this.#child.stdin.end('{"do":"quit"}\n');
    await ended;
  }

  kill() {
    this.#child?.kill('SIGKILL');
  }
}

const ufrag = (sdp) => sdp.match(/^a=ice-ufrag:(\S+)/m)[1];

export class RoomMember extends DirectParticipant {
  id = null;
  #socket;
  #declare = [];
  #answers = 0;
  #remote; /* the server's last description */

  /** Joins and connects: it makes the offer, or with `call` the server does. */
  static async join(command, { kind, name, url, room, channels, call = false }) {
    const self = await this.start(command, { kind, name });
    const socket = new WebSocket(`${url.replace('http', 'ws').replace(/\/$/, '')}/connect`, 'wherry.1');
    self.#socket = socket;
    socket.on('message', (data) => self.#hear(JSON.parse(data)));
    socket.on('error', (error) => self.note({ event: 'error', message: error.message }));
    await new Promise((resolve) => { socket.once('open', resolve); });
    self.#say({ type: 'join', room, name });
    await self.until(() => self.id !== null, 'joining');

    const negotiated = Object.values(channels).filter((options) => options.negotiated);
    self.#declare = negotiated;
    self.onSignal = (message) => self.#pass(message);
    for (const [channel, options] of Object.entries(channels)) {
      if (!call || options.negotiated)
        self.create(channel, options);
    }
    if (!call) {
      self.order({ do: 'offer' });
    } else {
      self.#declare = []; /* the call does */
      self.#say({ type: 'call', channels: negotiated });
      await self.until(() => self.state === 'connected', 'connecting');
      for (const [channel, options] of Object.entries(channels)) {
        if (!options.negotiated)
          self.create(channel, options);
      }
    }
    await self.until(() => Object.keys(channels).every((channel) => self.channels.get(channel).open), 'opening its channels');
    return self;
  }

  /* Negotiated channels are declared to the relay once, with the first offer. */
  #pass(message) {
    if (message.type === 'offer' && this.#declare.length > 0) {
      this.#say({ ...message, channels: this.#declare });
      this.#declare = [];
    } else {
      this.#say(message);
    }
  }

  #say(message) {
    this.#socket.send(JSON.stringify(message));
  }

  #hear(message) {
    if (message.type === 'joined')
      this.id = message.peer;
    else if (message.type === 'error')
      this.note({ event: 'error', message: `server: ${message.code}: ${message.message}` });
    else if (['offer', 'answer', 'candidate'].includes(message.type))
      this.order(message);
    else if (message.type === 'restart' && this.kind !== 'libdatachannel') /* whose program ends at it: limits.mjs */
      this.order({ do: 'restart' });
    if (message.sdp)
      this.#remote = message.sdp;
    if (message.type === 'answer')
      this.#answers += 1;
    this.note(message);
  }

  /** Orders an ICE restart: resolves with null once it is through, or with the stack's reason why it cannot. */
  async restart() {
    const answers = this.#answers;
    const before = this.refusals.length;
    const [ours, theirs] = [this.local, this.#remote].map(ufrag);
    this.order({ do: 'restart' });
    await this.until(() => this.#answers > answers || this.refusals.length > before, 'restarting ICE');
    if (this.refusals.length > before)
      return this.refusals[before].message;
    assert.notEqual(ufrag(this.local), ours);
    assert.notEqual(ufrag(this.#remote), theirs);
    return null;
  }

  async quit() {
    this.#say({ type: 'leave' });
    await super.quit();
    this.#socket.close();
  }

  kill() {
    this.#socket?.terminate();
    super.kill();
  }
}

/** The native test client: it joins by itself. */
export class NativeMember extends DirectParticipant {
  max = 262_144;

  static async join(command, { kind, name, url, room, channels, call }) {
    const self = new this(kind, name);
    self.spawn([...command, url, room, name]);
    for (const [channel, options] of Object.entries(channels))
      self.create(channel, options);
    self.order({ do: call ? 'call' : 'offer' });
    await self.until(() => self.ready && Object.keys(channels).every((channel) => self.channels.get(channel).open), 'opening its channels');
    self.id = self.ready.id;
    return self;
  }
}
