/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs in a page of nothing: a member of a room without wherry.js, so that what a browser sees of the wire can be
 * checked. Several live in one page. */

window.Member = class {
  frames = []; /* every signaling message, as text */
  heard = []; /* of every channel, in order: { channel, data } */
  mirrors = []; /* channels that the relay opened, in order */
  #held = [];

  static async join(room, options = {}, channels = {}) {
    const self = new window.Member();
    self.socket = new WebSocket(`ws://${location.host}/connect`, 'wherry.1');
    self.pc = new RTCPeerConnection();
    self.own = Object.fromEntries(Object.entries(channels).map(([label, init]) => [label, self.open(label, init)]));
    self.pc.ondatachannel = ({ channel }) => { self.mirrors.push(self.#listen(channel)); };
    self.pc.onicecandidate = ({ candidate }) => self.say({ type: 'candidate', ...(candidate ?? { candidate: '' }).toJSON?.() });
    self.socket.onmessage = ({ data }) => self.#on(data);
    await new Promise((resolve, reject) => { self.socket.onopen = resolve; self.socket.onerror = reject; });
    if (room !== null)
      self.say({ type: 'join', room, ...options });
    self.pc.createDataChannel('wherry:notices').onmessage = ({ data }) => self.notices.push(JSON.parse(data));
    await self.offer();
    await self.until(() => self.pc.connectionState === 'connected', 'connecting');
    await self.until(() => Object.values(self.own).every(({ readyState }) => readyState === 'open'), 'opening');
    return self;
  }

  notices = [];

  say(message) {
    if (this.socket.readyState === WebSocket.OPEN)
      this.socket.send(JSON.stringify(message));
  }

  async offer(more = {}) {
    const answered = this.frames.filter((text) => JSON.parse(text).type === 'answer').length;
    await this.pc.setLocalDescription(await this.pc.createOffer());
    this.say({ type: 'offer', sdp: this.pc.localDescription.sdp, ...more });
    await this.until(() => this.pc.signalingState === 'stable'
      && this.frames.filter((text) => JSON.parse(text).type === 'answer').length > answered, 'an answer');
  }

  async #on(text) {
    const message = JSON.parse(text);
    if (message.type === 'offer' || message.type === 'answer') {
      await this.pc.setRemoteDescription(message);
      if (message.type === 'offer') {
        await this.pc.setLocalDescription();
        this.say(this.pc.localDescription.toJSON());
      }
      for (const candidate of this.#held.splice(0))
        await this.pc.addIceCandidate(candidate);
    } else if (message.type === 'candidate') {
      if (this.pc.remoteDescription && this.pc.signalingState === 'stable')
        await this.pc.addIceCandidate(message);
      else
        this.#held.push(message);
    }
    this.frames.push(text);
  }

  #listen(channel) {
    channel.binaryType = 'arraybuffer';
    channel.onmessage = ({ data }) => this.heard.push({ channel, data });
    return channel;
  }

  open(label, init = {}) {
    return this.#listen(this.pc.createDataChannel(label, init));
  }

  /** The newest mirror with that label, once it is open; `skip` so many before it. */
  async mirror(label, skip = 0) {
    const all = () => this.mirrors.filter((channel) => channel.label === label);
    await this.until(() => all().length > skip && all().at(-1).readyState === 'open', `mirror ${skip} of ${label}`);
    return all().at(-1);
  }

  said(type) {
    return this.frames.map((text) => JSON.parse(text)).filter((message) => message.type === type);
  }

  texts(label) {
    return this.heard.filter(({ channel }) => channel.label === label).map(({ data }) => data);
  }

  async until(condition, what, timeout = 15_000) {
    const end = performance.now() + timeout;
    while (!condition()) {
      if (performance.now() > end)
        throw new Error(`${what} did not happen; ${this.pc.connectionState}, last frames: ${this.frames.slice(-3).join(' ')}`);
      await new Promise((resolve) => { setTimeout(resolve, 10); });
    }
  }

  /** Everything that was sent before on `channel` by `this` has come to `other`, who hears `label`. */
  async flush(channel, other, label) {
    const mark = `mark ${Math.random()}`;
    channel.send(mark);
    await other.until(() => other.texts(label).includes(mark), 'the mark');
    other.heard = other.heard.filter(({ data }) => data !== mark);
  }

  async leave() {
    this.say({ type: 'leave' });
    await this.until(() => this.said('left').length > 0, 'left');
    this.pc.close();
  }
};
