/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A WebSocket and an RTCPeerConnection that do what a test tells them, and the relay's side of a join. */

const fire = (target, type, fields = {}) => target.dispatchEvent(Object.assign(new Event(type), fields));

export class FakeSocket extends EventTarget {
  static all = [];

  constructor(url, protocol) {
    super();
    Object.assign(this, { url, protocol, readyState: 0, sent: [], frames: [] });
    FakeSocket.all.push(this);
  }

  open() { this.readyState = 1; fire(this, 'open'); }
  send(data) {
    if (typeof data !== 'string') {
      this.frames.push(data);
      return;
    }
    this.sent.push(JSON.parse(data));
    this.onsent?.(this.sent.at(-1));
  }

  receive(message) {
    const raw = typeof message === 'string' || message instanceof ArrayBuffer;
    fire(this, 'message', { data: raw ? message : JSON.stringify(message) });
  }
  close(reason = '') {
    if (this.readyState === 3)
      return;
    this.readyState = 3;
    fire(this, 'close', { reason });
  }
}

export class FakeChannel extends EventTarget {
  constructor(label, init = {}) {
    super();
    Object.assign(this, { label, init, ordered: true, maxRetransmits: null, maxPacketLifeTime: null, protocol: '', id: 1 }, init);
    Object.assign(this, { readyState: 'connecting', bufferedAmount: 0, bufferedAmountLowThreshold: 0, sent: [], stuck: false });
  }

  open() { this.readyState = 'open'; fire(this, 'open'); }
  receive(data) { fire(this, 'message', { data }); }

  send(data) {
    if (this.broken)
      throw new Error('broken on purpose');
    this.sent.push(data);
    if (this.stuck)
      this.bufferedAmount += data.byteLength ?? data.length;
  }

  drain(to = 0) {
    const was = this.bufferedAmount;
    this.bufferedAmount = to;
    if (was > this.bufferedAmountLowThreshold && to <= this.bufferedAmountLowThreshold)
      fire(this, 'bufferedamountlow');
  }

  close() {
    if (this.readyState === 'closed')
      return;
    this.readyState = 'closed';
    fire(this, 'close');
  }
}

export class FakePeer extends EventTarget {
  static all = [];
  static next = {};

  constructor(configuration) {
    super();
    Object.assign(this, { configuration, connectionState: 'new', channels: [], candidates: [], reports: new Map() });
    Object.assign(this, { localDescription: null, remoteDescription: null, closed: false, hold: null }, FakePeer.next);
    this.sctp = { maxMessageSize: 262144, state: 'connecting' };
    FakePeer.all.push(this);
  }

  createDataChannel(label, init) {
    const channel = new FakeChannel(label, init);
    if (this.opensAtOnce)
      channel.readyState = 'open';
    this.channels.push(channel);
    return channel;
  }

  async createOffer() { return { type: 'offer', sdp: 'an offer' }; }

  async setLocalDescription(description) {
    for (const candidate of this.early ?? [])
      fire(this, 'icecandidate', { candidate });
    this.localDescription = description;
  }

  async setRemoteDescription(description) {
    await this.hold;
    if (description.sdp === 'nonsense')
      throw new Error('cannot parse');
    this.remoteDescription = description;
  }

  async addIceCandidate(init) {
    if (this.remoteDescription === null)
      throw new Error('no remote description yet');
    if (init.candidate.includes('bad'))
      throw new Error('cannot use this candidate');
    this.candidates.push(init);
  }

  async getStats() { return this.reports; }
  trickle(candidate) { fire(this, 'icecandidate', { candidate: candidate && { toJSON: () => candidate } }); }
  become(state) { this.connectionState = state; fire(this, 'connectionstatechange'); }
  announce(channel) { fire(this, 'datachannel', { channel }); }
  close() { this.closed = true; this.connectionState = 'closed'; }
  labeled(label) { return this.channels.find((channel) => channel.label === label); }
}

/* Lets every promise that can go on do so. */
export const settle = () => new Promise((resolve) => { setImmediate(resolve); });

/* Waits for a condition that something else brings about; the test runner's own time limit ends it. */
export const until = async (condition) => {
  while (!condition())
    await settle();
};

export const once = (target, type) => new Promise((resolve) => { target.addEventListener(type, resolve, { once: true }); });

export const options = (more = {}) => ({ WebSocket: FakeSocket, RTCPeerConnection: FakePeer, ...more });

/* Plays the server: takes the join, answers the offer, opens the connection. */
export const accept = async (index = FakeSocket.all.length - 1, joined = {}) => {
  await until(() => FakeSocket.all.length > index);
  const socket = FakeSocket.all[index];
  socket.open();
  const peers = FakePeer.all.length;
  socket.receive({ type: 'joined', peer: '00000000000000aa', room: 'r', members: [], iceServers: [], maxMessageSize: 262144, features: [], ...joined });
  await until(() => socket.sent.some((message) => message.type === 'offer'));
  const pc = FakePeer.all[peers];
  socket.receive({ type: 'answer', sdp: 'an answer' });
  await settle();
  pc.become('connected');
  pc.sctp.state = 'connected';
  for (const channel of pc.channels)
    channel.open();
  await settle();
  return { socket, pc };
};

/* A room that is connected, with both of its far ends. */
export const joinedRoom = async (Wherry, more = {}, joined = {}) => {
  const promise = Wherry.join('http://relay.test/', 'r', options(more));
  const { socket, pc } = await accept(FakeSocket.all.length - 1, joined);
  return { room: await promise, socket, pc };
};
