/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Participants on a stack with the W3C's RTCPeerConnection. */

import { announce, heard, say } from './lines.mjs';

/* Says once that it is open: some stacks give a channel that is open already, and say so again. Says nothing once its connection is
 * not `living` any more. */
const wrap = (name, channel, living) => {
  let opened = false;
  const open = () => {
    if (!opened && living())
      say({ event: 'open', channel: name, id: channel.id });
    opened = true;
  };
  channel.binaryType = 'arraybuffer';
  channel.onopen = open;
  channel.onclose = () => living() && say({ event: 'closed', channel: name });
  channel.onmessage = ({ data }) => living() && heard(name, data);
  if (channel.readyState === 'open')
    open();
  return { send: (data) => channel.send(data), close: () => channel.close() };
};

/* @roamhq/wrtc says 65535 where there is none */
const limit = (number) => (number === 65535 ? null : number ?? null);

export class W3cStack {
  #make;
  #connection;

  /** `make` makes a connection. */
  constructor(make) {
    this.#make = make;
    this.#begin();
  }

  #begin() {
    const connection = this.#make();
    const living = () => connection === this.#connection;
    this.#connection = connection;
    connection.onicecandidate = ({ candidate }) => {
      const { candidate: text = '', sdpMid = null, sdpMLineIndex = null } = candidate?.toJSON?.() ?? candidate ?? {};
      if (living())
        say({ type: 'candidate', candidate: text, sdpMid, sdpMLineIndex });
    };
    connection.onconnectionstatechange = () => living() && say({ event: 'state', state: connection.connectionState });
    connection.ondatachannel = ({ channel }) => living() && announce({
      label: channel.label,
      id: channel.id,
      protocol: channel.protocol,
      ordered: channel.ordered,
      maxRetransmits: limit(channel.maxRetransmits),
      maxPacketLifeTime: limit(channel.maxPacketLifeTime),
    }, (name) => wrap(name, channel, living));
  }

  renew() {
    const before = this.#connection;
    this.#begin();
    before.close();
  }

  create(name, { label, ordered = true, maxRetransmits, maxPacketLifeTime, protocol = '', negotiated = false, id }) {
    const options = { ordered, protocol, negotiated };
    if (maxRetransmits !== undefined)
      options.maxRetransmits = maxRetransmits;
    if (maxPacketLifeTime !== undefined)
      options.maxPacketLifeTime = maxPacketLifeTime;
    if (id !== undefined)
      options.id = id;
    const connection = this.#connection;
    return wrap(name, connection.createDataChannel(label, options), () => connection === this.#connection);
  }

  /* The description is said before it is set: its candidates come after it. */
  async #set({ type, sdp }) {
    say({ type, sdp });
    await this.#connection.setLocalDescription({ type, sdp });
  }

  async offer(iceRestart) {
    await this.#set(await this.#connection.createOffer({ iceRestart }));
  }

  async accept({ type, sdp }) {
    await this.#connection.setRemoteDescription({ type, sdp });
    if (type === 'offer')
      await this.#set(await this.#connection.createAnswer());
  }

  async candidate({ candidate, sdpMid, sdpMLineIndex }) {
    if (candidate)
      await this.#connection.addIceCandidate({ candidate, sdpMid, sdpMLineIndex });
  }

  close() {
    this.#connection.close();
  }
}
